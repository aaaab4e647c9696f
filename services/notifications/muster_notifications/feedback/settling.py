"""Matching an event to its delivery, and what it makes of it. Duplicates, early and late ones change nothing twice."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from muster_notifications.deliveries.states import Status
from muster_notifications.deliveries.use_cases import move
from muster_notifications.feedback.parsing import SesFeedback
from muster_shared import clock
from muster_shared.ids import new_id

# Whoever records SES's message id and whoever handles an event about it take turns: one of the two sees the other.
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || :ses_message_id, 0))")
_KEEP = text(
    "INSERT INTO ses_events (id, dedupe_key, ses_message_id, attempt_id, kind, occurred_at, received_at, detail)"
    " VALUES (:id, :dedupe_key, :ses_message_id, :attempt_id, :kind, :occurred_at, :received_at, :detail)"
    " ON CONFLICT (dedupe_key) DO NOTHING RETURNING id"
).bindparams(bindparam("detail", type_=JSONB))
_BY_ATTEMPT = text(
    "UPDATE attempts SET ses_message_id = coalesce(ses_message_id, :ses_message_id),"
    " ended_at = coalesce(ended_at, :now),"
    " outcome = CASE WHEN outcome IS NULL OR outcome = 'unknown' THEN 'accepted' ELSE outcome END"
    " WHERE id = :attempt_id RETURNING delivery_id"
)
_BY_MESSAGE = text("SELECT delivery_id FROM attempts WHERE ses_message_id = :ses_message_id")
_WAITING = text(
    "SELECT id, kind, occurred_at, detail FROM ses_events"
    " WHERE ses_message_id = :ses_message_id AND delivery_id IS NULL ORDER BY occurred_at, id FOR UPDATE"
)
_MATCHED = text("UPDATE ses_events SET delivery_id = :delivery_id WHERE id = :id")
_SUPPRESS = text(
    "INSERT INTO suppressions (id, lane, recipient, recipient_key, scope, reason, delivery_id, created_at, expires_at)"
    " SELECT :id, lane, recipient, recipient_key, 'all', :reason, id, :now,"
    " CASE WHEN org_id IS NULL THEN CAST(:account_until AS timestamptz) END FROM deliveries WHERE id = :delivery_id"
    " ON CONFLICT (lane, recipient_key, scope) DO UPDATE SET reason = excluded.reason,"
    " delivery_id = excluded.delivery_id, created_at = excluded.created_at, expires_at = excluded.expires_at"
)
_ARRIVED_AT = text("UPDATE deliveries SET delivered_at = coalesce(delivered_at, :at) WHERE id = :id")
# A person who mended their mailbox has to be able to reset their password.
_ACCOUNT_SUPPRESSION = timedelta(hours=24)
_STATES: Mapping[str, Status] = {
    "send": Status.SENT,
    "delivery": Status.DELIVERED,
    "bounce": Status.BOUNCED,
    "complaint": Status.COMPLAINED,
    "reject": Status.FAILED,
    "rendering_failure": Status.FAILED,
}


def lock_message(session: Session, ses_message_id: str) -> None:
    """Lets nobody else work on this message of SES until the transaction ends."""
    session.execute(_LOCK, {"ses_message_id": ses_message_id})


def keep(session: Session, event: SesFeedback) -> bool:
    """Writes the event and applies it where its mail is known; whether it was matched.

    One whose mail is not known yet waits for `apply_waiting`; one that was here before has no effect.
    """
    lock_message(session, event.ses_message_id)
    event_id = new_id()
    kept = session.execute(
        _KEEP,
        {
            "id": event_id,
            "dedupe_key": event.dedupe_key,
            "ses_message_id": event.ses_message_id,
            "attempt_id": event.attempt_id,
            "kind": event.kind,
            "occurred_at": event.occurred_at,
            "received_at": clock.now(),
            "detail": event.detail,
        },
    ).first()
    delivery_id = _delivery_of(session, event)
    if kept is None or delivery_id is None:
        return delivery_id is not None
    session.execute(_MATCHED, {"id": event_id, "delivery_id": delivery_id})
    _apply(session, delivery_id, kind=event.kind, occurred_at=event.occurred_at, detail=event.detail)
    return True


def apply_waiting(session: Session, delivery_id: UUID, *, ses_message_id: str) -> None:
    """Applies what came before anybody here knew SES's message id."""
    for row in session.execute(_WAITING, {"ses_message_id": ses_message_id}).all():
        session.execute(_MATCHED, {"id": row.id, "delivery_id": delivery_id})
        _apply(session, delivery_id, kind=row.kind, occurred_at=row.occurred_at, detail=row.detail)


def _delivery_of(session: Session, event: SesFeedback) -> UUID | None:
    names = {"ses_message_id": event.ses_message_id}
    if event.attempt_id is not None:
        found = session.execute(_BY_ATTEMPT, {**names, "attempt_id": event.attempt_id, "now": clock.now()}).scalar()
        if found is not None:
            return UUID(str(found))
    found = session.execute(_BY_MESSAGE, names).scalar()
    return None if found is None else UUID(str(found))


def _apply(session: Session, delivery_id: UUID, *, kind: str, occurred_at: datetime, detail: Mapping[str, Any]) -> None:
    state = _STATES.get(kind)
    if state is None:
        return
    if not move(session, delivery_id, to=state, reason=_reason(kind, detail), at=occurred_at) and kind == "delivery":
        # It arrived, whatever has been said of it since.
        session.execute(_ARRIVED_AT, {"id": delivery_id, "at": occurred_at})
    permanent = kind == "bounce" and detail.get("bounceType") == "Permanent"
    if permanent or (kind == "complaint" and detail.get("complaintFeedbackType") != "not-spam"):
        session.execute(
            _SUPPRESS,
            {
                "id": new_id(),
                "delivery_id": delivery_id,
                "reason": kind,
                "now": clock.now(),
                "account_until": clock.now() + _ACCOUNT_SUPPRESSION,
            },
        )


def _reason(kind: str, detail: Mapping[str, Any]) -> str | None:
    if kind == "bounce":
        parts = (str(detail.get("bounceType", "")), str(detail.get("bounceSubType", "")))
        return "_".join(part.lower() for part in parts if part) or "bounced"
    return {"complaint": "marked_as_spam", "reject": "rejected_by_ses", "rendering_failure": "rejected_by_ses"}.get(
        kind
    )
