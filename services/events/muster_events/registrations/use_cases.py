"""Cancelling a registration, sending its mail once more."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from muster_events.audit import audit
from muster_events.errors import RegistrationNotFound, RegistrationSettled
from muster_events.events.models import Event, Status
from muster_events.registrations.models import Registration, RegistrationStatus
from muster_events.registrations.registering import Registered
from muster_events.registrations.telling import tell
from muster_events.registrations.waitlist import promote_waiting
from muster_shared import clock
from muster_shared.auth.principal import Principal
from muster_shared.ids import new_id


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


def tell_audit(session: Session, actor: Principal, what: str, registration: Registration | Registered) -> None:
    """Tells the audit log what somebody of the organisation did with an attendee's registration."""
    audit.record(
        session,
        actor,
        action=f"registration.{what}",
        org_id=registration.org_id,
        target_id=registration.id,
        changes={"event_id": str(registration.event_id)},
    )
