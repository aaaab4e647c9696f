"""Changing photos: captions, hiding, showing, deleting, reporting. Each tells the other services."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from muster_media.albums.use_cases import album_changed, withdraw_albums
from muster_media.audit import audit
from muster_media.errors import PhotoNotSettled, PhotoUnknown
from muster_media.photos.models import HiddenReason, UploaderType
from muster_media.storage.objects import Bucket
from muster_media.storage.use_cases import note_unwanted
from muster_shared import clock
from muster_shared.auth.principal import Principal
from muster_shared.ids import new_id
from muster_shared.messages.media import PhotoChanged
from muster_shared.messaging import outbox

_CAPTION = text(
    "UPDATE photos SET caption = :caption, version = version + 1 WHERE id = :id AND status <> 'deleted' RETURNING id"
)
# A photo's copies (same bytes, sent again) share its fate.
_HIDE = text(
    """
    UPDATE photos SET status = 'hidden', hidden_reason = :reason, version = version + 1
    WHERE (id = :id OR duplicate_of = :id) AND status = 'ready' RETURNING *
    """
)
_SHOW = text(
    """
    UPDATE photos SET status = 'ready', hidden_reason = NULL, reviewed_at = :now, version = version + 1
    WHERE (id = :id OR duplicate_of = :id) AND status = 'hidden' RETURNING *
    """
)
_STATUS = text("SELECT status FROM photos WHERE id = :id AND status <> 'deleted'")
_DELETE = text(
    """
    UPDATE photos SET status = 'deleted', hidden_reason = NULL, lease = NULL, version = version + 1,
      name = '', caption = NULL, uploader_name = NULL, duplicate_of = NULL, settled_at = coalesce(settled_at, :now)
    FROM (SELECT id AS was_id, status AS was, lease AS was_lease, hidden_reason AS was_hidden FROM photos
          WHERE id = ANY(:ids) AND status <> 'deleted' ORDER BY id FOR UPDATE) AS before
    WHERE photos.id = before.was_id RETURNING photos.*, before.*
    """
)
_COPIES = text("SELECT id FROM photos WHERE duplicate_of = :id AND status <> 'deleted' ORDER BY id FOR UPDATE")
_PROMOTE = text(
    """
    UPDATE photos SET duplicate_of = CASE WHEN id = :first THEN NULL ELSE CAST(:first AS uuid) END,
      version = version + 1 WHERE duplicate_of = :gone
    """
)
_OF_EVENT = text("SELECT id FROM photos WHERE event_id = :event_id AND status <> 'deleted'")
# Counters are locked in the order that intents lock them in.
_RELEASE = text(
    """
    WITH locked AS (
      SELECT kind, subject FROM usage
      WHERE kind = ANY(:kinds) AND subject = CASE kind WHEN 'organization' THEN CAST(:org_id AS uuid)
        WHEN 'assignment' THEN CAST(:uploader_id AS uuid) ELSE CAST(:event_id AS uuid) END
      ORDER BY kind FOR UPDATE)
    UPDATE usage SET photos = photos - 1, bytes = bytes - :size
    FROM locked WHERE usage.kind = locked.kind AND usage.subject = locked.subject
    """
)
_REPORT = text(
    "INSERT INTO photo_reports (id, photo_id, org_id, reason, message)"
    " VALUES (:id, :photo_id, :org_id, :reason, :message)"
)

_TOLD = {"ready", "rejected", "hidden", "deleted"}


@dataclass(frozen=True)
class Report:
    """Why a photo should be looked at."""

    reason: str
    message: str | None


def tell(session: Session, row: Row[Any]) -> None:
    """Tells of a photo's status as `row` (all of its columns) has it; what has not settled is not told."""
    if row.status not in _TOLD:
        return
    outbox.emit(
        session,
        PhotoChanged(
            photo_id=row.id,
            event_id=row.event_id,
            org_id=row.org_id,
            version=row.version,
            purpose=row.purpose,
            status=row.status,
            assignment_id=row.uploader_id if row.uploader_type == UploaderType.CREW else None,
            public_path=row.public_path if row.status == "ready" else None,
            occurred_at=clock.now(),
        ),
        key=row.id,
    )


def release(session: Session, row: Row[Any]) -> None:
    """Gives back what a photo was counted as."""
    session.execute(
        _RELEASE,
        {
            "kinds": row.counted_in,
            "org_id": row.org_id,
            "event_id": row.event_id,
            "uploader_id": row.uploader_id,
            "size": row.announced_bytes,
        },
    )


def set_caption(session: Session, *, photo: Row[Any], caption: str | None, actor: Principal) -> None:
    """Sets or takes away the caption. Raises `PhotoUnknown`."""
    if session.execute(_CAPTION, {"id": photo.id, "caption": caption or None}).first() is None:
        raise PhotoUnknown
    _tell_audit(session, actor, "captioned", photo)


def moderate(session: Session, *, photo: Row[Any], hidden: bool, actor: Principal) -> None:
    """An operator hides a photo, or lets it be seen. Raises as `hide`."""
    if hidden:
        if hide(session, photo_id=photo.id, reason=HiddenReason.OPERATOR):
            _tell_audit(session, actor, "hidden", photo)
    elif show(session, photo_id=photo.id):
        was_waiting = photo.hidden_reason == HiddenReason.MODERATION
        _tell_audit(session, actor, "approved" if was_waiting else "shown", photo)


def _tell_audit(session: Session, actor: Principal, what: str, photo: Row[Any]) -> None:
    audit.record(
        session,
        actor,
        action=f"photo.{what}",
        org_id=photo.org_id,
        target_id=photo.id,
        changes={"event_id": str(photo.event_id)},
    )


def hide(session: Session, *, photo_id: UUID, reason: HiddenReason) -> bool:
    """Takes a photo and its copies out of the galleries; False when it is hidden already.

    Raises `PhotoUnknown`, or `PhotoNotSettled` for one that never got ready.
    """
    rows = session.execute(_HIDE, {"id": photo_id, "reason": reason.value}).all()
    if not rows:
        _require_status(session, photo_id, "hidden")
        return False
    for row in rows:
        tell(session, row)
    withdraw_albums(session, event_id=rows[0].event_id)
    return True


def show(session: Session, *, photo_id: UUID) -> bool:
    """Puts a hidden photo back, as looked at; False when it is shown already. Raises as `hide`."""
    rows = session.execute(_SHOW, {"id": photo_id, "now": clock.now()}).all()
    if not rows:
        _require_status(session, photo_id, "ready")
        return False
    for row in rows:
        tell(session, row)
    album_changed(session, event_id=rows[0].event_id)
    return True


def _require_status(session: Session, photo_id: UUID, wanted: str) -> None:
    status = session.execute(_STATUS, {"id": photo_id}).scalar()
    if status is None:
        raise PhotoUnknown
    if status != wanted:
        raise PhotoNotSettled


def delete_with_copies(session: Session, *, photo: Row[Any], actor: Principal) -> None:
    """An operator's deletion: the photo and every copy of the same bytes. Raises `PhotoUnknown`."""
    copies = [row.id for row in session.execute(_COPIES, {"id": photo.id})]
    if not _delete(session, [photo.id, *copies]):
        raise PhotoUnknown
    _tell_audit(session, actor, "deleted", photo)


def take_down(session: Session, *, photo_id: UUID) -> None:
    """An uploader's deletion: theirs alone. A copy that somebody else sent takes its place, hidden if it was."""
    copies = [row.id for row in session.execute(_COPIES, {"id": photo_id})]
    _delete(session, [photo_id])
    if copies:
        session.execute(_PROMOTE, {"first": copies[0], "gone": photo_id})


def delete_photos_of_event(session: Session, *, event_id: UUID) -> None:
    """All of an event's photos."""
    _delete(session, [row.id for row in session.execute(_OF_EVENT, {"event_id": event_id})])


def _delete(session: Session, ids: list[UUID]) -> int:
    rows = session.execute(_DELETE, {"ids": ids, "now": clock.now()}).all()
    for row in rows:
        if row.was != "rejected":
            release(session, row)
        _discard_objects(session, row)
        tell(session, row)
    for event_id in {row.event_id for row in rows if row.was in {"ready", "hidden"}}:
        withdraw_albums(session, event_id=event_id)
    return len(rows)


def _discard_objects(session: Session, row: Row[Any]) -> None:
    note_unwanted(session, Bucket.UPLOADS, [row.quarantine_key])
    note_unwanted(session, Bucket.MEDIA, [row.original_key, row.web_key, row.thumbnail_key])
    if row.was_lease is not None:
        note_unwanted(session, Bucket.MEDIA, attempt_prefixes(row.id, row.was_lease))
    if row.public_path:
        note_unwanted(session, Bucket.SITE, [row.public_path.removeprefix("/")])


def attempt_prefixes(photo_id: UUID, lease: UUID) -> list[str]:
    """Under which keys one attempt at a photo writes: originals, and what is served."""
    return [f"o/{photo_id}/{lease.hex}/", f"p/{photo_id}/{lease.hex}/"]


def report(session: Session, *, photo_id: UUID, org_id: UUID, given: Report, reviewed: bool) -> None:
    """Notes a report and hides the photo until somebody has looked; one looked at before stays as it is."""
    session.execute(
        _REPORT,
        {
            "id": new_id(),
            "photo_id": photo_id,
            "org_id": org_id,
            "reason": given.reason,
            "message": given.message,
        },
    )
    if not reviewed:
        hide(session, photo_id=photo_id, reason=HiddenReason.REPORTED)
