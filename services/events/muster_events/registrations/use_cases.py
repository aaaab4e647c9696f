"""Registering for an event, and cancelling. The database holds the capacity, whoever comes at once."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from muster_events.audit import audit
from muster_events.errors import AlreadyRegistered, RegistrationClosed, RegistrationNotFound, RegistrationSettled
from muster_events.events.codes import new_ticket_code
from muster_events.events.models import Event, Status
from muster_events.events.questions import answer_errors
from muster_events.registrations.models import Registration, RegistrationStatus
from muster_events.registrations.telling import tell
from muster_events.registrations.waitlist import promote_waiting
from muster_shared import clock
from muster_shared.auth.principal import Principal
from muster_shared.db import constraint_of
from muster_shared.ids import new_id
from muster_shared.problems import Invalid

# One statement takes the seat and writes who sits on it, so the event's row is locked for one round trip before
# the commit and not for four. The counter that is nought after the update tells a seat from a place in the queue:
# nobody gets a seat past those who wait.
_REGISTER = text(
    """
    WITH seat AS (
      UPDATE events SET
        last_queue_number = last_queue_number + 1,
        registered_count = registered_count
          + CASE WHEN waitlisted_count = 0 AND (capacity IS NULL OR registered_count < capacity) THEN 1 ELSE 0 END,
        waitlisted_count = waitlisted_count
          + CASE WHEN waitlisted_count = 0 AND (capacity IS NULL OR registered_count < capacity) THEN 0 ELSE 1 END
      WHERE id = :event_id AND status = 'published' AND ends_at > :now
      RETURNING org_id, waitlisted_count, last_queue_number, details_sequence
    )
    INSERT INTO registrations (id, org_id, event_id, user_id, name, email, email_key, language, status, queue_number,
      answers, ticket_code, link_version, told_sequence, told_cancelled, created_at, updated_at)
    SELECT :id, seat.org_id, :event_id, :user_id, :name, :email, :email_key, :language,
      CASE WHEN seat.waitlisted_count = 0 THEN 'confirmed' ELSE 'waitlisted' END, seat.last_queue_number,
      CAST(:answers AS jsonb), :ticket_code, 1, seat.details_sequence, false, :now, :now
    FROM seat
    RETURNING status, queue_number, told_sequence, (SELECT waitlisted_count FROM seat) AS position
    """
)
_UNIQUE = frozenset({"uq_registrations_event_email", "uq_registrations_event_user"})


@dataclass(frozen=True)
class Register:
    """Somebody who wants to come. `user_id` is set for who is signed in."""

    name: str
    email: str
    user_id: UUID | None = None
    language: str = "en"
    answers: dict[str, str | bool] = field(default_factory=dict)


@dataclass(frozen=True)
class Registered:
    """What came of it; `position` is the place in the queue of who has to wait."""

    registration: Registration
    position: int | None


def email_key(address: str) -> str:
    """The address as it is compared: few mail systems tell capitals apart, and people do not."""
    return address.casefold()


def register(session: Session, *, event: Event, command: Register) -> Registered:
    """Takes a seat, or a place in the queue when there is none or others wait.

    `event` need not be locked. Raises `Invalid` for answers that do not fit, `AlreadyRegistered`, and
    `RegistrationClosed` also when the event is cancelled at this very moment.
    """
    if errors := answer_errors(event.questions, command.answers):
        raise Invalid(errors=errors)
    now = clock.now()
    values: dict[str, Any] = {
        "id": new_id(),
        "event_id": event.id,
        "user_id": command.user_id,
        "name": command.name,
        "email": command.email,
        "email_key": email_key(command.email),
        "language": command.language,
        "ticket_code": new_ticket_code(),
    }
    names = {**values, "answers": orjson.dumps(command.answers).decode(), "now": now}
    try:
        row = session.execute(_REGISTER, names).first()
    except IntegrityError as error:
        if constraint_of(error) in _UNIQUE:
            raise AlreadyRegistered from error
        raise
    if row is None:
        raise RegistrationClosed
    registration = Registration(
        **values,
        org_id=event.org_id,
        status=row.status,
        queue_number=row.queue_number,
        answers=command.answers,
        link_version=1,
        told_sequence=row.told_sequence,
        created_at=now,
        updated_at=now,
    )
    is_waiting = row.status == RegistrationStatus.WAITLISTED
    position = row.position if is_waiting else None
    tell(session, event, registration, reason="waitlisted" if is_waiting else "registered", position=position)
    return Registered(registration=registration, position=position)


def cancel_registration(
    session: Session, *, registration_id: UUID, event_id: UUID, by: str, actor: Principal | None = None
) -> tuple[Registration, Event]:
    """Gives a place back; whoever has waited longest gets the seat in the same transaction.

    `actor` is who of the organisation did it. Repeating it changes nothing. Raises `RegistrationNotFound`, and
    `RegistrationSettled` for who has been let in or when the event is over.
    """
    # The event's row first, as registering does: two that cancel and register can wait, but not for each other.
    event = session.execute(
        select(Event).where(Event.id == event_id).with_for_update().execution_options(populate_existing=True)
    ).scalar_one_or_none()
    registration = session.execute(
        select(Registration)
        .where(Registration.id == registration_id, Registration.event_id == event_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if event is None or registration is None:
        raise RegistrationNotFound
    if registration.status == RegistrationStatus.CANCELLED:
        return registration, event
    if registration.checked_in_at is not None or (event.ends_at <= clock.now() and event.status != Status.CANCELLED):
        raise RegistrationSettled
    was_confirmed = registration.status == RegistrationStatus.CONFIRMED
    registration.status = RegistrationStatus.CANCELLED.value
    registration.cancelled_at = registration.updated_at = clock.now()
    registration.cancelled_by = by
    if was_confirmed:
        event.registered_count -= 1
    else:
        event.waitlisted_count -= 1
    session.flush()
    tell(session, event, registration, reason="cancelled")
    if actor is not None:
        tell_audit(session, actor, "cancelled", registration)
    promote_waiting(session, event)
    return registration, event


def resend(session: Session, *, registration: Registration, event: Event, position: int | None) -> None:
    """Sends the ticket, or the place in the queue, once more."""
    tell(
        session,
        event,
        registration,
        reason="resent",
        position=position,
        request_key=f"{registration.id}:resent:{new_id()}",
    )


def tell_audit(session: Session, actor: Principal, what: str, registration: Registration) -> None:
    """Tells the audit log what somebody of the organisation did with an attendee's registration."""
    audit.record(
        session,
        actor,
        action=f"registration.{what}",
        org_id=registration.org_id,
        target_id=registration.id,
        changes={"event_id": str(registration.event_id)},
    )
