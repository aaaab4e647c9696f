"""The copy of an event's access record."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from muster_media.base import Base


class EventCopy(Base):
    """What an event's `event.changed.v1` of the highest version said; events decides, media only remembers."""

    __tablename__ = "event_copies"

    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    org_id: Mapped[UUID]
    version: Mapped[int]
    kind: Mapped[str]
    status: Mapped[str]
    title: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    timezone: Mapped[str]
    guest_code: Mapped[str | None]
    guest_slug: Mapped[str | None]
    guest_enabled: Mapped[bool]
    uploads_open_at: Mapped[datetime | None]
    uploads_close_at: Mapped[datetime | None]
    reveal_at: Mapped[datetime | None]
    moderated: Mapped[bool]
    guest_quota: Mapped[int]
    deleted: Mapped[bool]
