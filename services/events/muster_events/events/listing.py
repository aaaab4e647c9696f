"""The public listing and search, and one public event: plain SQL to JSON bytes, flat at any depth and size.

Three things keep it so. The keyset is compared as a row value, which an index on `(starts_at, id)` answers by
one descent. Every filter has an index whose leading columns it is and whose order is the list's. And a search
for a word that the planner's statistics call rare goes to the word index, which has few rows to sort; for any
other it reads a bounded stretch of dates first, where a common word is found at once.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy.engine import Connection

from muster_events.events.models import VenueType
from muster_events.events.views import Addresses
from muster_shared.db import Database

_COLUMNS = (
    "e.id::text, e.org_id::text, o.name, o.slug, e.kind, e.status, e.title, e.description, e.category, e.visibility,"
    " e.starts_at, e.ends_at, e.timezone, e.venue_type, e.venue_name, e.venue_address, e.venue_url, e.capacity,"
    " e.registered_count, e.waitlisted_count, e.questions, e.banner_path, e.updated_at"
)
_LISTED = "e.status = 'published' AND e.visibility = 'public'"
_ORGANIZER = "LEFT JOIN organization_copies o ON o.id = e.org_id"
_STRETCH_ROWS = 5000
_MOST_WORDS = 8
_PREFIX_CHARACTERS = 3
_WORD = re.compile(r"[^\W_]+")

_DETAIL = f"SELECT {_COLUMNS} FROM events e {_ORGANIZER} WHERE e.id = %(id)s AND e.status <> 'draft'"  # noqa: S608  # fixed texts, values bound
_SOME = f"SELECT {_COLUMNS} FROM events e {_ORGANIZER} WHERE e.id = ANY(%(ids)s::uuid[])"  # noqa: S608  # fixed texts, values bound
_ESTIMATE = (
    f"EXPLAIN (FORMAT JSON) SELECT 1 FROM events e WHERE {_LISTED}"  # noqa: S608  # fixed texts, values bound
    " AND e.search @@ to_tsquery('simple', %(words)s)"
)
_NOT_PRIVATE = " AND e.visibility <> 'private'"


class _Shape(NamedTuple):
    """Which conditions a statement has; each shape's text is made once."""

    until: bool
    category: bool
    venue_type: bool
    after: bool


@dataclass(frozen=True)
class Filters:
    """What the caller asks for. `starting_from` is never left out: the route puts the present there."""

    starting_from: datetime
    until: datetime | None = None
    words: str | None = None
    category: str | None = None
    venue_type: VenueType | None = None


def words_of(text: str) -> str | None:
    """`text` as a tsquery: every word must be there, the last may be the beginning of one. None: no words."""
    words = _WORD.findall(text.casefold())[:_MOST_WORDS]
    if not words:
        return None
    parts = [f"'{word}'" for word in words]
    if len(words[-1]) >= _PREFIX_CHARACTERS:
        parts[-1] += ":*"
    return " & ".join(parts)


def listed(database: Database, filters: Filters, *, after: tuple[datetime, UUID] | None, rows: int) -> Sequence[Any]:
    """Up to `rows` public events that match, soonest first, beginning after `after`."""
    shape = _Shape(
        until=filters.until is not None,
        category=filters.category is not None,
        venue_type=filters.venue_type is not None,
        after=after is not None,
    )
    names: dict[str, Any] = {
        "starting_from": filters.starting_from,
        "until": filters.until,
        "category": filters.category,
        "venue_type": filters.venue_type,
        "rows": rows,
    }
    if after is not None:
        names["after_start"], names["after_id"] = after
    if filters.words is None:
        return database.rows(_plain(shape), names)
    names |= {"words": filters.words, "stretch": _STRETCH_ROWS}
    if _estimated_rows(database, filters.words) < _STRETCH_ROWS:
        return database.rows(_by_word(shape), names)
    found = database.rows(_stretch(shape), names)
    if len(found) >= rows:
        return found
    return database.rows(_by_word(shape), names)


def _estimated_rows(database: Database, words: str) -> int:
    """How many listed events the planner believes to match: half a millisecond that spares a rare word the stretch."""
    plan: Any = database.rows(_ESTIMATE, {"words": words})[0][0]
    return int((orjson.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]["Plan Rows"])


def _where(shape: _Shape) -> str:
    parts = [_LISTED]
    # With a cursor the row value alone bounds the scan; the cursor was made by this list.
    parts.append(
        "(e.starts_at, e.id) > (%(after_start)s, %(after_id)s)" if shape.after else "e.starts_at >= %(starting_from)s"
    )
    if shape.until:
        parts.append("e.starts_at < %(until)s")
    if shape.category:
        parts.append("e.category = %(category)s")
    if shape.venue_type:
        parts.append("e.venue_type = %(venue_type)s")
    return " AND ".join(parts)


@cache
def _plain(shape: _Shape) -> str:
    where = _where(shape)
    return (
        f"SELECT {_COLUMNS} FROM (SELECT * FROM events e WHERE {where}"  # noqa: S608  # fixed texts
        f" ORDER BY e.starts_at, e.id LIMIT %(rows)s) e {_ORGANIZER} ORDER BY e.starts_at, e.id"
    )


@cache
def _stretch(shape: _Shape) -> str:
    # In one pass that ends with the page: a common word is found in a few rows of the stretch.
    where = _where(shape)
    return (
        f"WITH hits AS (SELECT id FROM (SELECT e.id, e.starts_at, e.search FROM events e WHERE {where}"  # noqa: S608  # fixed texts, values bound
        " ORDER BY e.starts_at, e.id LIMIT %(stretch)s) stretch"
        " WHERE search @@ to_tsquery('simple', %(words)s) ORDER BY starts_at, id LIMIT %(rows)s)"
        f" SELECT {_COLUMNS} FROM hits JOIN events e USING (id) {_ORGANIZER} ORDER BY e.starts_at, e.id"
    )


@cache
def _by_word(shape: _Shape) -> str:
    # A materialised step keeps the planner from walking the dates after all.
    where = _where(shape)
    return (
        f"WITH hits AS MATERIALIZED (SELECT e.id, e.starts_at FROM events e WHERE {where}"  # noqa: S608  # fixed texts, values bound
        " AND e.search @@ to_tsquery('simple', %(words)s)), page AS (SELECT id FROM hits"
        " ORDER BY starts_at, id LIMIT %(rows)s)"
        f" SELECT {_COLUMNS} FROM page JOIN events e USING (id) {_ORGANIZER} ORDER BY e.starts_at, e.id"
    )


def one(database: Database, event_id: UUID, *, private_too: bool = False) -> Any | None:
    """The row of one event that is no draft, or None; private ones only when asked for."""
    statement = _DETAIL if private_too else _DETAIL + _NOT_PRIVATE
    found = database.rows(statement, {"id": event_id})
    return found[0] if found else None


def some(connection: Connection, event_ids: Sequence[UUID]) -> dict[UUID, Any]:
    """The rows of events by their id, whatever their state and visibility: for who has a place at them."""
    found = connection.exec_driver_sql(_SOME, {"ids": list(event_ids)}).all()
    return {UUID(row[0]): row for row in found}


def key_of(row: Any) -> tuple[datetime, str]:
    """What a cursor after `row` holds: its start and its id."""
    return row[10], row[0]


def public_event(row: Any, addresses: Addresses) -> dict[str, Any]:
    """A row as `PublicEvent` has it, for orjson; no model is built on the way."""
    return {
        "id": row[0],
        "org_id": row[1],
        "organizer": {"name": row[2], "slug": row[3]} if row[2] is not None else None,
        "kind": row[4],
        "status": row[5],
        "title": row[6],
        "description": row[7],
        "category": row[8],
        "visibility": row[9],
        "starts_at": row[10],
        "ends_at": row[11],
        "timezone": row[12],
        "venue": {"type": row[13], "name": row[14], "address": row[15], "url": row[16]},
        "capacity": row[17],
        "registered_count": row[18],
        "waitlisted_count": row[19],
        "questions": row[20],
        "banner_url": addresses.banner(row[21]),
        "updated_at": row[22],
    }
