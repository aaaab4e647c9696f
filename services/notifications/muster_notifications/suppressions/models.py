"""The table of the suppression list."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from muster_shared.db import Base


class Suppression(Base):
    """`recipient_key` gets no mail of `lane` in `scope` (`all`, or a kind that can be unsubscribed from)."""

    __tablename__ = "suppressions"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    # The organisation, or nobody's lane for account mails.
    lane: Mapped[UUID]
    recipient: Mapped[str]
    recipient_key: Mapped[str]
    scope: Mapped[str]
    reason: Mapped[str]
    delivery_id: Mapped[UUID | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
