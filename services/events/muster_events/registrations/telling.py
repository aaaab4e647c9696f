"""Saying that a registration changed: to its owner by mail, and to webhooks."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy.orm import Session

from muster_events.events.facts import facts_of
from muster_events.events.models import Event
from muster_events.registrations.models import Registration, RegistrationStatus
from muster_events.webhooks.announce import announce
from muster_shared.clock import rfc3339
from muster_shared.messages.events import RegistrationChanged
from muster_shared.messaging import outbox

Reason = Literal["registered", "waitlisted", "promoted", "cancelled", "event_changed", "event_cancelled", "resent"]
ANNOUNCED = {
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
    if reason in ANNOUNCED:
        announce(
            session,
            org_id=event.org_id,
            kind=ANNOUNCED[reason],
            data=announced_data(
                registration.id,
                event_id=event.id,
                status=registration.status,
                name=registration.name,
                created_at=registration.created_at,
            ),
        )


def announced_data(
    registration_id: UUID, *, event_id: UUID, status: str, name: str, created_at: datetime
) -> dict[str, Any]:
    """A registration as webhooks are told of it."""
    return {
        "id": registration_id,
        "event_id": event_id,
        "status": status,
        "name": name,
        "created_at": rfc3339(created_at),
    }
