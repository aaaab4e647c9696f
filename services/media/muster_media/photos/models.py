"""Photos from the moment somebody asks to upload one, and what is counted and reported about them."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ARRAY, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from muster_media.base import Base


class PhotoStatus(StrEnum):
    """Where a photo is. Every change is an UPDATE that names the status it leaves."""

    PENDING = "pending"
    PROCESSING = "processing"
    READY = "ready"
    HIDDEN = "hidden"
    REJECTED = "rejected"
    DELETED = "deleted"


TRANSITIONS: dict[PhotoStatus, frozenset[PhotoStatus]] = {
    PhotoStatus.PENDING: frozenset({PhotoStatus.PROCESSING, PhotoStatus.REJECTED, PhotoStatus.DELETED}),
    PhotoStatus.PROCESSING: frozenset(
        {PhotoStatus.PENDING, PhotoStatus.READY, PhotoStatus.HIDDEN, PhotoStatus.REJECTED, PhotoStatus.DELETED}
    ),
    PhotoStatus.READY: frozenset({PhotoStatus.HIDDEN, PhotoStatus.DELETED}),
    PhotoStatus.HIDDEN: frozenset({PhotoStatus.READY, PhotoStatus.DELETED}),
    PhotoStatus.REJECTED: frozenset({PhotoStatus.DELETED}),
    PhotoStatus.DELETED: frozenset(),
}


class Purpose(StrEnum):
    """What a photo is for."""

    PHOTO = "photo"
    BANNER = "banner"
    JOB_BEFORE = "job_before"
    JOB_AFTER = "job_after"


class UploaderType(StrEnum):
    """How the one who sent it was known."""

    MEMBER = "member"
    SERVICE_KEY = "service_key"
    GUEST = "guest"
    CREW = "crew"


class HiddenReason(StrEnum):
    """Why a photo is not shown."""

    OPERATOR = "operator"
    REPORTED = "reported"
    MODERATION = "moderation"


class Photo(Base):
    """One upload and what became of it.

    The receipt is kept as a hash; `lease` names the attempt at work on it, and the objects that attempt writes.
    """

    __tablename__ = "photos"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    org_id: Mapped[UUID]
    event_id: Mapped[UUID]
    purpose: Mapped[str]
    status: Mapped[str]
    version: Mapped[int] = mapped_column(server_default="1")
    reason: Mapped[str | None]
    hidden_reason: Mapped[str | None]
    reviewed_at: Mapped[datetime | None]
    name: Mapped[str]
    caption: Mapped[str | None]
    content_type: Mapped[str]
    announced_bytes: Mapped[int]
    announced_sha256: Mapped[str | None]
    quarantine_key: Mapped[str]
    uploader_type: Mapped[str]
    uploader_id: Mapped[UUID | None]
    uploader_name: Mapped[str | None]
    receipt_hash: Mapped[str | None]
    request_key: Mapped[str | None]
    counted_in: Mapped[list[str]] = mapped_column(ARRAY(Text))
    expires_at: Mapped[datetime]
    check_at: Mapped[datetime]
    checks: Mapped[int] = mapped_column(server_default="0")
    lease: Mapped[UUID | None]
    leased_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(server_default="0")
    width: Mapped[int | None]
    height: Mapped[int | None]
    size_bytes: Mapped[int | None]
    sha256: Mapped[str | None]
    original_key: Mapped[str | None]
    web_key: Mapped[str | None]
    thumbnail_key: Mapped[str | None]
    public_path: Mapped[str | None]
    duplicate_of: Mapped[UUID | None]
    taken_at: Mapped[datetime | None]
    received_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    settled_at: Mapped[datetime | None]


class Report(Base):
    """Somebody asked for a photo to be looked at."""

    __tablename__ = "photo_reports"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    photo_id: Mapped[UUID]
    org_id: Mapped[UUID]
    reason: Mapped[str]
    message: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
