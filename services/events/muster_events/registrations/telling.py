"""Saying that a registration changed: to its owner by mail, and to webhooks."""

from typing import Literal

from sqlalchemy.orm import Session

from muster_events.events.facts import facts_of
from muster_events.events.models import Event
from muster_events.registrations.models import Registration, RegistrationStatus
from muster_events.webhooks.announce import announce
from muster_shared.clock import rfc3339
from muster_shared.messages.events import RegistrationChanged
from muster_shared.messaging import outbox

Reason = Literal["registered", "waitlisted", "promoted", "cancelled", "event_changed", "event_cancelled", "resent"]
_ANNOUNCED = {
    "registered": "registration.created",
    "waitlisted": "registration.created",
    "promoted": "registration.promoted",
    "cancelled": "registration.cancelled",
}


def tell(
    session: Session,
    event: Event,
    registration: Registration,
    *,
    reason: Reason,
    position: int | None = None,
    request_key: str | None = None,
) -> None:
    """Has the registered person mailed and webhooks called, for `reason`, once per `request_key`."""
    confirmed = registration.status == RegistrationStatus.CONFIRMED
    outbox.emit(
        session,
        RegistrationChanged(
            event=facts_of(event),
            registration_id=registration.id,
            link_version=registration.link_version,
            name=registration.name,
            email=registration.email,
            language=registration.language,
            status=registration.status,
            reason=reason,
            ticket_code=registration.ticket_code if confirmed else None,
            position=position,
            request_key=request_key or f"{registration.id}:{reason}:{registration.link_version}",
        ),
        key=event.id,
    )
    if reason in _ANNOUNCED:
        announce(
            session,
            org_id=event.org_id,
            kind=_ANNOUNCED[reason],
            data={
                "id": registration.id,
                "event_id": event.id,
                "status": registration.status,
                "name": registration.name,
                "created_at": rfc3339(registration.created_at),
            },
        )
