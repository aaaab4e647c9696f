"""Mails that auth asks for."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from muster_notifications.deliveries.use_cases import NewMail, queue_all
from muster_notifications.templates.registry import language_of
from muster_shared.messages.auth import MailRequested
from muster_shared.messaging.inbox import Context


def mail_requested(session: Session, messages: Sequence[tuple[MailRequested, Context]]) -> None:
    """Queues the mails; the link of one that has one is minted when it is sent."""
    queue_all(session, [_mail(message, context) for message, context in messages])


def _mail(message: MailRequested, context: Context) -> NewMail:
    return NewMail(
        dedupe_key=f"mail:{message.mail_id}",
        template=message.template,
        recipient=message.recipient,
        recipient_name=message.recipient_name,
        language=language_of(message.language),
        urgent=True,
        org_id=message.org_id,
        action_id=message.action_id,
        expires_at=message.expires_at,
        request_id=context.request_id,
        context={"variables": message.variables},
        trigger=message.type,
    )
