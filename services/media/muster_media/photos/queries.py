"""Reading photos: lists by keyset, newest first, with signed addresses."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from muster_media.errors import PhotoUnknown
from muster_shared.aws.cloudfront import Signer
from muster_shared.clock import rfc3339
from muster_shared.db import Database

_COLUMNS = (
    "id, org_id, event_id, status, reason, hidden_reason, name, caption, purpose, width, height, size_bytes, sha256,"
    " uploader_type, uploader_name, taken_at, created_at, thumbnail_key, web_key"
)
_LATEST = "ffffffff-ffff-ffff-ffff-ffffffffffff"
_LIST = text(
    f"SELECT {_COLUMNS} FROM photos WHERE event_id = :event_id AND status <> 'deleted' AND duplicate_of IS NULL"  # noqa: S608  # fixed texts, values bound
    " AND id < :before ORDER BY id DESC LIMIT :limit"
)
_GUEST_LIST = text(
    f"SELECT {_COLUMNS} FROM photos WHERE event_id = :event_id AND status <> 'deleted' AND duplicate_of IS NULL"  # noqa: S608  # fixed texts, values bound
    " AND status = 'ready' AND purpose = ANY(:purposes) AND id < :before ORDER BY id DESC LIMIT :limit"
)
_OWN = text(
    f"SELECT {_COLUMNS} FROM photos WHERE event_id = :event_id AND receipt_hash = ANY(:hashes)"  # noqa: S608  # fixed texts, values bound
    " AND status <> 'deleted' ORDER BY id DESC"
)
_ONE = text(f"SELECT {_COLUMNS} FROM photos WHERE id = :id AND status <> 'deleted'")  # noqa: S608  # constant


def list_photos(database: Database, *, event_id: UUID, before: str | None, limit: int) -> list[Row[Any]]:
    """Up to `limit + 1` photos of an event, of every status but deleted, each set of copies once."""
    values = {"event_id": event_id, "before": before or _LATEST, "limit": limit + 1}
    with database.read() as connection:
        return list(connection.execute(_LIST, values))


def list_for_guests(
    database: Database, *, event_id: UUID, purposes: list[str], before: str | None, limit: int
) -> list[Row[Any]]:
    """As `list_photos`, ready ones only."""
    values = {"event_id": event_id, "purposes": purposes, "before": before or _LATEST, "limit": limit + 1}
    with database.read() as connection:
        return list(connection.execute(_GUEST_LIST, values))


def list_by_receipts(database: Database, *, event_id: UUID, hashes: list[str]) -> list[Row[Any]]:
    """A guest's own photos of an event, whatever became of them."""
    with database.read() as connection:
        return list(connection.execute(_OWN, {"event_id": event_id, "hashes": hashes}))


def find_photo(database: Database, photo_id: UUID) -> Row[Any]:
    """One photo. Raises `PhotoUnknown`."""
    with database.read() as connection:
        row = connection.execute(_ONE, {"id": photo_id}).first()
    if row is None:
        raise PhotoUnknown
    return row


def member_view(row: Row[Any], signer: Signer) -> Mapping[str, Any]:
    """A `PhotoView`; the caller has checked that the reader may see it."""
    return {
        "id": row.id,
        "event_id": row.event_id,
        "status": row.status,
        "reason": row.reason,
        "hidden_reason": row.hidden_reason,
        "name": row.name,
        "caption": row.caption,
        "purpose": row.purpose,
        "width": row.width,
        "height": row.height,
        "size": row.size_bytes,
        "sha256": row.sha256,
        "uploaded_by": {"type": row.uploader_type, "name": row.uploader_name},
        "taken_at": rfc3339(row.taken_at) if row.taken_at else None,
        "created_at": rfc3339(row.created_at),
        **addresses(row, signer),
    }


def guest_view(row: Row[Any], signer: Signer) -> Mapping[str, Any]:
    """A `GuestPhotoView`: nothing of the file's name or hash."""
    return {
        "id": row.id,
        "status": row.status,
        "reason": row.reason,
        "caption": row.caption,
        "purpose": row.purpose,
        "width": row.width,
        "height": row.height,
        "uploaded_by": {"type": row.uploader_type, "name": row.uploader_name} if row.uploader_type == "guest" else None,
        "taken_at": rfc3339(row.taken_at) if row.taken_at else None,
        "created_at": rfc3339(row.created_at),
        **addresses(row, signer),
    }


def addresses(row: Row[Any], signer: Signer) -> dict[str, Any]:
    """The signed addresses of a photo that has its sizes; nulls for any other."""
    if row.web_key is None or row.thumbnail_key is None:
        return {"thumbnail_url": None, "url": None, "urls_expire_at": None}
    thumbnail, web = signer.sign("/" + row.thumbnail_key), signer.sign("/" + row.web_key)
    return {
        "thumbnail_url": thumbnail.url,
        "url": web.url,
        "urls_expire_at": rfc3339(min(thumbnail.expires_at, web.expires_at)),
    }
