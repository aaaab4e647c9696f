"""Writing calendar entries and feeds."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from muster_events.audit import audit
from muster_events.calendar.schemas import EntryView, FeedKind, FeedView
from muster_events.errors import BelongsToEvent, EntryNotFound, FeedNotFound
from muster_events.events.models import Event
from muster_shared import clock
from muster_shared.auth.principal import Principal
from muster_shared.ids import new_id

_DELETED_KEPT = timedelta(days=100)

_INSERT = text(
    "INSERT INTO calendar_entries (id, org_id, title, starts_at, ends_at, timezone, notes, created_by, created_at,"
    " updated_at) VALUES (:id, :org_id, :title, :starts_at, :ends_at, :timezone, :notes, :created_by, :now, :now)"
)
_ORG_OF = text("SELECT org_id FROM calendar_entries WHERE id = :id AND deleted_at IS NULL")
# The row stays a while: those who subscribe have to be told that the entry is cancelled.
_DELETE = text("UPDATE calendar_entries SET deleted_at = :now, updated_at = :now WHERE id = :id AND deleted_at IS NULL")
_PURGE = text("DELETE FROM calendar_entries WHERE deleted_at < :before")
_INSERT_FEED = text(
    "INSERT INTO calendar_feeds (id, kind, org_id, user_id, label, token_hash, created_by, created_at)"
    " VALUES (:id, :kind, :org_id, :user_id, :label, :token_hash, :created_by, :now)"
)
_REVOKE = text(
    "UPDATE calendar_feeds SET revoked_at = :now WHERE id = :id AND revoked_at IS NULL"
    " AND (user_id = :user_id OR org_id = ANY(:org_ids)) RETURNING id, org_id"
)


@dataclass(frozen=True)
class AddEntry:
    """An entry to be made, of the acting organisation `org_id`."""

    org_id: UUID
    title: str
    starts_at: datetime
    ends_at: datetime
    timezone: str
    notes: str = ""


def add_entry(session: Session, *, actor: Principal, command: AddEntry) -> EntryView:
    """Puts an entry into the organisation's calendar."""
    values: dict[str, Any] = {
        "id": new_id(),
        "org_id": command.org_id,
        "title": command.title,
        "starts_at": command.starts_at,
        "ends_at": command.ends_at,
        "timezone": command.timezone,
        "notes": command.notes,
    }
    session.execute(_INSERT, {**values, "created_by": actor.label, "now": clock.now()})
    audit.record(session, actor, action="calendar_entry.created", org_id=command.org_id, target_id=values["id"])
    return EntryView(**values, type="entry", event_id=None, location="", status="entry")


def entry_org(session: Session, entry_id: UUID) -> UUID:
    """Whose entry it is. Raises `EntryNotFound`, and `BelongsToEvent` for what is an event's entry."""
    org_id: UUID | None = session.execute(_ORG_OF, {"id": entry_id}).scalar()
    if org_id is not None:
        return org_id
    event = session.get(Event, entry_id)
    if event is None:
        raise EntryNotFound
    return event.org_id


def delete_entry(session: Session, entry_id: UUID, *, org_id: UUID, actor: Principal) -> None:
    """Takes an entry out; who subscribes sees it cancelled. Raises `BelongsToEvent` for an event's."""
    result = session.execute(_DELETE, {"id": entry_id, "now": clock.now()})
    if not getattr(result, "rowcount", 0):
        raise BelongsToEvent
    audit.record(session, actor, action="calendar_entry.deleted", org_id=org_id, target_id=entry_id)


def forget_deleted(session: Session) -> None:
    """Deletes for good what was taken out a while ago."""
    session.execute(_PURGE, {"before": clock.now() - _DELETED_KEPT})


def hash_of(token: str) -> bytes:
    """What is kept of a feed's token."""
    return hashlib.sha256(token.encode()).digest()


def create_feed(
    session: Session, *, actor: Principal, kind: FeedKind, org_id: UUID | None, label: str
) -> tuple[FeedView, str]:
    """Makes a feed and its token, which is kept only as a hash.

    A feed lives as long as the person who made it belongs to what it shows.
    """
    token, now = secrets.token_urlsafe(32), clock.now()
    feed = FeedView(id=new_id(), kind=kind, org_id=org_id, label=label, created_at=now)
    session.execute(
        _INSERT_FEED,
        {
            "id": feed.id,
            "kind": kind.value,
            "org_id": org_id,
            "user_id": actor.user_id,
            "label": label,
            "token_hash": hash_of(token),
            "created_by": actor.label,
            "now": now,
        },
    )
    if org_id is not None:
        audit.record(session, actor, action="calendar_feed.created", org_id=org_id, target_id=feed.id)
    return feed, token


def revoke_feed(session: Session, *, actor: Principal, feed_id: UUID, org_ids: list[UUID]) -> None:
    """Ends a feed of the caller's, or of an organisation of theirs. Raises `FeedNotFound`."""
    names = {"id": feed_id, "user_id": actor.user_id, "org_ids": org_ids, "now": clock.now()}
    row = session.execute(_REVOKE, names).first()
    if row is None:
        raise FeedNotFound
    # A person's own feed is no concern of any organisation's.
    if row.org_id is not None:
        audit.record(session, actor, action="calendar_feed.revoked", org_id=row.org_id, target_id=feed_id)
