"""Reads of the calendar: events and entries as one list, and what a feed holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from muster_events.calendar.schemas import EntryView, FeedKind, FeedView
from muster_events.calendar.use_cases import hash_of
from muster_events.errors import FeedNotFound
from muster_shared import clock
from muster_shared.ics import CalendarItem, uid_of

_KEPT_BACK = timedelta(days=90)
# As far as a series may reach.
_KEPT_AHEAD = timedelta(days=5 * 366)
_MOST_ITEMS = 2000

_LOCATION = "concat_ws(', ', nullif(venue_name, ''), nullif(venue_address, ''))"
# Each half is cut by its own index before the two are merged.
_ENTRIES = text(
    "SELECT * FROM (("  # noqa: S608  # fixed texts
    f" SELECT id, org_id, 'event' AS type, id AS event_id, title, starts_at, ends_at, timezone, crew_notes AS notes,"
    f" {_LOCATION} AS location, status FROM events WHERE org_id = ANY(:org_ids)"
    " AND (starts_at, id) > (:after_start, :after_id) AND starts_at < :until ORDER BY starts_at, id LIMIT :rows"
    ") UNION ALL ("
    " SELECT id, org_id, 'entry', NULL, title, starts_at, ends_at, timezone, notes, '', 'entry'"
    " FROM calendar_entries WHERE org_id = ANY(:org_ids) AND deleted_at IS NULL"
    " AND (starts_at, id) > (:after_start, :after_id) AND starts_at < :until ORDER BY starts_at, id LIMIT :rows"
    ")) both_kinds ORDER BY starts_at, id LIMIT :rows"
)
_FEEDS = text(
    "SELECT id, kind, org_id, label, created_at FROM calendar_feeds WHERE revoked_at IS NULL"
    " AND (user_id = :user_id OR org_id = ANY(:org_ids)) AND id > :after ORDER BY id LIMIT :rows"
)
# A feed whose maker has left is as dead as a revoked one.
_FEED = text(
    "SELECT f.kind, f.org_id, f.user_id, f.email_key, o.name AS org_name FROM calendar_feeds f"
    " LEFT JOIN organization_copies o ON o.id = f.org_id"
    " WHERE f.token_hash = :hash AND f.revoked_at IS NULL AND (f.kind = 'personal' OR EXISTS ("
    "  SELECT 1 FROM membership_copies m WHERE m.org_id = f.org_id AND m.user_id = f.user_id AND m.role IS NOT NULL))"
)
_ORGS_OF = text("SELECT org_id FROM membership_copies WHERE user_id = :user_id AND role IS NOT NULL")
_EVENT_COLUMNS = (
    "id, title, description, starts_at, ends_at, timezone, status, ics_sequence, updated_at, published_at,"
    f" {_LOCATION} AS location, venue_url"
)
_EVENT_ITEMS = text(
    f"SELECT {_EVENT_COLUMNS} FROM events WHERE org_id = ANY(:org_ids)"  # noqa: S608  # fixed texts, values bound
    " AND starts_at BETWEEN :first AND :last ORDER BY starts_at, id LIMIT :rows"
)
_REGISTERED_ITEMS = text(
    f"SELECT {_EVENT_COLUMNS}, registration FROM events"  # noqa: S608  # fixed texts, values bound
    " JOIN (SELECT event_id, id AS registration_id, status AS registration FROM registrations"
    "  WHERE user_id = :user_id UNION ALL SELECT event_id, id, status FROM registrations"
    "  WHERE user_id IS NULL AND email_key = :email_key) mine ON event_id = id"
    " WHERE starts_at BETWEEN :first AND :last"
    " ORDER BY starts_at, id, registration <> 'cancelled', registration_id LIMIT :rows"
)
_ENTRY_ITEMS = text(
    "SELECT id, title, notes, starts_at, ends_at, timezone, deleted_at, updated_at FROM calendar_entries"
    " WHERE org_id = ANY(:org_ids) AND starts_at BETWEEN :first AND :last ORDER BY starts_at, id LIMIT :rows"
)
_STATUS: dict[str, Any] = {
    "draft": "TENTATIVE",
    "published": "CONFIRMED",
    "completed": "CONFIRMED",
    "cancelled": "CANCELLED",
    "confirmed": "CONFIRMED",
    "waitlisted": "TENTATIVE",
}


@dataclass(frozen=True)
class Feed:
    """What a feed holds, and what calendar programs call it."""

    name: str
    items: list[CalendarItem]


def entries_of(
    session: Session,
    org_ids: Sequence[UUID],
    *,
    after: tuple[datetime, UUID],
    until: datetime,
    rows: int,
) -> list[EntryView]:
    """Events and entries in one order, beginning after `after`."""
    names = {
        "org_ids": list(org_ids),
        "after_start": after[0],
        "after_id": after[1],
        "until": until,
        "rows": rows,
    }
    return [EntryView(**row) for row in session.execute(_ENTRIES, names).mappings()]


def feeds_of(
    session: Session, *, user_id: UUID | None, org_ids: Sequence[UUID], after: UUID, rows: int
) -> list[FeedView]:
    """The living feeds of a person and their organisations."""
    names = {"user_id": user_id, "org_ids": list(org_ids), "after": after, "rows": rows}
    found = session.execute(_FEEDS, names)
    return [FeedView(**row) for row in found.mappings()]


def feed_of(session: Session, token: str) -> Feed:
    """What the feed of `token` holds now. Raises `FeedNotFound`."""
    feed = session.execute(_FEED, {"hash": hash_of(token)}).first()
    if feed is None:
        raise FeedNotFound
    now = clock.now()
    span = {"first": now - _KEPT_BACK, "last": now + _KEPT_AHEAD, "rows": _MOST_ITEMS}
    items: dict[str, CalendarItem] = {}
    if feed.kind == FeedKind.PERSONAL:
        # A registration that holds replaces a cancelled one for the same event.
        mine = {"user_id": feed.user_id, "email_key": feed.email_key}
        for row in session.execute(_REGISTERED_ITEMS, {**span, **mine}).mappings():
            items[uid_of(row["id"])] = _event_item(row)
        org_ids = list(session.execute(_ORGS_OF, {"user_id": feed.user_id}).scalars())
    else:
        org_ids = [feed.org_id]
    for row in session.execute(_EVENT_ITEMS, {**span, "org_ids": org_ids}).mappings():
        # A draft that was never public and was called off is nobody's business.
        if row["status"] != "cancelled" or row["published_at"] is not None:
            items[uid_of(row["id"])] = _event_item(row)
    for row in session.execute(_ENTRY_ITEMS, {**span, "org_ids": org_ids}).mappings():
        items[uid_of(row["id"])] = _entry_item(row)
    name = feed.org_name or "Muster"
    return Feed(name=name, items=sorted(items.values(), key=lambda item: (item.starts_at, item.uid)))


def _event_item(row: Any) -> CalendarItem:
    status = _STATUS[row["status"]]
    registration, sequence = row.get("registration"), row["ics_sequence"]
    if registration is not None and status == "CONFIRMED":
        status = _STATUS[registration]
        # Cancelled for them alone: a program takes that over only with a higher number.
        sequence += 1 if registration == "cancelled" else 0
    return CalendarItem(
        uid=uid_of(row["id"]),
        sequence=sequence,
        status=status,
        summary=row["title"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        timezone=row["timezone"],
        stamp=row["updated_at"],
        description=row["description"],
        location=row["location"],
        url=row["venue_url"],
    )


def _entry_item(row: Any) -> CalendarItem:
    is_gone = row["deleted_at"] is not None
    return CalendarItem(
        uid=uid_of(row["id"]),
        sequence=1 if is_gone else 0,
        status="CANCELLED" if is_gone else "CONFIRMED",
        summary=row["title"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        timezone=row["timezone"],
        stamp=row["updated_at"],
        description=row["notes"],
    )
