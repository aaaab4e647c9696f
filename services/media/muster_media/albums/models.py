"""Albums and the state of their making."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from muster_media.base import Base


class AlbumKind(StrEnum):
    """Whom an album is for: what guests may see; all that members see; the originals with their manifest."""

    GUEST = "guest"
    MEMBERS = "members"
    EVIDENCE = "evidence"


class Album(Base):
    """One ZIP of an event. It is due when `build_after` is set and past; `object_key` is the last good one."""

    __tablename__ = "albums"

    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    org_id: Mapped[UUID]
    build_after: Mapped[datetime | None]
    change_number: Mapped[int]
    withdrawals: Mapped[int]
    lease: Mapped[UUID | None]
    leased_until: Mapped[datetime | None]
    failures: Mapped[int]
    object_key: Mapped[str | None]
    photo_count: Mapped[int | None]
    size_bytes: Mapped[int | None]
    built_at: Mapped[datetime | None]
