"""HTTP of registrations: registering, one's own, by a mail's link, and the attendee list."""

from contextlib import nullcontext
from uuid import UUID

from flask import Response, request
from sqlalchemy.orm import Session

from muster_events.audit import audit
from muster_events.errors import RegistrationNotFound
from muster_events.events.access import is_member, staff_event
from muster_events.events.models import Event
from muster_events.parts import EventsParts
from muster_events.registrations import queries, registering, use_cases
from muster_events.registrations.csv_export import attendees_csv
from muster_events.registrations.models import Registration
from muster_events.registrations.people import command_of
from muster_events.registrations.schemas import (
    AttendeePage,
    AttendeeQuery,
    HeldPage,
    HeldRegistration,
    NewRegistration,
    RegistrationView,
)
from muster_events.registrations.waitlist import position_of
from muster_shared.auth import Principal
from muster_shared.auth.guards import optional, public, scoped, signed_in
from muster_shared.web import Answer, PageQuery, Routes, page_answer, read_cursor
from muster_shared.web.app import part
from muster_shared.web.rate_limit import Limit

routes = Routes("registrations", prefix="/api/events", tag="registrations")

# Each registration sends a mail to an address that anybody may have typed.
_MAILS_PER_ADDRESS = Limit("register_address", calls=20, seconds=3600)
_LAST_ID = UUID(int=2**128 - 1)
_FIRST_ID = UUID(int=0)


@routes.post(
    "/<uuid:event_id>/registrations",
    guard=optional(),
    body=NewRegistration,
    answers={201: RegistrationView},
    idempotent=True,
)
def register(*, event_id: UUID, body: NewRegistration, within: Session | None, principal: Principal) -> Answer:
    """Register for an event, with an account or only an e-mail address; who finds it full waits in the queue"""
    parts, is_staff = part(EventsParts), False
    if not principal.is_anonymous:
        door = registering.door_of(parts.database, event_id)
        is_staff = is_member(parts.memberships, principal, door.org_id, scope="events:write")
        door.refuse(is_staff=is_staff)
    command = command_of(body, principal, parts.wiring.auth, is_staff=is_staff)
    is_audited = is_staff and command.user_id is None
    # The audit log's entry commits with what it tells of.
    with parts.database.transaction() if is_audited and within is None else nullcontext(within) as session:
        done = registering.register(
            parts.database,
            session,
            event_id=event_id,
            command=command,
            is_staff=is_staff,
            limit=_MAILS_PER_ADDRESS if principal.is_anonymous else None,
        )
        if is_audited and session is not None:
            use_cases.tell_audit(session, principal, "added", done)
    view = queries.registration_view(done, position=done.position, addresses=parts.addresses)
    return Answer(view, status=201)


@routes.get(
    "/<uuid:event_id>/registrations",
    guard=scoped("events:read"),
    query=AttendeeQuery,
    answers={200: AttendeePage},
)
def list_attendees(
    *, event_id: UUID, query: AttendeeQuery, session: Session, principal: Principal
) -> Answer | Response:
    """The attendees in the order they came; all of them as CSV with `Accept: text/csv`"""
    event = staff_event(session, part(EventsParts).memberships, principal, event_id)
    if request.accept_mimetypes.best_match(["application/json", "text/csv"]) == "text/csv":
        audit.record(session, principal, action="event.attendees_exported", org_id=event.org_id, target_id=event.id)
        return _csv(session, event, query)
    scope = f"attendees:{event_id}:{query.status}"
    seen = read_cursor(query.cursor, scope=scope)
    found = queries.attendees_of(
        session,
        event_id,
        status=query.status,
        after=UUID(seen[0]) if seen else _FIRST_ID,
        rows=query.limit + 1,
    )
    return Answer(
        page_answer(
            found,
            limit=query.limit,
            scope=scope,
            key=lambda attendee: (attendee.id,),
            view=lambda attendee: attendee.model_dump(mode="json"),
        )
    )


def _csv(session: Session, event: Event, query: AttendeeQuery) -> Response:
    attendees = queries.all_attendees(session, event, status=query.status)
    response = Response(attendees_csv(attendees, event.questions), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="attendees-{event.id}.csv"'
    response.headers["Cache-Control"] = "no-store"
    return response


@routes.delete(
    "/<uuid:event_id>/registrations/<uuid:registration_id>",
    guard=scoped("events:write"),
    answers={200: RegistrationView},
)
def cancel_for_somebody(
    *, event_id: UUID, registration_id: UUID, session: Session, principal: Principal
) -> RegistrationView:
    """Cancel an attendee's registration"""
    staff_event(session, part(EventsParts).memberships, principal, event_id)
    return _cancel(session, registration_id, event_id, by=principal.label, actor=principal)


@routes.post(
    "/<uuid:event_id>/registrations/<uuid:registration_id>/resend",
    guard=scoped("events:write"),
    answers={202: RegistrationView},
    idempotent=True,
)
def resend(*, event_id: UUID, registration_id: UUID, session: Session, principal: Principal) -> Answer:
    """Send an attendee's mail once more"""
    parts = part(EventsParts)
    event = staff_event(session, parts.memberships, principal, event_id)
    registration = session.get(Registration, registration_id)
    if registration is None or registration.event_id != event.id:
        raise RegistrationNotFound
    position = position_of(session, registration)
    use_cases.resend(session, registration=registration, event=event, position=position)
    use_cases.tell_audit(session, principal, "resent", registration)
    view = queries.registration_view(registration, position=position, addresses=parts.addresses)
    return Answer(view, status=202)


@routes.get("/<uuid:event_id>/registrations/me", guard=signed_in(), answers={200: RegistrationView})
def my_registration(*, event_id: UUID, session: Session, principal: Principal) -> RegistrationView:
    """Whether and how the caller is registered"""
    registration = queries.registration_of(session, event_id, principal)
    return queries.view_of(session, registration, part(EventsParts).addresses)


@routes.delete("/<uuid:event_id>/registrations/me", guard=signed_in(), answers={200: RegistrationView})
def cancel_mine(*, event_id: UUID, session: Session, principal: Principal) -> RegistrationView:
    """Cancel the caller's registration; the seat goes to whoever has waited longest"""
    registration = queries.registration_of(session, event_id, principal)
    return _cancel(session, registration.id, event_id, by=principal.label)


@routes.get("/registered", guard=signed_in(), query=PageQuery, answers={200: HeldPage})
def registered_events(*, query: PageQuery, session: Session, principal: Principal) -> Answer:
    """What the caller has registered for, newest first"""
    user_id = principal.user_id or _FIRST_ID
    scope = f"registered:{user_id}"
    seen = read_cursor(query.cursor, scope=scope)
    found = queries.held_of(
        session,
        user_id=user_id,
        before=UUID(seen[0]) if seen else _LAST_ID,
        rows=query.limit + 1,
        addresses=part(EventsParts).addresses,
    )
    return Answer(
        page_answer(
            found,
            limit=query.limit,
            scope=scope,
            key=lambda one: (one.id,),
            view=lambda one: one.model_dump(mode="json"),
        )
    )


@routes.get("/registrations/<token>", guard=public(), answers={200: HeldRegistration}, errors=[410])
def registration_by_link(*, token: str, session: Session) -> HeldRegistration:
    """The registration that a mail's link is for"""
    parts = part(EventsParts)
    registration = queries.registration_by_link(session, token, secret=_link_secret())
    return queries.held_one(session, registration, parts.addresses)


@routes.delete("/registrations/<token>", guard=public(), answers={200: RegistrationView}, errors=[410])
def cancel_by_link(*, token: str, session: Session) -> RegistrationView:
    """Cancel the registration that a mail's link is for"""
    registration = queries.registration_by_link(session, token, secret=_link_secret())
    return _cancel(session, registration.id, registration.event_id, by="link")


def _link_secret() -> str:
    return part(EventsParts).settings.link_secret.get_secret_value()


def _cancel(
    session: Session, registration_id: UUID, event_id: UUID, *, by: str, actor: Principal | None = None
) -> RegistrationView:
    registration, _ = use_cases.cancel_registration(
        session, registration_id=registration_id, event_id=event_id, by=by, actor=actor
    )
    return queries.view_of(session, registration, part(EventsParts).addresses)
