"""The table of recovery codes."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from muster_shared.db import Base


class RecoveryCode(Base):
    """One code that stands in for the authenticator, once; only its keyed hash is kept."""

    __tablename__ = "recovery_codes"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    hash: Mapped[bytes] = mapped_column(primary_key=True)
    used_at: Mapped[datetime | None]
