"""The waitlist: whoever has waited longest gets the next seat, in the transaction that frees it."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from muster_events.events.models import Event, Status
from muster_events.registrations.models import Registration, RegistrationStatus
from muster_events.registrations.telling import tell
from muster_shared import clock


def promote_waiting(session: Session, event: Event) -> list[Registration]:
    """Confirms the longest waiting while there are seats; `event`'s row must be locked by the caller.

    Nobody is promoted to an event that is over or not published.
    """
    if event.status != Status.PUBLISHED or event.ends_at <= clock.now() or not event.waitlisted_count:
        return []
    free = event.waitlisted_count
    if event.capacity is not None:
        free = min(free, event.capacity - event.registered_count)
    if free <= 0:
        return []
    statement = (
        select(Registration)
        .where(Registration.event_id == event.id, Registration.status == RegistrationStatus.WAITLISTED.value)
        .order_by(Registration.queue_number)
        .limit(free)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    promoted = list(session.execute(statement).scalars())
    now = clock.now()
    for registration in promoted:
        registration.status = RegistrationStatus.CONFIRMED.value
        registration.promoted_at = registration.updated_at = now
        registration.told_sequence = event.details_sequence
    event.registered_count += len(promoted)
    event.waitlisted_count -= len(promoted)
    session.flush()
    for registration in promoted:
        tell(session, event, registration, reason="promoted")
    return promoted


def position_of(session: Session, registration: Registration) -> int | None:
    """The place in the queue, 1 for the next; None for who is not waiting."""
    if registration.status != RegistrationStatus.WAITLISTED:
        return None
    statement = select(func.count()).where(
        Registration.event_id == registration.event_id,
        Registration.status == RegistrationStatus.WAITLISTED.value,
        Registration.queue_number <= registration.queue_number,
    )
    return int(session.execute(statement).scalar_one())
