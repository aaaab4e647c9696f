"""Reads of registrations."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from muster_events.errors import LinkDead, RegistrationNotFound
from muster_events.events import listing
from muster_events.events.models import Event
from muster_events.events.views import Addresses, PublicEvent
from muster_events.registrations.models import Registration, RegistrationStatus
from muster_events.registrations.schemas import AttendeeView, HeldRegistration, RegistrationView, TicketView
from muster_events.registrations.waitlist import position_of
from muster_shared.auth import links
from muster_shared.auth.principal import Principal

LINK_AUDIENCE = "registration-link"
_ROWS_AT_ONCE = 1000

_IS_REGISTERED = text(
    "SELECT 1 FROM registrations WHERE event_id = :event_id AND user_id = :user_id AND status <> 'cancelled'"
)
_ATTENDEES = text(
    "SELECT id, status, name, email, answers, ticket_code, queue_number, created_at, promoted_at, cancelled_at,"
    " checked_in_at, checked_in_by FROM registrations WHERE event_id = :event_id AND id > :after"
    " AND (CAST(:status AS text) IS NULL OR status = :status) ORDER BY id LIMIT :rows"
)
# The place in the queue of each that waits, and the event, in one go for a page of them.
_HELD = text(
    "SELECT r.id, r.event_id, r.status, r.name, r.email, r.answers, r.ticket_code, r.created_at, r.cancelled_at,"
    " r.checked_in_at, CASE WHEN r.status = 'waitlisted' THEN (SELECT count(*) FROM registrations w"
    "   WHERE w.event_id = r.event_id AND w.status = 'waitlisted' AND w.queue_number <= r.queue_number) END AS position"
    " FROM registrations r WHERE r.user_id = :user_id AND r.id < :before ORDER BY r.id DESC LIMIT :rows"
)


def is_registered(session: Session, event_id: UUID, principal: Principal) -> bool:
    """Whether the caller's account has a living registration for the event."""
    if principal.user_id is None:
        return False
    names = {"event_id": event_id, "user_id": principal.user_id}
    return session.execute(_IS_REGISTERED, names).first() is not None


def registration_of(session: Session, event_id: UUID, principal: Principal) -> Registration:
    """The caller's living registration, or their latest cancelled one. Raises `RegistrationNotFound`."""
    statement = (
        select(Registration)
        .where(Registration.event_id == event_id, Registration.user_id == principal.user_id)
        .order_by((Registration.status == RegistrationStatus.CANCELLED.value), Registration.id.desc())
        .limit(1)
    )
    found = session.execute(statement).scalar_one_or_none()
    if found is None:
        raise RegistrationNotFound
    return found


def registration_by_link(session: Session, token: str, *, secret: str) -> Registration:
    """The registration that a mail's link is for. Raises `LinkDead` for one that has expired or was replaced."""
    try:
        claims = links.verify(secret=secret, audience=LINK_AUDIENCE, token=token)
    except links.LinkRefused as refused:
        raise (LinkDead() if refused.expired else RegistrationNotFound()) from refused
    registration = session.get(Registration, claims.subject)
    if registration is None or registration.link_version != claims.version:
        raise LinkDead
    return registration


def ticket_view(code: str, addresses: Addresses) -> TicketView:
    """A ticket's addresses."""
    url = addresses.ticket(code)
    return TicketView(code=code, qr_svg_url=f"{url}.svg", url=url, ics_url=f"{url}.ics")


def view_of(session: Session, registration: Registration, addresses: Addresses) -> RegistrationView:
    """One registration as its owner sees it."""
    return registration_view(registration, position=position_of(session, registration), addresses=addresses)


def registration_view(row: Any, *, position: int | None, addresses: Addresses) -> RegistrationView:
    """A registration, or a row with its columns, as its owner sees it."""
    is_confirmed = row.status == RegistrationStatus.CONFIRMED
    return RegistrationView(
        id=row.id,
        event_id=row.event_id,
        status=RegistrationStatus(row.status),
        position=position,
        name=row.name,
        email=row.email,
        answers=row.answers,
        ticket=ticket_view(row.ticket_code, addresses) if is_confirmed else None,
        created_at=row.created_at,
        cancelled_at=row.cancelled_at,
        checked_in_at=row.checked_in_at,
    )


def held_of(
    session: Session, *, user_id: UUID, before: UUID, rows: int, addresses: Addresses
) -> list[HeldRegistration]:
    """What an account is registered for, newest first, each with its event: two queries however many."""
    found = session.execute(_HELD, {"user_id": user_id, "before": before, "rows": rows}).all()
    events = listing.some(session.connection(), [row.event_id for row in found])
    return [
        held(
            registration_view(row, position=row.position, addresses=addresses),
            PublicEvent.model_validate(listing.public_event(events[row.event_id], addresses)),
        )
        for row in found
    ]


def held_one(session: Session, registration: Registration, addresses: Addresses) -> HeldRegistration:
    """One registration with its event."""
    event = listing.some(session.connection(), [registration.event_id])[registration.event_id]
    return held(
        view_of(session, registration, addresses),
        PublicEvent.model_validate(listing.public_event(event, addresses)),
    )


def held(view: RegistrationView, event: PublicEvent) -> HeldRegistration:
    """A registration and its event as one."""
    return HeldRegistration(**{name: getattr(view, name) for name in RegistrationView.model_fields}, event=event)


def attendees_of(
    session: Session, event_id: UUID, *, status: RegistrationStatus | None, after: UUID, rows: int
) -> list[AttendeeView]:
    """Attendees in the order they came, beginning after `after`."""
    names = {"event_id": event_id, "status": status.value if status else None, "after": after, "rows": rows}
    return [AttendeeView(**row) for row in session.execute(_ATTENDEES, names).mappings()]


def all_attendees(session: Session, event: Event, *, status: RegistrationStatus | None) -> Iterator[AttendeeView]:
    """Every attendee, read a thousand at a time."""
    after = UUID(int=0)
    while True:
        some = attendees_of(session, event.id, status=status, after=after, rows=_ROWS_AT_ONCE)
        yield from some
        if len(some) < _ROWS_AT_ONCE:
            return
        after = some[-1].id
