"""HTTP of events for anybody: the listing, the search, and one event."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from flask import Response
from pydantic import Field

from muster_events.errors import EventNotFound
from muster_events.events import access, listing, queries
from muster_events.events.models import Event, VenueType
from muster_events.events.moments import read_span
from muster_events.events.public_reads import CACHE_CONTROL, Finished
from muster_events.events.views import AnyEvent, EventView, PublicEvent, PublicPage, etag_of
from muster_events.parts import EventsParts
from muster_events.registrations.queries import is_registered
from muster_shared import clock
from muster_shared.auth import Principal
from muster_shared.auth.guards import optional, public
from muster_shared.web import Answer, Line, PageQuery, Routes, Zone, encode_cursor, read_cursor
from muster_shared.web.app import part

routes = Routes("public_events", prefix="/api/events", tag="public events")


class ListingQuery(PageQuery):
    """Filters of the listing. `from` and `to` take a time with its offset, or a date or local time of `timezone`."""

    q: Annotated[Line | None, Field(max_length=200)] = None
    category: Annotated[Line | None, Field(max_length=60)] = None
    from_: Annotated[str | None, Field(alias="from", max_length=40)] = None
    to: Annotated[str | None, Field(max_length=40)] = None
    timezone: Zone | None = None
    venue_type: VenueType | None = None


def _response(finished: Finished) -> Response:
    headers = [("ETag", finished.etag), ("Cache-Control", CACHE_CONTROL)]
    return Response(finished.body, headers=headers, content_type="application/json")


@routes.get("", guard=public(), query=ListingQuery, answers={200: PublicPage})
def list_events(*, query: ListingQuery) -> Response:
    """Public events, soonest first, upcoming unless `from` says otherwise"""
    parts = part(EventsParts)
    return _response(parts.reads.answer(("list", query), lambda: _page(parts, query)))


def _page(parts: EventsParts, query: ListingQuery) -> dict[str, Any]:
    starting_from, until = read_span(query.from_, query.to, timezone=query.timezone)
    scope = f"listing:{query.q}:{query.category}:{query.venue_type}:{query.from_}:{query.to}:{query.timezone}"
    seen = read_cursor(query.cursor, scope=scope)
    words = None if query.q is None else listing.words_of(query.q)
    if query.q is not None and words is None and query.q:
        return {"items": [], "next_cursor": None}
    filters = listing.Filters(
        starting_from=starting_from or clock.now(),
        until=until,
        words=words,
        category=query.category,
        venue_type=query.venue_type,
    )
    after = (datetime.fromisoformat(seen[0]), UUID(seen[1])) if seen else None
    rows = listing.listed(parts.database, filters, after=after, rows=query.limit + 1)
    shown = rows[: query.limit]
    more = len(rows) > query.limit
    return {
        "items": [listing.public_event(row, parts.addresses) for row in shown],
        "next_cursor": encode_cursor(*listing.key_of(shown[-1]), scope=scope) if more else None,
    }


@routes.get("/<uuid:event_id>", guard=optional(), answers={200: AnyEvent})
def get_event(*, event_id: UUID, principal: Principal) -> Response | Answer:
    """One event: all of it for its organisation, what is public for everybody else"""
    parts = part(EventsParts)
    if not principal.is_anonymous:
        answer = _for_known(event_id, principal)
        if answer is not None:
            return answer
    return _response(parts.reads.answer(("event", event_id), lambda: _public(parts, event_id)))


def _public(parts: EventsParts, event_id: UUID, *, private_too: bool = False) -> dict[str, Any]:
    row = listing.one(parts.database, event_id, private_too=private_too)
    if row is None:
        raise EventNotFound
    return listing.public_event(row, parts.addresses)


def _for_known(event_id: UUID, principal: Principal) -> Answer | None:
    """The staff's view for staff, a private event for who is registered; None: they see what anybody does."""
    parts = part(EventsParts)
    with parts.database.transaction() as session:
        event = session.get(Event, event_id)
        if event is None:
            raise EventNotFound
        if access.is_member(parts.memberships, principal, event.org_id, scope="events:read"):
            view: EventView = queries.view_of(session, event, parts.addresses)
            return Answer(view, headers={"ETag": etag_of(view)})
        if event.visibility != "private" or not is_registered(session, event_id, principal):
            return None
    return Answer(PublicEvent.model_validate(_public(parts, event_id, private_too=True)))
