"""What goes into an album, and the evidence pack's manifest."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Row, text

from muster_media.albums.models import AlbumKind
from muster_shared import clock
from muster_shared.clock import rfc3339
from muster_shared.db import Database

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_NAME = 60

_EVENT = text("SELECT title, timezone, kind FROM event_copies WHERE event_id = :event_id")
# In the order in which they were taken, as far as that is known.
_PHOTOS = text(
    """
    SELECT id, name, caption, purpose, status, sha256, size_bytes, original_key, web_key, uploader_type,
      uploader_name, taken_at, received_at, created_at
    FROM photos
    WHERE event_id = :event_id AND status = ANY(:statuses) AND status <> 'deleted' AND purpose = ANY(:purposes)
      AND duplicate_of IS NULL
    ORDER BY coalesce(taken_at, received_at, created_at), id
    """
)


@dataclass(frozen=True)
class Entry:
    """One file of the ZIP: an object, and the hash it has to have where that is known."""

    name: str
    key: str
    sha256: str | None


@dataclass(frozen=True)
class Contents:
    """The files of the ZIP, and those written into it as they are (name to text)."""

    entries: Sequence[Entry]
    documents: dict[str, bytes]


def contents_of(database: Database, *, event_id: UUID, kind: AlbumKind) -> Contents:
    """What an album of this kind holds now."""
    with database.read() as connection:
        event = connection.execute(_EVENT, {"event_id": event_id}).first()
        purposes = ["photo", "job_before", "job_after"]
        if kind is AlbumKind.GUEST and (event is None or event.kind != "job"):
            purposes = ["photo"]
        statuses = ["ready", "hidden"] if kind is AlbumKind.EVIDENCE else ["ready"]
        rows = connection.execute(_PHOTOS, {"event_id": event_id, "statuses": statuses, "purposes": purposes}).all()
    if kind is not AlbumKind.EVIDENCE:
        return Contents([Entry(_gallery_name(n, row), row.web_key, None) for n, row in enumerate(rows, 1)], {})
    entries = [Entry(_original_name(n, row), row.original_key, row.sha256) for n, row in enumerate(rows, 1)]
    facts = [_facts(entry, row) for entry, row in zip(entries, rows, strict=True)]
    manifest = {
        "event": {
            "id": str(event_id),
            "title": event.title if event else None,
            "timezone": event.timezone if event else None,
        },
        "made_at": rfc3339(clock.now()),
        "photos": facts,
    }
    sums = "".join(f"{entry.sha256}  {entry.name}\n" for entry in entries)
    return Contents(
        entries,
        {
            "manifest.json": orjson.dumps(manifest, option=orjson.OPT_INDENT_2),
            "SHA256SUMS": sums.encode(),
        },
    )


def _gallery_name(number: int, row: Row[Any]) -> str:
    moment = row.taken_at or row.received_at or row.created_at
    return f"{number:04d}-{moment:%Y-%m-%d-%H%M%S}.jpg"


def _original_name(number: int, row: Row[Any]) -> str:
    extension = row.original_key.rpartition(".")[2]
    stem = _UNSAFE.sub("_", row.name.rpartition(".")[0] or row.name).strip("._")[:_LONGEST_NAME]
    return f"originals/{number:04d}-{stem or 'photo'}.{extension}"


def _facts(entry: Entry, row: Row[Any]) -> dict[str, Any]:
    return {
        "file": entry.name,
        "photo_id": str(row.id),
        "sha256": row.sha256,
        "size": row.size_bytes,
        "purpose": row.purpose,
        "status": row.status,
        "name": row.name,
        "caption": row.caption,
        "uploaded_by": {"type": row.uploader_type, "name": row.uploader_name},
        "captured_at": rfc3339(row.taken_at) if row.taken_at else None,
        "requested_at": rfc3339(row.created_at),
        "received_at": rfc3339(row.received_at) if row.received_at else None,
    }
