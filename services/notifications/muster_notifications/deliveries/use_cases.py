"""Queueing mails and moving them from state to state; every move is told in the same transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Row, text
from sqlalchemy.orm import Session
from structlog.contextvars import bound_contextvars

from muster_notifications.deliveries.models import Step
from muster_notifications.deliveries.recipients import key_of, lane_of
from muster_notifications.deliveries.states import Status, sources
from muster_shared import clock
from muster_shared.ids import new_id
from muster_shared.messages.notifications import DeliveryChanged
from muster_shared.messaging import outbox

CHANNEL = "deliveries"

# One statement for all, for it is made for every mail: the deliveries and their first steps.
_INSERT = text(
    "WITH given AS (SELECT * FROM jsonb_to_recordset(CAST(:mails AS jsonb)) AS g (id uuid, dedupe_key text, lane uuid,"
    " org_id uuid, event_id uuid, assignment_id uuid, registration_id uuid, link_version int, action_id uuid,"
    " template text, language text, recipient text, recipient_key text, recipient_name text, context jsonb,"
    " status text, reason text, urgent boolean, expires_at timestamptz, request_id text, resend_of uuid,"
    " detail jsonb)),"
    " queued AS (INSERT INTO deliveries (id, dedupe_key, lane, org_id, event_id, assignment_id,"
    " registration_id, link_version, action_id, template, language, recipient, recipient_key, recipient_name,"
    " context, status, reason, urgent, due_at, expires_at, request_id, resend_of, created_at, updated_at)"
    " SELECT id, dedupe_key, lane, org_id, event_id, assignment_id, registration_id, link_version,"
    " action_id, template, language, recipient, recipient_key, recipient_name, context, status, reason,"
    " urgent, :now, expires_at, request_id, resend_of, :now, :now FROM given"
    " ON CONFLICT (dedupe_key) DO NOTHING RETURNING *),"
    " step AS (INSERT INTO delivery_steps (delivery_id, at, kind, detail)"
    " SELECT id, :now, given.status, detail FROM given JOIN queued USING (id)),"
    " notified AS MATERIALIZED (SELECT pg_notify(current_schema() || '_deliveries', ''))"
    " SELECT id, version, org_id, event_id, assignment_id, registration_id, link_version, template, status, reason,"
    " updated_at FROM queued CROSS JOIN notified"
)

_MOVE = text(
    "UPDATE deliveries d SET status = :to, reason = g.reason, version = d.version + 1, updated_at = :now,"
    " claimed_until = NULL,"
    " sent_at = CASE WHEN :arrived THEN coalesce(d.sent_at, g.at) ELSE d.sent_at END,"
    " delivered_at = CASE WHEN :to = 'delivered' THEN coalesce(d.delivered_at, g.at) ELSE d.delivered_at END,"
    " due_at = coalesce(g.due_at, d.due_at)"
    " FROM unnest(CAST(:ids AS uuid[]), CAST(:reasons AS text[]), CAST(:moments AS timestamptz[]),"
    " CAST(:attempt_ids AS uuid[]), CAST(:due AS timestamptz[])) AS g (id, reason, at, attempt, due_at)"
    " WHERE d.id = g.id AND d.status = ANY(:sources) AND (g.attempt IS NULL OR d.attempt_id = g.attempt)"
    # What a message about a delivery needs.
    " RETURNING d.id, version, org_id, event_id, assignment_id, registration_id, link_version, template, status,"
    " d.reason, updated_at"
)
_ARRIVED = frozenset({Status.SENT, Status.DELIVERED, Status.BOUNCED, Status.COMPLAINED})


@dataclass(frozen=True)
class NewMail:
    """A mail that is wanted. `dedupe_key` makes a second wish for the same one have no effect."""

    dedupe_key: str
    template: str
    recipient: str
    recipient_name: str
    language: str
    urgent: bool
    org_id: UUID | None = None
    event_id: UUID | None = None
    assignment_id: UUID | None = None
    registration_id: UUID | None = None
    link_version: int | None = None
    action_id: UUID | None = None
    expires_at: datetime | None = None
    request_id: str | None = None
    resend_of: UUID | None = None
    context: dict[str, Any] = field(default_factory=dict)
    trigger: str = ""


def queue(session: Session, mail: NewMail) -> UUID | None:
    """Queues one mail as `queue_all` does; its id, or None when there is one with the key already."""
    return queue_all(session, [mail])[0]


def queue_all(session: Session, mails: Sequence[NewMail]) -> list[UUID | None]:
    """Writes deliveries and wakes the senders on commit; the id of each, None where there was one with its key already.

    They are due at once: whether an organisation sleeps is looked at when its mail goes. Nobody is told of a mail that
    does no more than wait: who asked for it knows.
    A person without an address gets a delivery that is suppressed, so that the reason can be seen.
    """
    now = clock.now()
    # Keys in order, so that two who queue the same mails wait for each other and never both.
    rows = sorted((_row(mail) for mail in mails), key=itemgetter("dedupe_key"))
    made = {row.id: row for row in session.execute(_INSERT, {"mails": orjson.dumps(rows).decode(), "now": now}).all()}
    for row in rows:
        if row["id"] in made and row["status"] != Status.QUEUED:
            # Said for each by itself: several requests may have asked.
            with bound_contextvars(request_id=row["request_id"]):
                tell(session, made[row["id"]])
    # Of one key the first is made.
    ids = {row["dedupe_key"]: row["id"] for row in reversed(rows) if row["id"] in made}
    return [ids.pop(mail.dedupe_key, None) for mail in mails]


def _row(mail: NewMail) -> dict[str, Any]:
    reason = None if mail.recipient else "no_address"
    status = Status.QUEUED if mail.recipient else Status.SUPPRESSED
    return {
        "id": new_id(),
        "dedupe_key": mail.dedupe_key,
        "lane": lane_of(mail.org_id),
        "org_id": mail.org_id,
        "event_id": mail.event_id,
        "assignment_id": mail.assignment_id,
        "registration_id": mail.registration_id,
        "link_version": mail.link_version,
        "action_id": mail.action_id,
        "template": mail.template,
        "language": mail.language,
        "recipient": mail.recipient,
        "recipient_key": key_of(mail.recipient),
        "recipient_name": mail.recipient_name,
        "context": mail.context,
        "status": status.value,
        "reason": reason,
        "urgent": mail.urgent,
        "expires_at": mail.expires_at,
        "request_id": mail.request_id,
        "resend_of": mail.resend_of,
        "detail": {"trigger": mail.trigger, "reason": reason},
    }


@dataclass(frozen=True)
class Move:
    """A delivery that is to be moved, why, and when what moves it happened, if that is not now.

    `attempt_id` lets only the holder of that attempt move it. `due_at` is when a mail that is queued again may go.
    """

    delivery_id: UUID
    reason: str | None = None
    at: datetime | None = None
    attempt_id: UUID | None = None
    due_at: datetime | None = None


def move(
    session: Session,
    delivery_id: UUID,
    *,
    to: Status,
    reason: str | None = None,
    attempt_id: UUID | None = None,
    due_at: datetime | None = None,
) -> bool:
    """Moves one delivery as `move_all` does; whether it did."""
    wanted = Move(delivery_id, reason, attempt_id=attempt_id, due_at=due_at)
    return bool(move_all(session, [wanted], to=to))


def move_all(session: Session, moves: Sequence[Move], *, to: Status) -> set[UUID]:
    """Moves deliveries, each named once, to `to` where the table of transitions allows it; those that were moved."""
    now = clock.now()
    names = {
        "ids": [move.delivery_id for move in moves],
        "reasons": [move.reason for move in moves],
        "moments": [move.at or now for move in moves],
        "attempt_ids": [move.attempt_id for move in moves],
        "due": [move.due_at for move in moves],
        "to": to.value,
        "sources": sources(to),
        "arrived": to in _ARRIVED,
        "now": now,
    }
    rows = session.execute(_MOVE, names).all()
    tell(session, *rows)
    return {row.id for row in rows}


def tell(session: Session, *rows: Row[Any]) -> None:
    """Emits `delivery.changed.v1` for rows as a move returns them."""
    outbox.emit_all(session, [(_change(row), row.id) for row in rows])


def _change(row: Row[Any]) -> DeliveryChanged:
    values = dict(row._mapping)
    values["delivery_id"] = values.pop("id")
    values["occurred_at"] = values.pop("updated_at")
    return DeliveryChanged(**values)


def add_step(
    session: Session, delivery_id: UUID, kind: str, *, at: datetime | None = None, detail: dict[str, Any] | None = None
) -> None:
    """Adds a line to the delivery's trace."""
    session.execute(
        Step.__table__.insert(),  # type: ignore[attr-defined]  # a declared table
        {"delivery_id": delivery_id, "at": at or clock.now(), "kind": kind, "detail": detail or {}},
    )


def wake_senders(session: Session) -> None:
    """Wakes the senders when the transaction commits."""
    session.execute(text("SELECT pg_notify(current_schema() || '_deliveries', '')"))
