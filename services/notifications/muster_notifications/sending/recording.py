"""Recording what SES accepted, and applying what it had told of it before that was known here."""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from uuid import UUID

from sqlalchemy import text

from muster_notifications.deliveries.states import Status, sources
from muster_notifications.deliveries.use_cases import tell
from muster_notifications.feedback.settling import apply_waiting
from muster_shared import clock
from muster_shared.db import Database

# The locks come before any row, as where events are handled: see `settling.keep`.
# The attempt is accepted whatever became of the delivery; the delivery moves as `use_cases.move` would move it.
_ACCEPTED = text(
    "WITH locked AS MATERIALIZED (SELECT g.*,"
    "  pg_advisory_xact_lock(hashtextextended(current_schema() || g.ses_message_id, 0))"
    "  FROM unnest(CAST(:ids AS uuid[]), CAST(:attempt_ids AS uuid[]), CAST(:ses_message_ids AS text[]))"
    "  AS g (id, attempt_id, ses_message_id)),"
    " accepted AS (UPDATE attempts a SET ses_message_id = l.ses_message_id, outcome = 'accepted', ended_at = :now"
    "  FROM locked l WHERE a.id = l.attempt_id AND (a.ses_message_id IS NULL OR a.ses_message_id = l.ses_message_id))"
    " UPDATE deliveries d SET status = 'sent', reason = NULL, version = version + 1, updated_at = :now,"
    " claimed_until = NULL, sent_at = coalesce(sent_at, :now)"
    " FROM locked l WHERE d.id = l.id AND d.attempt_id = l.attempt_id AND d.status = ANY(:sources)"
    " RETURNING d.id, version, org_id, event_id, assignment_id, registration_id, link_version, template, status,"
    " reason, updated_at"
)


@dataclass(frozen=True)
class Accepted:
    """A mail that SES took."""

    delivery_id: UUID
    attempt_id: UUID
    ses_message_id: str


def record_accepted(database: Database, mails: Sequence[Accepted]) -> None:
    """Writes SES's message ids and that the mails are sent, unless an event has said more already."""
    # In the order in which events lock them.
    mails = sorted(mails, key=attrgetter("ses_message_id"))
    ses_message_ids = [mail.ses_message_id for mail in mails]
    names = {
        "ids": [mail.delivery_id for mail in mails],
        "attempt_ids": [mail.attempt_id for mail in mails],
        "ses_message_ids": ses_message_ids,
        "sources": sources(Status.SENT),
        "now": clock.now(),
    }
    with database.transaction() as session:
        tell(session, *session.execute(_ACCEPTED, names).all())
        apply_waiting(session, ses_message_ids)
