"""The inbox: what makes a message that comes twice have one effect."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.orm import Session

from muster_shared.db import Database
from muster_shared.messaging.envelope import Envelope
from muster_shared.messaging.errors import AlreadyHandled, Retry

# Both statements wait for a transaction that holds the row: the second of two deliveries learns how the first
# one ended before it does anything, however long ago its visibility lapsed.
# In the order of their ids, so that two of these wait for each other and never both.
_RECORD = text(
    "INSERT INTO inbox (queue, message_id, handled_at)"
    " SELECT :queue, id, clock_timestamp() FROM unnest(CAST(:ids AS text[])) AS g (id)"
    " ON CONFLICT (queue, message_id) DO UPDATE SET handled_at = excluded.handled_at, claim = NULL"
    " WHERE inbox.handled_at IS NULL AND inbox.claimed_until <= clock_timestamp()"
    " RETURNING message_id"
)
_NOT_HANDLED = text("SELECT count(*) FROM inbox WHERE queue = :queue AND message_id = ANY(:ids) AND handled_at IS NULL")
_CLAIM = text(
    "INSERT INTO inbox (queue, message_id, claim, claimed_until, attempts)"
    " VALUES (:queue, :message_id, :claim, clock_timestamp() + make_interval(secs => :seconds), 1)"
    " ON CONFLICT (queue, message_id) DO UPDATE SET claim = excluded.claim,"
    " claimed_until = excluded.claimed_until, attempts = inbox.attempts + 1"
    " WHERE inbox.handled_at IS NULL AND inbox.claimed_until <= clock_timestamp()"
    " RETURNING attempts"
)
_HANDLED = text("SELECT handled_at IS NOT NULL FROM inbox WHERE queue = :queue AND message_id = :message_id")
_SETTLE = text(
    "UPDATE inbox SET handled_at = clock_timestamp(), claim = NULL"
    " WHERE queue = :queue AND message_id = :message_id AND claim = :claim AND handled_at IS NULL"
    " RETURNING true"
)
_EXTEND = text(
    "UPDATE inbox SET claimed_until = clock_timestamp() + make_interval(secs => :seconds)"
    " WHERE queue = :queue AND claim = ANY(:claims) AND handled_at IS NULL"
)
_UNCLAIM = text(
    "DELETE FROM inbox WHERE queue = :queue AND message_id = :message_id AND claim = :claim AND handled_at IS NULL"
)

# So many workers may die at a message before it goes to the dead-letter queue.
_DEADLY_ATTEMPTS = 5


class Claim(StrEnum):
    """What asking for a message came to."""

    OURS = "ours"
    HANDLED = "handled"
    TAKEN = "taken"
    DEADLY = "deadly"


@dataclass(frozen=True)
class Context:
    """What a handler may know of the delivery it handles."""

    queue: str
    message_id: str
    receive_count: int = 1
    request_id: str | None = None
    traceparent: str | None = None
    occurred_at: datetime | None = None
    key: UUID | None = None
    source: str | None = None
    claim: UUID = field(default_factory=uuid4)

    @classmethod
    def of(cls, envelope: Envelope, *, queue: str, receive_count: int) -> "Context":
        """The context of a typed message."""
        return cls(
            queue=queue,
            message_id=str(envelope.id),
            receive_count=receive_count,
            request_id=envelope.request_id,
            traceparent=envelope.traceparent,
            occurred_at=envelope.occurred_at,
            key=envelope.key,
            source=envelope.source,
        )

    def record(self, session: Session) -> None:
        """For a handler that opens its own transactions: makes `session`'s the one that settles the message.

        The effect and "it was handled" then commit together. Raises `AlreadyHandled` when another delivery
        came first or this one's claim was lost meanwhile; let it pass, and the transaction rolls back.
        """
        names = {"queue": self.queue, "message_id": self.message_id, "claim": self.claim}
        if session.execute(_SETTLE, names).first() is None:
            raise AlreadyHandled


def record(session: Session, context: Context) -> None:
    """Writes that the message is handled, in the transaction of its effect.

    Raises `AlreadyHandled`, or `Retry` while a handler outside a transaction (of another release) has it.
    """
    if not record_all(session, [context])[0]:
        raise AlreadyHandled


def record_all(session: Session, contexts: Sequence[Context]) -> list[bool]:
    """Writes that messages of one queue are handled, in the transaction of their effects; which of them were not yet.

    One that is there twice is new once. Raises `Retry` while a handler outside a transaction has one of them.
    """
    queue, ids = contexts[0].queue, sorted({context.message_id for context in contexts})
    new = set(session.execute(_RECORD, {"queue": queue, "ids": ids}).scalars())
    others = [each for each in ids if each not in new]
    if others and session.execute(_NOT_HANDLED, {"queue": queue, "ids": others}).scalar():
        raise Retry
    answers = []
    for context in contexts:
        answers.append(context.message_id in new)
        new.discard(context.message_id)
    return answers


def claim(database: Database, context: Context, *, seconds: float) -> Claim:
    """Asks for a message whose handler works outside a transaction; the claim runs out unless extended.

    A handler that fails gives its claim back, so claims that ran out count the processes that died at it.
    """
    names = {"queue": context.queue, "message_id": context.message_id}
    with database.read() as connection:
        attempts = connection.execute(_CLAIM, {**names, "claim": context.claim, "seconds": seconds}).scalar()
        if attempts is not None:
            return Claim.OURS if attempts <= _DEADLY_ATTEMPTS else Claim.DEADLY
        handled = connection.execute(_HANDLED, names).scalar()
    return Claim.HANDLED if handled else Claim.TAKEN


def settle(database: Database, context: Context) -> None:
    """After such a handler: writes that it is done, unless the handler recorded that itself."""
    names = {"queue": context.queue, "message_id": context.message_id, "claim": context.claim}
    with database.read() as connection:
        connection.execute(_SETTLE, names)


def unclaim(database: Database, context: Context) -> None:
    """After such a handler failed: lets the next delivery begin at once."""
    names = {"queue": context.queue, "message_id": context.message_id, "claim": context.claim}
    with database.read() as connection:
        connection.execute(_UNCLAIM, names)


def extend(database: Database, *, queue: str, claims: list[UUID], seconds: float) -> None:
    """Keeps claims from running out while their handlers work."""
    with database.read() as connection:
        connection.execute(_EXTEND, {"queue": queue, "claims": claims, "seconds": seconds})
