"""The states of an upload on its way: taken up by one attempt at a time, settled once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from muster_media.albums.use_cases import album_changed
from muster_media.photos.models import HiddenReason, UploaderType
from muster_media.photos.use_cases import attempt_prefixes, release, tell
from muster_media.storage.objects import Bucket
from muster_media.storage.use_cases import note_unwanted
from muster_shared import clock

# Longer than any attempt takes: fetching, decoding with its timeout, and storing.
LEASE = timedelta(seconds=150)
MAX_ATTEMPTS = 4
# An upload that began just before its signature ran out may take a while to arrive.
ARRIVAL_GRACE = timedelta(minutes=15)

NEVER_ARRIVED = "The photo never arrived."
UNREADABLE = "The photo could not be read, in several attempts."

# A photo is taken up when it waits, or when whoever had it was not heard of again.
_TAKE_UP = text(
    """
    UPDATE photos SET status = 'processing', lease = :lease, leased_until = :until, check_at = :until,
      attempts = attempts + 1
    FROM (SELECT id AS was_id, lease AS was_lease FROM photos WHERE quarantine_key = :key FOR UPDATE) AS before
    WHERE photos.id = before.was_id
      AND (status = 'pending' OR (status = 'processing' AND leased_until <= :now))
    RETURNING photos.*, before.was_lease
    """
)
_KNOWN = text("SELECT status FROM photos WHERE quarantine_key = :key")
_PUT_BACK = text(
    """
    UPDATE photos SET status = 'pending', lease = NULL, leased_until = NULL, check_at = :check_at
    WHERE id = :id AND status = 'processing' AND lease = :lease
    """
)
_LOST = text(
    """
    UPDATE photos SET status = 'pending', lease = NULL, leased_until = NULL
    WHERE id = :id AND status = 'processing' AND leased_until <= :now
    """
)
# The lock makes two copies that get ready at the same moment see each other.
_LOCK_CONTENT = text("SELECT pg_advisory_xact_lock(hashtextextended(:event_id || :sha256, 0))")
_FIRST_COPY = text(
    """
    SELECT id, hidden_reason FROM photos
    WHERE event_id = :event_id AND sha256 = :sha256 AND purpose = :purpose AND status IN ('ready', 'hidden')
      AND duplicate_of IS NULL AND id <> :id ORDER BY id LIMIT 1
    """
)
_READY = text(
    """
    UPDATE photos SET status = :status, hidden_reason = :hidden_reason, duplicate_of = :duplicate_of,
      version = version + 1, lease = NULL, leased_until = NULL, width = :width, height = :height,
      size_bytes = :size_bytes, sha256 = :sha256, original_key = :original_key, web_key = :web_key,
      thumbnail_key = :thumbnail_key, public_path = :public_path, taken_at = :taken_at,
      received_at = :received_at, settled_at = :now
    WHERE id = :id AND status = 'processing' AND lease = :lease RETURNING *
    """
)
_REJECTED = text(
    """
    UPDATE photos SET status = 'rejected', reason = :reason, version = version + 1, lease = NULL,
      leased_until = NULL, settled_at = :now
    WHERE id = :id AND ((status = 'processing' AND lease = CAST(:lease AS uuid))
                        OR (status = 'pending' AND CAST(:lease AS uuid) IS NULL))
    RETURNING *
    """
)
_MODERATED = text("SELECT moderated FROM event_copies WHERE event_id = :event_id")
_ZONE = text("SELECT timezone FROM event_copies WHERE event_id = :event_id")


@dataclass(frozen=True)
class Finished:
    """What an attempt made of a photo."""

    width: int
    height: int
    size_bytes: int
    sha256: str
    original_key: str
    web_key: str
    thumbnail_key: str
    public_path: str | None
    taken_at: datetime | None
    received_at: datetime


@dataclass(frozen=True)
class TakenUp:
    """A photo that is ours until the lease runs out; `photo` is its row."""

    photo: Row[Any]
    lease: UUID
    zone: str


def take_up(session: Session, *, key: str) -> TakenUp | None:
    """Begins an attempt at the upload of this key; None when it is settled, in other hands or not known."""
    now, lease = clock.now(), uuid4()
    values = {"key": key, "lease": lease, "until": now + LEASE, "now": now}
    row = session.execute(_TAKE_UP, values).first()
    if row is None:
        return None
    if row.was_lease is not None:
        # The attempt before this one died: whatever it stored is nobody's.
        note_unwanted(session, Bucket.MEDIA, attempt_prefixes(row.id, row.was_lease))
    zone = session.execute(_ZONE, {"event_id": row.event_id}).scalar()
    return TakenUp(photo=row, lease=lease, zone=zone or "UTC")


def discard_if_settled(session: Session, *, key: str) -> None:
    """For an upload that nobody waits for (any more): has it deleted from quarantine."""
    status = session.execute(_KNOWN, {"key": key}).scalar()
    if status not in {"pending", "processing"}:
        note_unwanted(session, Bucket.UPLOADS, [key])


def put_back(session: Session, taken: TakenUp) -> None:
    """Ends an attempt without a verdict: it is tried again."""
    check_at = clock.now() + timedelta(seconds=30)
    session.execute(_PUT_BACK, {"id": taken.photo.id, "lease": taken.lease, "check_at": check_at})
    note_unwanted(session, Bucket.MEDIA, attempt_prefixes(taken.photo.id, taken.lease))


def give_up_lost(session: Session, *, photo_id: UUID) -> None:
    """For a photo whose attempt died and whose upload is gone: it waits again, until it expires."""
    session.execute(_LOST, {"id": photo_id, "now": clock.now()})


def settle_ready(session: Session, taken: TakenUp, finished: Finished, *, moderated: bool = False) -> bool:
    """Makes the photo ready, or hidden where it waits for a look; False when it is not ours any more.

    `moderated`: the organisation looks at all that guests send, whatever it says of this event.
    """
    photo = taken.photo
    session.execute(_LOCK_CONTENT, {"event_id": str(photo.event_id), "sha256": finished.sha256})
    first = session.execute(
        _FIRST_COPY,
        {
            "event_id": photo.event_id,
            "sha256": finished.sha256,
            "purpose": photo.purpose,
            "id": photo.id,
        },
    ).first()
    hidden = first.hidden_reason if first else _hidden_at_first(session, photo, moderated=moderated)
    row = session.execute(
        _READY,
        {
            **vars(finished),
            "id": photo.id,
            "lease": taken.lease,
            "status": "hidden" if hidden else "ready",
            "hidden_reason": hidden,
            "duplicate_of": first.id if first else None,
            "now": clock.now(),
        },
    ).first()
    if row is None:
        return False
    note_unwanted(session, Bucket.UPLOADS, [photo.quarantine_key])
    tell(session, row)
    if row.status == "ready" and row.duplicate_of is None:
        album_changed(session, event_id=row.event_id)
    return True


def _hidden_at_first(session: Session, photo: Row[Any], *, moderated: bool) -> str | None:
    if photo.uploader_type != UploaderType.GUEST:
        return None
    moderated = moderated or bool(session.execute(_MODERATED, {"event_id": photo.event_id}).scalar())
    return HiddenReason.MODERATION.value if moderated else None


def settle_rejected(session: Session, *, photo: Row[Any], lease: UUID | None, reason: str) -> bool:
    """Refuses a photo for good and gives back what it was counted as; False when it is not ours any more."""
    values = {"id": photo.id, "lease": lease, "reason": reason, "now": clock.now()}
    row = session.execute(_REJECTED, values).first()
    if row is None:
        return False
    release(session, row)
    note_unwanted(session, Bucket.UPLOADS, [row.quarantine_key])
    if lease is not None:
        note_unwanted(session, Bucket.MEDIA, attempt_prefixes(row.id, lease))
    tell(session, row)
    return True
