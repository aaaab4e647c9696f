"""Claiming: mails leave the queue in turns, one organisation after the other, each for one worker at a time.

A claim is committed with its attempt id before anything else happens, and the call to SES is noted before it is
made. So a worker that dies leaves behind one of two things: an attempt SES never saw, which is simply tried again
when its lease is over, or one of which SES's own events will tell.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from muster_notifications.deliveries.states import Status
from muster_notifications.deliveries.use_cases import add_step, move
from muster_shared import clock
from muster_shared.db import Database
from muster_shared.together import Together

# The lanes that have something due are found by leaps over the index, however many mails each holds; the rank of a
# mail within its lane then makes the turns. Rows another worker holds are passed over, so a few more are looked at.
_CLAIM = text(
    """
    WITH RECURSIVE lanes AS (
        (SELECT lane FROM deliveries WHERE status = 'queued' ORDER BY lane LIMIT 1)
        UNION ALL
        SELECT (SELECT d.lane FROM deliveries d WHERE d.status = 'queued' AND d.lane > l.lane ORDER BY d.lane LIMIT 1)
        FROM lanes l WHERE l.lane IS NOT NULL
    ), turns AS (
        SELECT d.id, d.rank, l.lane > CAST(:after AS uuid) AS ahead, l.lane FROM lanes l CROSS JOIN LATERAL (
            SELECT q.id, row_number() OVER (ORDER BY q.due_at, q.id) AS rank FROM (
                SELECT id, due_at FROM deliveries
                WHERE status = 'queued' AND lane = l.lane AND due_at <= :now
                ORDER BY due_at, id LIMIT :looked_at
            ) q
        ) d WHERE l.lane IS NOT NULL
        ORDER BY d.rank, ahead DESC, l.lane LIMIT :looked_at
    ), held AS (
        SELECT d.id, t.rank, t.ahead FROM deliveries d JOIN turns t ON t.id = d.id
        WHERE d.status = 'queued' ORDER BY t.rank, t.ahead DESC, d.lane LIMIT :limit
        FOR UPDATE OF d SKIP LOCKED
    ), claimed AS (
        UPDATE deliveries d SET status = 'sending', attempt_id = gen_random_uuid(), attempts = d.attempts + 1,
            version = d.version + 1, claimed_until = :until, updated_at = :now
        FROM held WHERE d.id = held.id RETURNING d.*, held.rank, held.ahead
    ), tried AS (
        INSERT INTO attempts (id, delivery_id, number, claimed_at)
        SELECT attempt_id, id, attempts, :now FROM claimed
    )
    SELECT * FROM claimed ORDER BY rank, ahead DESC, lane
    """
)
_ANY_DUE = text("SELECT EXISTS (SELECT 1 FROM deliveries WHERE status = 'queued' AND due_at <= :now)")
_CALLING = text(
    "WITH given AS (SELECT * FROM unnest(CAST(:attempt_ids AS uuid[]), CAST(:versions AS text[])) g (id, version)),"
    " called AS (UPDATE attempts a SET called_at = :now FROM given g, deliveries d WHERE a.id = g.id"
    "  AND d.id = a.delivery_id AND d.attempt_id = a.id AND d.status = 'sending' AND a.called_at IS NULL"
    "  RETURNING a.id, a.delivery_id, g.version)"
    " UPDATE deliveries d SET template_version = c.version,"
    " claimed_until = :now + make_interval(secs => :unknown * power(4,"
    " (SELECT count(*) FROM attempts u WHERE u.delivery_id = d.id AND u.outcome = 'unknown')))"
    " FROM called c WHERE d.id = c.delivery_id AND d.attempt_id = c.id AND d.status = 'sending' RETURNING c.id"
)
# A call without an answer waits for SES's events as much longer as these come late just now: when many wait in the
# queue, the one that speaks of it may be among them. What was redriven after days says nothing of that.
_LOST = text(
    "WITH lag AS (SELECT least(greatest(max(received_at - occurred_at), interval '0'), interval '1 hour') AS late"
    "  FROM (SELECT received_at, occurred_at FROM ses_events ORDER BY id DESC LIMIT 100) latest)"
    " SELECT d.id, d.attempt_id, a.called_at, (SELECT count(*) FROM attempts u WHERE u.delivery_id = d.id"
    "  AND u.outcome = 'unknown' AND u.id <> a.id) AS unknown_before"
    " FROM deliveries d JOIN attempts a ON a.id = d.attempt_id CROSS JOIN lag"
    " WHERE d.status = 'sending' AND d.claimed_until < :now"
    "  AND (a.called_at IS NULL OR d.claimed_until + coalesce(lag.late, interval '0') < :now)"
    " ORDER BY d.claimed_until LIMIT 500 FOR UPDATE OF d SKIP LOCKED"
)
_END = text("UPDATE attempts SET ended_at = :now, outcome = :outcome, error = :error WHERE id = :attempt_id")
# An event may have settled the attempt already.
_NOTE = text("UPDATE attempts SET outcome = 'unknown', error = :error WHERE id = :attempt_id AND outcome IS NULL")
# So often a mail is handed over without ever hearing of it again; then somebody should look.
_UNKNOWN_LIMIT = 5


@dataclass(frozen=True)
class Claimed:
    """A delivery this worker holds, as it was when it was claimed."""

    id: UUID
    attempt_id: UUID
    attempts: int
    template: str
    language: str
    recipient: str
    recipient_key: str
    recipient_name: str
    lane: UUID
    org_id: UUID | None
    event_id: UUID | None
    assignment_id: UUID | None
    registration_id: UUID | None
    link_version: int | None
    action_id: UUID | None
    context: dict[str, Any]
    urgent: bool
    created_at: datetime
    expires_at: datetime | None
    request_id: str | None
    resend_of: UUID | None


_FIELDS = tuple(Claimed.__dataclass_fields__)


class Claims:
    """Claims for one worker; `after` remembers whose turn it was."""

    def __init__(self, database: Database, *, lease_seconds: float, unknown_seconds: float) -> None:
        self._database = database
        self._lease_seconds = lease_seconds
        self._unknown_seconds = unknown_seconds
        self._after = UUID(int=0)
        self._call = Together(self._note_calls)

    def claim(self, limit: int) -> list[Claimed]:
        """Up to `limit` due mails, in turns between organisations."""
        now = clock.now()
        with self._database.read() as connection:
            rows = connection.execute(
                _CLAIM,
                {
                    "after": self._after,
                    "limit": limit,
                    "looked_at": limit * 3,
                    "now": now,
                    "until": now + timedelta(seconds=self._lease_seconds),
                },
            ).all()
        claimed = [_claimed(row) for row in rows]
        if claimed:
            self._after = claimed[-1].lane
        return claimed

    def any_due(self) -> bool:
        """Whether a mail could be claimed now."""
        with self._database.read() as connection:
            return bool(connection.execute(_ANY_DUE, {"now": clock.now()}).scalar())

    def calling(self, mail: Claimed, *, template_version: str) -> bool:
        """Notes that SES is about to be called; False when the claim was lost meanwhile, and nothing may be sent."""
        return self._call((mail.attempt_id, template_version))

    def _note_calls(self, calls: Sequence[tuple[UUID, str]]) -> list[bool]:
        names = {
            "attempt_ids": [attempt_id for attempt_id, _ in calls],
            "versions": [version for _, version in calls],
            "now": clock.now(),
            "unknown": self._unknown_seconds,
        }
        with self._database.read() as connection:
            noted = set(connection.execute(_CALLING, names).scalars())
        return [attempt_id in noted for attempt_id, _ in calls]

    def release_lost(self) -> int:
        """Queues again what workers left behind; how many. Call it every few seconds.

        An attempt that never called SES is free at once. One that did is given `unknown_seconds` for SES's events
        to speak, and as much longer as they come late, four times as long after each time before; then it is sent
        again, for a mail that comes twice does less harm than one that never does.
        """
        now = clock.now()
        with self._database.transaction() as session:
            lost: Sequence[Row[Any]] = session.execute(_LOST, {"now": now}).all()
            for row in lost:
                outcome = "not_called" if row.called_at is None else "unknown"
                end_attempt(session, row.attempt_id, outcome=outcome)
                if row.called_at is not None and row.unknown_before >= _UNKNOWN_LIMIT - 1:
                    move(session, row.id, to=Status.FAILED, reason="outcome_unknown", attempt_id=row.attempt_id)
                elif move(session, row.id, to=Status.QUEUED, attempt_id=row.attempt_id, due_at=now):
                    add_step(session, row.id, "retrying", detail={"because": outcome})
        return len(lost)

    def await_events(self, session: Session, mail: Claimed, *, error: str) -> None:
        """Notes a call without an answer. The delivery stays `sending` for as long as SES's events may take."""
        session.execute(_NOTE, {"attempt_id": mail.attempt_id, "error": error})


def end_attempt(session: Session, attempt_id: UUID, *, outcome: str, error: str | None = None) -> None:
    """Writes how an attempt ended."""
    session.execute(_END, {"attempt_id": attempt_id, "outcome": outcome, "error": error, "now": clock.now()})


def _claimed(row: Row[Any]) -> Claimed:
    return Claimed(**{name: getattr(row, name) for name in _FIELDS})
