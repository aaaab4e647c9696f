"""HTTP of the calendar: entries, feeds, and the feeds' own addresses."""

from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

from flask import Response
from pydantic import Field
from sqlalchemy.orm import Session

from muster_events.calendar import queries, use_cases
from muster_events.calendar.addresses import learn_address
from muster_events.calendar.schemas import EntryView, FeedKind, FeedView, NewEntry, NewFeed, NewFeedView
from muster_events.calendar.use_cases import AddEntry
from muster_events.errors import EntryNotFound, FeedNotFound
from muster_events.events.access import acting_org
from muster_events.events.moments import read_span
from muster_events.parts import EventsParts
from muster_shared import clock
from muster_shared.auth import Principal
from muster_shared.auth.guards import public, scoped, signed_in
from muster_shared.ics import CONTENT_TYPE, calendar_bytes
from muster_shared.problems import NotFound
from muster_shared.web import Answer, Page, PageQuery, Routes, Zone, page_answer, read_cursor
from muster_shared.web.app import part

routes = Routes("calendar", prefix="/api/calendar", tag="calendar")
feed_routes = Routes("feeds", prefix="/calendar", tag="calendar")

_LAST = datetime(2200, 1, 1, tzinfo=UTC)
_FIRST_ID = UUID(int=0)
_REFRESH = timedelta(hours=1)


class EntriesQuery(PageQuery):
    """Of one organisation or all of the caller's; from yesterday on unless `from` says otherwise."""

    org_id: UUID | None = None
    from_: Annotated[str | None, Field(alias="from", max_length=40)] = None
    to: Annotated[str | None, Field(max_length=40)] = None
    timezone: Zone | None = None


@routes.get("/entries", guard=scoped("events:read"), query=EntriesQuery, answers={200: Page[EntryView]})
def list_entries(*, query: EntriesQuery, session: Session, principal: Principal) -> Answer:
    """The organisation's calendar: every event, and entries of its own"""
    org_ids = part(EventsParts).memberships.asked(principal, query.org_id)
    first, until = read_span(query.from_, query.to, timezone=query.timezone)
    scope = f"entries:{principal.label}:{query.model_dump_json(exclude={'limit', 'cursor'})}"
    seen = read_cursor(query.cursor, scope=scope)
    after = (first or clock.now() - timedelta(days=1), _FIRST_ID)
    if seen:
        after = (datetime.fromisoformat(seen[0]), UUID(seen[1]))
    entries = queries.entries_of(session, org_ids, after=after, until=until or _LAST, rows=query.limit + 1)
    return Answer(
        page_answer(
            entries,
            limit=query.limit,
            scope=scope,
            key=lambda entry: (entry.starts_at, entry.id),
            view=lambda entry: entry.model_dump(mode="json"),
        )
    )


@routes.post("/entries", guard=scoped("calendar:write"), body=NewEntry, answers={201: EntryView}, idempotent=True)
def create_entry(*, body: NewEntry, session: Session, principal: Principal) -> Answer:
    """Put an entry into the organisation's calendar"""
    org_id = acting_org(part(EventsParts).memberships, principal, body.org_id)
    command = AddEntry(
        org_id=org_id,
        title=body.title,
        starts_at=body.starts_at,
        ends_at=body.ends_at,
        timezone=body.timezone,
        notes=body.notes,
    )
    return Answer(use_cases.add_entry(session, actor=principal, command=command), status=201)


@routes.delete("/entries/<uuid:entry_id>", guard=scoped("calendar:write"))
def delete_entry(*, entry_id: UUID, session: Session, principal: Principal) -> Answer:
    """Take an entry out; an event's goes with the event"""
    try:
        org_id = use_cases.entry_org(session, entry_id)
        part(EventsParts).memberships.require(principal, org_id)
    except NotFound:
        raise EntryNotFound from None
    use_cases.delete_entry(session, entry_id, org_id=org_id, actor=principal)
    return Answer(None, status=204)


@routes.post("/feeds", guard=signed_in(), body=NewFeed, answers={201: NewFeedView}, idempotent=True, sensitive=True)
def create_feed(*, body: NewFeed, session: Session, principal: Principal) -> Answer:
    """Make a feed that calendar programs subscribe to; its address is shown once"""
    parts = part(EventsParts)
    org_id = None
    if body.kind is FeedKind.ORGANIZATION:
        org_id = acting_org(parts.memberships, principal, body.org_id)
    feed, token = use_cases.create_feed(session, actor=principal, kind=body.kind, org_id=org_id, label=body.label)
    url = f"{parts.settings.public_origin}/calendar/{token}.ics"
    webcal_url = "webcal://" + url.split("://", 1)[1]
    return Answer(NewFeedView(**feed.model_dump(), url=url, webcal_url=webcal_url), status=201)


@routes.get("/feeds", guard=signed_in(), query=PageQuery, answers={200: Page[FeedView]})
def list_feeds(*, query: PageQuery, session: Session, principal: Principal) -> Answer:
    """The caller's feeds and those of their organisations"""
    org_ids = list(part(EventsParts).memberships.organizations_of(principal))
    scope = f"feeds:{principal.label}"
    seen = read_cursor(query.cursor, scope=scope)
    feeds = queries.feeds_of(
        session,
        user_id=principal.user_id,
        org_ids=org_ids,
        after=UUID(seen[0]) if seen else _FIRST_ID,
        rows=query.limit + 1,
    )
    return Answer(
        page_answer(
            feeds,
            limit=query.limit,
            scope=scope,
            key=lambda feed: (feed.id,),
            view=lambda feed: feed.model_dump(mode="json"),
        )
    )


@routes.delete("/feeds/<uuid:feed_id>", guard=signed_in())
def revoke_feed(*, feed_id: UUID, session: Session, principal: Principal) -> Answer:
    """End a feed: its address is dead at once"""
    org_ids = list(part(EventsParts).memberships.organizations_of(principal))
    use_cases.revoke_feed(session, actor=principal, feed_id=feed_id, org_ids=org_ids)
    return Answer(None, status=204)


@feed_routes.page("/<token>.ics", guard=public())
def read_feed(*, token: str) -> Response:
    """The feed itself"""
    if len(token) > 100:
        raise FeedNotFound
    wiring = part(EventsParts).wiring
    # No transaction is open while auth is asked.
    learn_address(wiring.database, wiring.auth, token)
    with wiring.database.transaction() as session:
        feed = queries.feed_of(session, token)
    response = Response(calendar_bytes(feed.items, name=feed.name, refresh=_REFRESH), content_type=CONTENT_TYPE)
    response.add_etag()
    response.headers["Cache-Control"] = "private, max-age=0, must-revalidate"
    response.headers["Content-Disposition"] = 'inline; filename="muster.ics"'
    return response
