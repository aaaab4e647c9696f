"""Alerts to planners: one mail for each of them."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from muster_notifications.copies.models import Contact
from muster_notifications.deliveries.use_cases import NewMail, queue_all
from muster_notifications.templates.registry import language_of
from muster_shared.messages.events import PlannerAlerted
from muster_shared.messaging.errors import Retry
from muster_shared.messaging.inbox import Context

# A member's own message may come after the alert that is to reach them.
_MEMBERS_LATE_RECEIVES = 10
_MEMBERS_LATE_SECONDS = 5


def planner_alerted(session: Session, message: PlannerAlerted, context: Context) -> None:
    """Queues a mail to each planner named, or to every owner and manager. Raises `Retry` while none is known."""
    event = message.event
    statement = select(Contact).where(Contact.org_id == event.org_id, Contact.role.is_not(None))
    if message.recipients:
        statement = statement.where(Contact.user_id.in_(message.recipients))
    contacts = [contact for contact in session.scalars(statement).all() if contact.email]
    if not contacts and context.receive_count < _MEMBERS_LATE_RECEIVES:
        raise Retry(_MEMBERS_LATE_SECONDS, max_receives=_MEMBERS_LATE_RECEIVES)
    queue_all(session, [_mail(message, context, contact) for contact in contacts])


def _mail(message: PlannerAlerted, context: Context, contact: Contact) -> NewMail:
    event = message.event
    return NewMail(
        dedupe_key=f"planner:{message.request_key}:{contact.user_id}",
        template=f"planner_{message.alert}",
        recipient=contact.email,
        recipient_name=contact.name,
        language=language_of(contact.language),
        # A planner wants to know at once: what they do about it is theirs to choose.
        urgent=True,
        org_id=event.org_id,
        event_id=event.event_id,
        request_id=context.request_id,
        context={
            "event": event.model_dump(mode="json"),
            "crew_name": message.crew_name,
            "role": message.role,
            "reason": message.reason,
        },
        trigger=message.type,
    )
