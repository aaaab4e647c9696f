"""Recording what SES accepted, and applying what it had told of it before that was known here."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from muster_notifications.deliveries.states import Status
from muster_notifications.deliveries.use_cases import move
from muster_notifications.feedback.settling import apply_waiting, lock_message
from muster_shared import clock

_ACCEPTED = text(
    "UPDATE attempts SET ses_message_id = :ses_message_id, outcome = 'accepted', ended_at = :now"
    " WHERE id = :attempt_id AND (ses_message_id IS NULL OR ses_message_id = :ses_message_id)"
)


def record_accepted(session: Session, delivery_id: UUID, *, attempt_id: UUID, ses_message_id: str) -> None:
    """Writes SES's message id and that the mail is sent, unless an event has said more already."""
    lock_message(session, ses_message_id)
    session.execute(_ACCEPTED, {"attempt_id": attempt_id, "ses_message_id": ses_message_id, "now": clock.now()})
    move(session, delivery_id, to=Status.SENT, attempt_id=attempt_id)
    apply_waiting(session, delivery_id, ses_message_id=ses_message_id)
