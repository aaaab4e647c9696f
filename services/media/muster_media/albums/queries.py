"""Where an album is."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.engine import Connection

from muster_media.albums.models import AlbumKind
from muster_media.albums.schemas import AlbumView
from muster_media.albums.use_cases import MAX_FAILURES
from muster_shared.aws.cloudfront import Signer

_STATE = text(
    """
    SELECT kept.build_after, kept.failures, kept.object_key, kept.photo_count, kept.size_bytes, kept.built_at,
      EXISTS (SELECT 1 FROM photos WHERE photos.event_id = :event_id AND photos.status IN ('ready', 'hidden')
              AND photos.status <> 'deleted' AND duplicate_of IS NULL) AS has_photos
    FROM (VALUES (1)) AS one LEFT JOIN albums AS kept ON kept.event_id = :event_id AND kept.kind = :kind
    """
)


@dataclass(frozen=True)
class AlbumRecord:
    """An album's state."""

    status: str
    has_photos: bool
    object_key: str | None
    photo_count: int | None
    size_bytes: int | None
    built_at: datetime | None


def album_state(connection: Connection, *, event_id: UUID, kind: AlbumKind) -> AlbumRecord:
    """How far the album of this kind is; ready also while a newer one is being built."""
    row = connection.execute(_STATE, {"event_id": event_id, "kind": kind.value}).one()
    if row.object_key is not None:
        status = "ready"
    elif row.build_after is not None:
        status = "building"
    else:
        status = "failed" if (row.failures or 0) >= MAX_FAILURES else "none"
    return AlbumRecord(
        status=status,
        has_photos=row.has_photos,
        object_key=row.object_key,
        photo_count=row.photo_count,
        size_bytes=row.size_bytes,
        built_at=row.built_at,
    )


def album_view(state: AlbumRecord, signer: Signer) -> AlbumView:
    """The answer, with a signed address when there is something to fetch."""
    if state.object_key is None:
        return AlbumView(status=state.status)
    signed = signer.sign("/" + state.object_key)
    return AlbumView(
        status=state.status,
        url=signed.url,
        url_expires_at=signed.expires_at,
        photo_count=state.photo_count,
        size=state.size_bytes,
        built_at=state.built_at,
    )
