"""Wire shapes of registrations."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from muster_events.events.views import PublicEvent
from muster_events.registrations.models import RegistrationStatus
from muster_shared.web import Body, Email, Line, Page, PageQuery, Text, UtcTime, View

Answers = dict[str, str | bool]


class NewRegistration(Body):
    """Who comes. With an account everything may be left out; without one, `name` and `email` are needed."""

    name: Annotated[Line, Field(min_length=1, max_length=120)] | None = None
    email: Email | None = None
    language: Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=20)] | None = None
    answers: Annotated[
        dict[Annotated[str, Field(max_length=40)], bool | Annotated[Text, Field(max_length=2000)]],
        Field(max_length=40),
    ] = {}


class TicketView(View):
    """What opens the door: its code, the code as QR, and the page to print."""

    code: str
    qr_svg_url: str
    url: str
    ics_url: str


class RegistrationView(View):
    """A registration; `position` is the place in the queue of who waits, `ticket` is for who is confirmed."""

    id: UUID
    event_id: UUID
    status: RegistrationStatus
    position: int | None
    name: str
    email: str
    answers: Answers
    ticket: TicketView | None
    created_at: UtcTime
    cancelled_at: UtcTime | None
    checked_in_at: UtcTime | None


class HeldRegistration(RegistrationView):
    """A registration and what it is for."""

    event: PublicEvent


class AttendeeView(View):
    """A line of the attendee list."""

    id: UUID
    status: RegistrationStatus
    name: str
    email: str
    answers: Answers
    ticket_code: str
    queue_number: int
    created_at: UtcTime
    promoted_at: UtcTime | None
    cancelled_at: UtcTime | None
    checked_in_at: UtcTime | None
    checked_in_by: str | None


class AttendeeQuery(PageQuery):
    """Attendees in the order they came, of one status or all."""

    status: RegistrationStatus | None = None


AttendeePage = Page[AttendeeView]
HeldPage = Page[HeldRegistration]
