"""Reads of events for those who run them; the public ones are in `listing`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text, tuple_
from sqlalchemy.orm import Session

from muster_events.crew.queries import assignments_of
from muster_events.events.models import Event, Status
from muster_events.events.views import Addresses, EventView, event_view
from muster_shared.messages.events import EventFacts

_LOG = text(
    "SELECT id, actor, actor_name, action, changed, request_id, at FROM event_log WHERE event_id = :event_id"
    " AND (CAST(:after AS uuid) IS NULL OR id < CAST(:after AS uuid)) ORDER BY id DESC LIMIT :rows"
)


def view_of(session: Session, event: Event, addresses: Addresses) -> EventView:
    """The staff's view of one event, its crew with it."""
    return event_view(event, assignments_of(session, [event.id]).get(event.id, []), addresses)


def views_of(session: Session, events: Sequence[Event], addresses: Addresses) -> list[EventView]:
    """As `view_of`, for many: one query for all their crews."""
    crews = assignments_of(session, [event.id for event in events]) if events else {}
    return [event_view(event, crews.get(event.id, []), addresses) for event in events]


def events_of(
    session: Session,
    org_ids: Sequence[UUID],
    *,
    status: Status | None = None,
    starting_from: datetime | None = None,
    until: datetime | None = None,
    series_id: UUID | None = None,
    newest_first: bool,
    after: tuple[datetime, UUID] | None,
    rows: int,
) -> list[Event]:
    """Events of some organisations by start, either way; `after` are the sort values of the last one seen."""
    key = tuple_(Event.starts_at, Event.id)
    statement = select(Event).where(Event.org_id.in_(org_ids)).limit(rows)
    statement = statement.order_by(*([Event.starts_at.desc(), Event.id.desc()] if newest_first else [key]))
    if status is not None:
        statement = statement.where(Event.status == status.value)
    if series_id is not None:
        statement = statement.where(Event.series_id == series_id)
    if starting_from is not None:
        statement = statement.where(Event.starts_at >= starting_from)
    if until is not None:
        statement = statement.where(Event.starts_at < until)
    if after is not None:
        statement = statement.where(key < after if newest_first else key > after)
    return list(session.execute(statement).scalars())


def log_of(session: Session, event_id: UUID, *, after: UUID | None, rows: int) -> list[dict[str, Any]]:
    """What was done with an event, newest first."""
    found = session.execute(_LOG, {"event_id": event_id, "after": after, "rows": rows})
    return [dict(row) for row in found.mappings()]


def published_facts(facts: EventFacts, *, org_name: str, description: str) -> dict[str, Any]:
    """What another service gets that asks for an event: the data of `event.changed.v1` and a little more."""
    return {
        "event": facts.model_dump(mode="json"),
        "was_slug": None,
        "org_name": org_name,
        "description": description,
    }
