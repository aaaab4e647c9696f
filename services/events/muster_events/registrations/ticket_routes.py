"""HTTP of tickets at `/t`: the page to show or print, its QR code, its calendar entry. Whoever has the code reads."""

from flask import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from muster_events.errors import TicketNotFound
from muster_events.events.codes import read_ticket_code
from muster_events.events.models import Event, Status
from muster_events.pages.qr import qr_response
from muster_events.pages.small import missing_page, ticket_page
from muster_events.parts import EventsParts
from muster_events.registrations.models import Registration, RegistrationStatus
from muster_shared.auth.guards import public
from muster_shared.ics import CONTENT_TYPE, CalendarItem, calendar_bytes, uid_of
from muster_shared.web import Routes
from muster_shared.web.app import part
from muster_shared.web.html import html_response

routes = Routes("tickets", prefix="/t", tag="tickets")

_LONGEST_CODE = 40


def _ticket(session: Session, code: str) -> tuple[Registration, Event]:
    if len(code) > _LONGEST_CODE:
        raise TicketNotFound
    statement = select(Registration).where(Registration.ticket_code == read_ticket_code(code))
    registration = session.execute(statement).scalar_one_or_none()
    event = session.get(Event, registration.event_id) if registration is not None else None
    if registration is None or event is None:
        raise TicketNotFound
    return registration, event


@routes.page("/<code>", guard=public())
def show_ticket(*, code: str, session: Session) -> Response:
    """The ticket as a page to show or print"""
    try:
        registration, event = _ticket(session, code)
    except TicketNotFound as problem:
        page = missing_page(title="There is no such ticket", text="Its code may be mistyped, or the event is gone.")
        return html_response(page, status=problem.status)
    organization = part(EventsParts).wiring.organizations.get(event.org_id) or {}
    return html_response(ticket_page(event, registration, org_name=str(organization.get("name", ""))))


@routes.page("/<code>.svg", guard=public())
def ticket_qr(*, code: str, session: Session) -> Response:
    """The ticket's QR code: its address, which the door's page reads and any phone opens"""
    registration, _ = _ticket(session, code)
    if registration.status != RegistrationStatus.CONFIRMED:
        raise TicketNotFound
    return qr_response(part(EventsParts).addresses.ticket(registration.ticket_code))


@routes.page("/<code>.ics", guard=public())
def ticket_calendar(*, code: str, session: Session) -> Response:
    """The event for a calendar program"""
    registration, event = _ticket(session, code)
    is_off = event.status == Status.CANCELLED or registration.status == RegistrationStatus.CANCELLED
    item = CalendarItem(
        uid=uid_of(event.id),
        sequence=event.ics_sequence + (1 if is_off and event.status != Status.CANCELLED else 0),
        status="CANCELLED" if is_off else "CONFIRMED",
        summary=event.title,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        timezone=event.timezone,
        stamp=event.updated_at,
        description=event.description,
        location=", ".join(text for text in (event.venue_name, event.venue_address) if text),
        url=event.venue_url,
    )
    response = Response(calendar_bytes([item]), content_type=CONTENT_TYPE)
    response.headers["Content-Disposition"] = 'attachment; filename="event.ics"'
    return response
