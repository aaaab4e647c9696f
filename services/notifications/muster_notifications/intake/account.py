"""Mails that auth asks for."""

from sqlalchemy.orm import Session

from muster_notifications.deliveries.use_cases import NewMail, queue
from muster_notifications.templates.registry import language_of
from muster_shared.messages.auth import MailRequested
from muster_shared.messaging.inbox import Context


def mail_requested(session: Session, message: MailRequested, context: Context) -> None:
    """Queues the mail; its link, if it has one, is minted when it is sent."""
    queue(
        session,
        NewMail(
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
        ),
    )
