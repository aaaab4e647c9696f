"""Recording what SES accepted, and applying what it had told of it before that was known here."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from muster_notifications.deliveries.states import Status, sources
from muster_notifications.deliveries.use_cases import tell
from muster_notifications.feedback.settling import apply_waiting
from muster_shared import clock

# The lock comes before any row, as where events are handled: see `settling.lock_message`.
# The attempt is accepted whatever became of the delivery; the delivery moves as `use_cases.move` would move it.
_ACCEPTED = text(
    "WITH locked AS MATERIALIZED"
    " (SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || :ses_message_id, 0))),"
    " accepted AS (UPDATE attempts SET ses_message_id = :ses_message_id, outcome = 'accepted', ended_at = :now"
    "  FROM locked WHERE id = :attempt_id AND (ses_message_id IS NULL OR ses_message_id = :ses_message_id))"
    " UPDATE deliveries SET status = 'sent', reason = NULL, version = version + 1, updated_at = :now,"
    " claimed_until = NULL, sent_at = coalesce(sent_at, :now)"
    " FROM locked WHERE id = :id AND attempt_id = :attempt_id AND status = ANY(:sources)"
    " RETURNING id, version, org_id, event_id, assignment_id, registration_id, link_version, template, status, reason,"
    " updated_at"
)
_WAITS = text("SELECT 1 FROM ses_events WHERE ses_message_id = :ses_message_id AND delivery_id IS NULL LIMIT 1")


def record_accepted(session: Session, delivery_id: UUID, *, attempt_id: UUID, ses_message_id: str) -> None:
    """Writes SES's message id and that the mail is sent, unless an event has said more already."""
    row = session.execute(
        _ACCEPTED,
        {
            "id": delivery_id,
            "attempt_id": attempt_id,
            "ses_message_id": ses_message_id,
            "sources": sources(Status.SENT),
            "now": clock.now(),
        },
    ).first()
    if row is not None:
        tell(session, row)
    if session.execute(_WAITS, {"ses_message_id": ses_message_id}).first() is not None:
        apply_waiting(session, delivery_id, ses_message_id=ses_message_id)
