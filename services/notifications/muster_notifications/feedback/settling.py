"""Matching an event to its delivery, and what it makes of it. Duplicates, early and late ones change nothing twice."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from muster_notifications.deliveries.states import Status
from muster_notifications.deliveries.use_cases import Move, move_all
from muster_notifications.feedback.parsing import SesFeedback
from muster_shared import clock
from muster_shared.ids import new_id

# Whoever records SES's message id and whoever handles an event about it take turns: one of the two sees the other.
# Several are locked in the order of their ids, so that two who want the same wait for each other and never both.
_LOCK = text(
    "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || id, 0)) FROM unnest(CAST(:ids AS text[])) g (id)"
)
_KEEP = text(
    "INSERT INTO ses_events (id, dedupe_key, ses_message_id, attempt_id, kind, occurred_at, received_at, detail)"
    " SELECT id, dedupe_key, ses_message_id, attempt_id, kind, occurred_at, :now, detail"
    " FROM jsonb_to_recordset(CAST(:events AS jsonb)) AS g (id uuid, dedupe_key text, ses_message_id text,"
    " attempt_id uuid, kind text, occurred_at timestamptz, detail jsonb)"
    " ON CONFLICT (dedupe_key) DO NOTHING RETURNING id"
)
_BY_ATTEMPT = text(
    "UPDATE attempts a SET ses_message_id = coalesce(a.ses_message_id, g.ses_message_id),"
    " ended_at = coalesce(a.ended_at, :now),"
    " outcome = CASE WHEN a.outcome IS NULL OR a.outcome = 'unknown' THEN 'accepted' ELSE a.outcome END"
    " FROM unnest(CAST(:attempt_ids AS uuid[]), CAST(:ses_message_ids AS text[])) AS g (id, ses_message_id)"
    " WHERE a.id = g.id"
)
# What SES gave back of ours names the attempt; where it gave nothing back, its own id does.
_MATCH = text(
    "WITH found AS (SELECT w.id, coalesce((SELECT delivery_id FROM attempts WHERE id = w.attempt_id),"
    " (SELECT delivery_id FROM attempts WHERE ses_message_id = w.ses_message_id)) AS delivery_id"
    " FROM ses_events w WHERE w.ses_message_id = ANY(:ids) AND w.delivery_id IS NULL)"
    " UPDATE ses_events e SET delivery_id = found.delivery_id FROM found"
    " WHERE e.id = found.id AND found.delivery_id IS NOT NULL"
    " RETURNING e.id, e.delivery_id, e.kind, e.occurred_at, e.detail"
)
_SUPPRESS = text(
    "INSERT INTO suppressions (id, lane, recipient, recipient_key, scope, reason, delivery_id, created_at, expires_at)"
    " SELECT :id, lane, recipient, recipient_key, 'all', :reason, id, :now,"
    " CASE WHEN org_id IS NULL THEN CAST(:account_until AS timestamptz) END FROM deliveries WHERE id = :delivery_id"
    " ON CONFLICT (lane, recipient_key, scope) DO UPDATE SET reason = excluded.reason,"
    " delivery_id = excluded.delivery_id, created_at = excluded.created_at, expires_at = excluded.expires_at"
)
_ARRIVED_AT = text(
    "UPDATE deliveries d SET delivered_at = g.at FROM unnest(CAST(:ids AS uuid[]), CAST(:moments AS timestamptz[]))"
    " AS g (id, at) WHERE d.id = g.id AND d.delivered_at IS NULL"
)
# A person who mended their mailbox has to be able to reset their password.
_ACCOUNT_SUPPRESSION = timedelta(hours=24)
# In the order in which one may follow another.
_STATES: Mapping[str, Status] = {
    "send": Status.SENT,
    "reject": Status.FAILED,
    "rendering_failure": Status.FAILED,
    "delivery": Status.DELIVERED,
    "bounce": Status.BOUNCED,
    "complaint": Status.COMPLAINED,
}


def keep(session: Session, events: Sequence[SesFeedback]) -> list[bool]:
    """Writes events and applies those whose mail is known; which of them are not left waiting for theirs.

    One whose mail is not known yet waits for `apply_waiting`; one that was here before has no effect.
    """
    if not events:
        return []
    now = clock.now()
    messages = sorted({event.ses_message_id for event in events})
    session.execute(_LOCK, {"ids": messages})
    rows = [
        {
            "id": new_id(),
            "dedupe_key": event.dedupe_key,
            "ses_message_id": event.ses_message_id,
            "attempt_id": event.attempt_id,
            "kind": event.kind,
            "occurred_at": event.occurred_at,
            "detail": event.detail,
        }
        for event in events
    ]
    kept = set(session.execute(_KEEP, {"events": orjson.dumps(rows).decode(), "now": now}).scalars())
    # Of one attempt's events the first says what SES calls it.
    tagged = {event.attempt_id: event.ses_message_id for event in reversed(events) if event.attempt_id is not None}
    if tagged:
        names = {"attempt_ids": sorted(tagged), "ses_message_ids": [tagged[each] for each in sorted(tagged)]}
        session.execute(_BY_ATTEMPT, {**names, "now": now})
    waiting = kept - apply_waiting(session, messages)
    return [row["id"] not in waiting for row in rows]


def apply_waiting(session: Session, ses_message_ids: Sequence[str]) -> set[UUID]:
    """Applies the events about these messages whose mail has come to be known; the ids of the events."""
    matched = session.execute(_MATCH, {"ids": list(ses_message_ids)}).all()
    for state in dict.fromkeys(_STATES.values()):
        _apply(session, state, [row for row in matched if _STATES.get(row.kind) is state])
    return {row.id for row in matched}


def _apply(session: Session, state: Status, events: Sequence[Row[Any]]) -> None:
    if not events:
        return
    moves = {row.delivery_id: Move(row.delivery_id, _reason(row.kind, row.detail), row.occurred_at) for row in events}
    moved = move_all(session, [moves[each] for each in sorted(moves)], to=state)
    if state is Status.DELIVERED and (arrived := [move for each, move in moves.items() if each not in moved]):
        # They arrived, whatever has been said of them since.
        names = {"ids": [move.delivery_id for move in arrived], "moments": [move.at for move in arrived]}
        session.execute(_ARRIVED_AT, names)
    for row in events:
        _suppress(session, row.delivery_id, kind=row.kind, detail=row.detail)


def _suppress(session: Session, delivery_id: UUID, *, kind: str, detail: Mapping[str, Any]) -> None:
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
