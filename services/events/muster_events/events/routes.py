"""HTTP of events for those who run them."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from flask import Response, request
from pydantic import Field
from sqlalchemy.orm import Session

from muster_events.errors import FinanceForbidden
from muster_events.events import queries, use_cases
from muster_events.events.access import acting_org, locked_event, staff_event
from muster_events.events.models import Event, Status
from muster_events.events.moments import read_span
from muster_events.events.schemas import CancelBody, DuplicateBody, EventPatch, NewEvent, NewSeries
from muster_events.events.views import EventPage, EventView, LogEntryView, SeriesView, etag_of
from muster_events.pages.qr import qr_response
from muster_events.parts import EventsParts
from muster_shared.auth import Principal
from muster_shared.auth.guards import scoped
from muster_shared.web import Answer, Page, PageQuery, Routes, Zone, page_answer, read_cursor
from muster_shared.web.app import part
from muster_shared.web.etags import check_version

routes = Routes("events", prefix="/api/events", tag="events")


class MineQuery(PageQuery):
    """Which of the caller's events: of one organisation, in one state, in a span of time."""

    org_id: UUID | None = None
    status: Status | None = None
    series_id: UUID | None = None
    from_: Annotated[str | None, Field(alias="from", max_length=40)] = None
    to: Annotated[str | None, Field(max_length=40)] = None
    timezone: Zone | None = None
    order: Literal["soonest", "latest"] = "soonest"


def _answer(session: Session, event: Event, *, status: int = 200) -> Answer:
    headers = {"Location": f"/api/events/{event.id}"} if status == 201 else {}
    view = queries.view_of(session, event, part(EventsParts).addresses)
    return Answer(view, status=status, headers={**headers, "ETag": etag_of(view)})


def _locked(session: Session, principal: Principal, event_id: UUID) -> Event:
    event = locked_event(session, part(EventsParts).memberships, principal, event_id)
    check_version(request, event.version)
    return event


def _check_finance(principal: Principal, body: NewEvent) -> None:
    if body.finance is not None and principal.is_service_key and "finance:write" not in principal.scopes:
        raise FinanceForbidden


@routes.post("", guard=scoped("events:write"), body=NewEvent, answers={201: EventView}, idempotent=True)
def create_event(*, body: NewEvent, session: Session, principal: Principal) -> Answer:
    """Create an event, with its crew and finance if given; `publish` it at once"""
    org_id = acting_org(part(EventsParts).memberships, principal, body.org_id)
    _check_finance(principal, body)
    event = use_cases.create_event(session, actor=principal, command=body.to_command(org_id=org_id))
    return _answer(session, event, status=201)


@routes.post("/series", guard=scoped("events:write"), body=NewSeries, answers={201: SeriesView}, idempotent=True)
def create_series(*, body: NewSeries, session: Session, principal: Principal) -> Answer:
    """Create every event of a recurring series at once; each is then an event of its own"""
    parts = part(EventsParts)
    org_id = acting_org(parts.memberships, principal, body.org_id)
    _check_finance(principal, body)
    made = use_cases.create_series(session, actor=principal, command=body.to_command(org_id=org_id), rrule=body.rrule)
    views = queries.views_of(session, made, parts.addresses)
    return Answer(SeriesView(series_id=made[0].series_id or made[0].id, items=views), status=201)


@routes.get("/mine", guard=scoped("events:read"), query=MineQuery, answers={200: EventPage})
def my_events(*, query: MineQuery, session: Session, principal: Principal) -> Answer:
    """Events of the caller's organisations, drafts and all"""
    parts = part(EventsParts)
    org_ids = parts.memberships.asked(principal, query.org_id)
    starting_from, until = read_span(query.from_, query.to, timezone=query.timezone)
    scope = f"mine:{principal.label}:{query.model_dump_json(exclude={'limit', 'cursor'})}"
    seen = read_cursor(query.cursor, scope=scope)
    events = queries.events_of(
        session,
        org_ids,
        status=query.status,
        starting_from=starting_from,
        until=until,
        series_id=query.series_id,
        newest_first=query.order == "latest",
        after=(datetime.fromisoformat(seen[0]), UUID(seen[1])) if seen else None,
        rows=query.limit + 1,
    )
    views = queries.views_of(session, events, parts.addresses)
    return Answer(
        page_answer(
            views,
            limit=query.limit,
            scope=scope,
            key=lambda view: (view.starts_at, view.id),
            view=lambda view: view.model_dump(mode="json"),
        )
    )


@routes.patch("/<uuid:event_id>", guard=scoped("events:write"), body=EventPatch, answers={200: EventView}, errors=[412])
def edit_event(*, event_id: UUID, body: EventPatch, session: Session, principal: Principal) -> Answer:
    """Change what is given, if `If-Match` (when sent) still names the version that was read"""
    event = _locked(session, principal, event_id)
    use_cases.edit_event(session, actor=principal, event=event, changes=body.changes())
    return _answer(session, event)


@routes.delete("/<uuid:event_id>", guard=scoped("events:write"), errors=[412])
def delete_event(*, event_id: UUID, session: Session, principal: Principal) -> Answer:
    """Delete a draft"""
    use_cases.delete_event(session, actor=principal, event=_locked(session, principal, event_id))
    return Answer(None, status=204)


@routes.post("/<uuid:event_id>/publish", guard=scoped("events:write"), answers={200: EventView}, errors=[412])
def publish_event(*, event_id: UUID, session: Session, principal: Principal) -> Answer:
    """Publish a draft"""
    event = _locked(session, principal, event_id)
    return _answer(session, use_cases.publish_event(session, actor=principal, event=event))


@routes.post(
    "/<uuid:event_id>/cancel", guard=scoped("events:write"), body=CancelBody, answers={200: EventView}, errors=[412]
)
def cancel_event(*, event_id: UUID, body: CancelBody, session: Session, principal: Principal) -> Answer:
    """Call an event off; crew and registered people are told"""
    event = _locked(session, principal, event_id)
    use_cases.cancel_event(session, actor=principal, event=event, reason=body.reason)
    return _answer(session, event)


@routes.post("/<uuid:event_id>/complete", guard=scoped("events:write"), answers={200: EventView}, errors=[412])
def complete_event(*, event_id: UUID, session: Session, principal: Principal) -> Answer:
    """Close an event that has begun"""
    event = _locked(session, principal, event_id)
    return _answer(session, use_cases.complete_event(session, actor=principal, event=event))


@routes.post(
    "/<uuid:event_id>/duplicate",
    guard=scoped("events:write"),
    body=DuplicateBody,
    answers={201: EventView},
    idempotent=True,
)
def duplicate_event(*, event_id: UUID, body: DuplicateBody, session: Session, principal: Principal) -> Answer:
    """Make a draft like it at another time"""
    event = staff_event(session, part(EventsParts).memberships, principal, event_id)
    copy = use_cases.duplicate_event(
        session,
        actor=principal,
        event=event,
        starts_at=body.starts_at,
        shift_days=body.shift_days,
        title=body.title,
    )
    return _answer(session, copy, status=201)


@routes.get("/<uuid:event_id>/log", guard=scoped("events:read"), query=PageQuery, answers={200: Page[LogEntryView]})
def event_log(*, event_id: UUID, query: PageQuery, session: Session, principal: Principal) -> Answer:
    """What was done with an event and by whom, newest first"""
    staff_event(session, part(EventsParts).memberships, principal, event_id)
    scope = f"log:{event_id}"
    seen = read_cursor(query.cursor, scope=scope)
    rows = queries.log_of(session, event_id, after=UUID(seen[0]) if seen else None, rows=query.limit + 1)
    return Answer(
        page_answer(
            rows,
            limit=query.limit,
            scope=scope,
            key=lambda row: (row["id"],),
            view=lambda row: LogEntryView(**row).model_dump(mode="json"),
        )
    )


@routes.get("/<uuid:event_id>/page-qr.svg", guard=scoped("events:read"), answers={200: "image/svg+xml"})
def page_qr(*, event_id: UUID, session: Session, principal: Principal) -> Response:
    """The QR code of the published page, to print"""
    parts = part(EventsParts)
    event = staff_event(session, parts.memberships, principal, event_id)
    return qr_response(parts.addresses.page(event.guest_code))
