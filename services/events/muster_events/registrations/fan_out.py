"""Telling everybody registered that an event moved or was called off: a little later, in batches, once each."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from muster_events.events.models import Event, Status
from muster_events.registrations.models import Registration, RegistrationStatus
from muster_events.registrations.telling import tell
from muster_shared import clock
from muster_shared.db import Database

# A burst of edits gives one mail.
_QUIET = timedelta(seconds=5)
_BATCH = 200
_DUE = text("SELECT id FROM events WHERE tell_registered_at <= :now ORDER BY tell_registered_at LIMIT 100")


def tell_registered_later(event: Event) -> None:
    """Has the registered people told once the event has been left alone for some seconds."""
    if event.status == Status.PUBLISHED:
        event.tell_registered_at = clock.now() + _QUIET


def tell_due(database: Database) -> None:
    """Tells the people of every event that is due. May be cut off anywhere and run again."""
    with database.read() as connection:
        due = connection.execute(_DUE, {"now": clock.now()}).scalars().all()
    for event_id in due:
        while _tell_some(database, event_id):
            pass


def _tell_some(database: Database, event_id: UUID) -> bool:
    """Tells one batch; whether there may be more."""
    with database.transaction() as session:
        event = session.execute(
            select(Event).where(Event.id == event_id).with_for_update().execution_options(populate_existing=True)
        ).scalar_one_or_none()
        if event is None or event.tell_registered_at is None or event.tell_registered_at > clock.now():
            return False
        batch = _untold(session, event) if event.ends_at > clock.now() else []
        is_off = event.status == Status.CANCELLED
        for registration in batch:
            registration.told_sequence = event.details_sequence
            registration.told_cancelled = is_off
            key = f"{registration.id}:{'off' if is_off else event.details_sequence}"
            reason = "event_cancelled" if is_off else "event_changed"
            tell(session, event, registration, reason=reason, request_key=key)  # type: ignore[arg-type]  # one of both
        if len(batch) < _BATCH:
            event.tell_registered_at = None
            return False
        return True


def _untold(session: Session, event: Event) -> list[Registration]:
    statement = (
        select(Registration)
        .where(
            Registration.event_id == event.id,
            Registration.status != RegistrationStatus.CANCELLED.value,
            Registration.told_cancelled.is_(False)
            if event.status == Status.CANCELLED
            else Registration.told_sequence < event.details_sequence,
        )
        .order_by(Registration.id)
        .limit(_BATCH)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(session.execute(statement).scalars())
