"""Albums: asked for, made stale by changes, taken up by one builder at a time, settled."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.orm import Session

from muster_media.albums.models import AlbumKind
from muster_media.storage.objects import Bucket
from muster_media.storage.use_cases import note_unwanted

# Photos come in bursts: one build for all that came within this.
SETTLING_SECONDS = 20
LEASE_SECONDS = 1800
MAX_FAILURES = 5

_CHANGED = text(
    """
    INSERT INTO albums AS kept (event_id, kind, org_id, build_after)
    SELECT event_id, 'guest', org_id, clock_timestamp() + make_interval(secs => :settling)
    FROM event_copies WHERE event_id = :event_id AND guest_enabled AND NOT deleted
    ON CONFLICT (event_id, kind) DO NOTHING
    """
)
_STALE = text(
    """
    UPDATE albums SET change_number = change_number + 1, failures = 0,
      build_after = coalesce(build_after, clock_timestamp() + make_interval(secs => :settling))
    WHERE event_id = :event_id AND kind IN ('guest', 'members')
    """
)
_WITHDRAW = text(
    """
    UPDATE albums SET withdrawals = withdrawals + 1, failures = 0, object_key = NULL, photo_count = NULL,
      size_bytes = NULL, built_at = NULL,
      build_after = CASE WHEN kind = 'evidence' THEN NULL
        ELSE coalesce(albums.build_after, clock_timestamp() + make_interval(secs => :settling)) END
    FROM (SELECT kind AS was_kind, object_key AS was_key FROM albums WHERE event_id = :event_id
          ORDER BY kind FOR UPDATE) AS before
    WHERE albums.event_id = :event_id AND albums.kind = before.was_kind
    RETURNING before.was_key
    """
)
_WANT = text(
    """
    INSERT INTO albums AS kept (event_id, kind, org_id, build_after)
    VALUES (:event_id, :kind, :org_id, clock_timestamp())
    ON CONFLICT (event_id, kind) DO UPDATE SET build_after = clock_timestamp(), failures = 0
      WHERE kept.object_key IS NULL OR kept.build_after IS NOT NULL OR :anew
    """
)
_WAKE = text("SELECT pg_notify(current_schema() || '_albums', '')")
_TAKE_UP = text(
    """
    UPDATE albums SET lease = :lease, leased_until = clock_timestamp() + make_interval(secs => :seconds)
    WHERE (event_id, kind) = (
      SELECT event_id, kind FROM albums
      WHERE build_after <= clock_timestamp() AND failures < :most
        AND (lease IS NULL OR leased_until <= clock_timestamp())
      ORDER BY build_after LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING event_id, kind, change_number, withdrawals, lease
    """
)
# What was added meanwhile is for the next build; what was taken away meanwhile must not be given out.
_BUILT = text(
    """
    UPDATE albums SET object_key = :key, photo_count = :photo_count, size_bytes = :size_bytes,
      built_at = clock_timestamp(), failures = 0, lease = NULL, leased_until = NULL,
      build_after = CASE WHEN change_number = :change_number THEN NULL
        ELSE clock_timestamp() + make_interval(secs => :settling) END
    FROM (SELECT object_key AS was_key FROM albums WHERE event_id = :event_id AND kind = :kind FOR UPDATE) AS before
    WHERE event_id = :event_id AND kind = :kind AND lease = :lease AND withdrawals = :withdrawals
    RETURNING before.was_key
    """
)
_GIVE_BACK = text(
    """
    UPDATE albums SET lease = NULL, leased_until = NULL, failures = failures + :failed,
      build_after = CASE WHEN failures + :failed >= :most THEN NULL
        ELSE clock_timestamp() + make_interval(secs => :after) END
    WHERE event_id = :event_id AND kind = :kind AND lease = :lease
    """
)


@dataclass(frozen=True)
class TakenUp:
    """An album that is ours to build until the lease runs out."""

    event_id: UUID
    kind: AlbumKind
    change_number: int
    withdrawals: int
    lease: UUID

    @property
    def key(self) -> str:
        """Where this attempt puts the ZIP."""
        return f"z/{self.event_id}/{self.lease.hex}/photos.zip"


@dataclass(frozen=True)
class Built:
    """What a build came to."""

    photo_count: int
    size_bytes: int


def album_changed(session: Session, *, event_id: UUID) -> None:
    """A photo was added: albums are built again soon; the old ones are good until then."""
    session.execute(_CHANGED, {"event_id": event_id, "settling": SETTLING_SECONDS})
    session.execute(_STALE, {"event_id": event_id, "settling": SETTLING_SECONDS})


def withdraw_albums(session: Session, *, event_id: UUID) -> None:
    """A photo may no longer be given away: neither may an album that holds it."""
    rows = session.execute(_WITHDRAW, {"event_id": event_id, "settling": SETTLING_SECONDS}).all()
    note_unwanted(session, Bucket.MEDIA, [row.was_key for row in rows])


def want_album(session: Session, *, event_id: UUID, org_id: UUID, kind: AlbumKind) -> None:
    """Has an album built now, unless a current one is there; evidence is always packed anew."""
    session.execute(
        _WANT,
        {"event_id": event_id, "org_id": org_id, "kind": kind.value, "anew": kind is AlbumKind.EVIDENCE},
    )
    session.execute(_WAKE)


def take_up(session: Session) -> TakenUp | None:
    """The album that has waited longest, for this builder alone."""
    values = {"lease": uuid4(), "seconds": LEASE_SECONDS, "most": MAX_FAILURES}
    row = session.execute(_TAKE_UP, values).first()
    if row is None:
        return None
    return TakenUp(
        event_id=row.event_id,
        kind=AlbumKind(row.kind),
        change_number=row.change_number,
        withdrawals=row.withdrawals,
        lease=row.lease,
    )


def finish(session: Session, taken: TakenUp, built: Built | None) -> bool:
    """Makes the ZIP the album, or notes that there is nothing to put in (None).

    False when a photo was taken away meanwhile or the lease was lost: the ZIP is unwanted then.
    """
    row = session.execute(
        _BUILT,
        {
            **_named(taken),
            "change_number": taken.change_number,
            "withdrawals": taken.withdrawals,
            "key": taken.key if built else None,
            "photo_count": built.photo_count if built else None,
            "size_bytes": built.size_bytes if built else None,
            "settling": SETTLING_SECONDS,
        },
    ).first()
    if row is not None:
        note_unwanted(session, Bucket.MEDIA, [row.was_key])
        return True
    note_unwanted(session, Bucket.MEDIA, [taken.key])
    give_back(session, taken, failed=False)
    return False


def give_back(session: Session, taken: TakenUp, *, failed: bool) -> None:
    """Ends an attempt without a ZIP: it is tried again, a failed one later and not for ever."""
    session.execute(
        _GIVE_BACK,
        {**_named(taken), "failed": int(failed), "most": MAX_FAILURES, "after": 30 if failed else 0},
    )


def _named(taken: TakenUp) -> dict[str, object]:
    return {"event_id": taken.event_id, "kind": taken.kind.value, "lease": taken.lease}
