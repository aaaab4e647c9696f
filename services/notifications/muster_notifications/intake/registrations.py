"""Mails to people who registered for an event."""

from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from muster_notifications.deliveries.use_cases import NewMail, queue_all
from muster_notifications.templates.registry import TEMPLATES, language_of
from muster_shared.messages.events import RegistrationChanged
from muster_shared.messaging.inbox import Context

_TEMPLATES: Mapping[str, str] = {
    "registered": "registration_confirmed",
    "waitlisted": "registration_waitlisted",
    "promoted": "registration_promoted",
    "cancelled": "registration_cancelled",
    "event_changed": "registration_changed",
    "event_cancelled": "registration_event_cancelled",
}
_RESENT: Mapping[str, str] = {
    "confirmed": "registration_confirmed",
    "waitlisted": "registration_waitlisted",
    "cancelled": "registration_cancelled",
}


def registration_changed(session: Session, messages: Sequence[tuple[RegistrationChanged, Context]]) -> None:
    """Queues the mails that belong to what happened."""
    queue_all(session, [_mail(message, context) for message, context in messages])


def _mail(message: RegistrationChanged, context: Context) -> NewMail:
    event = message.event
    template = _RESENT[message.status] if message.reason == "resent" else _TEMPLATES[message.reason]
    return NewMail(
        dedupe_key=f"registration:{message.registration_id}:{message.request_key}",
        template=template,
        recipient=message.email,
        recipient_name=message.name,
        language=language_of(message.language),
        urgent=TEMPLATES[template].urgent,
        org_id=event.org_id,
        event_id=event.event_id,
        registration_id=message.registration_id,
        link_version=message.link_version,
        request_id=context.request_id,
        context={
            "event": event.model_dump(mode="json"),
            "position": message.position,
            "reason": message.reason,
        },
        trigger=message.type,
    )
