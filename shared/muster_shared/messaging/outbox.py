"""Emitting: a message is written in the transaction of what it tells of, and sent by the relay."""

from collections.abc import Sequence
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session
from structlog.contextvars import get_contextvars

from muster_shared import telemetry
from muster_shared.ids import new_id
from muster_shared.messaging.envelope import ATTRIBUTE_ALLOWANCE_BYTES, MAX_MESSAGE_BYTES, Message
from muster_shared.messaging.errors import MessageTooLarge, UnroutedMessage
from muster_shared.messaging.routing import routing

# Tells the relay that the statement it is part of has emitted something. The notification is part of the
# transaction: it goes out when that commits and never before. PostgreSQL lets only one notifying transaction of a
# whole cluster commit at a time, so it is left out while a fresh row waits whose own notification is on its way: the
# relay looks again after each round that found something, and each second in any case. Only the newest unsent row is
# looked at: going through all that wait would be dear just when many do.
NOTICE = (
    "SELECT pg_notify(current_schema() || '_outbox', '') WHERE (SELECT claimed_until IS NULL AND attempts = 0"
    " FROM outbox WHERE sent_at IS NULL ORDER BY id DESC LIMIT 1) IS NOT TRUE"
)
_INSERT = text(
    "WITH emitted AS (INSERT INTO outbox (id, type, payload, headers)"  # noqa: S608  # fixed texts, values bound
    f" VALUES (:id, :type, CAST(:payload AS jsonb), CAST(:headers AS jsonb))) {NOTICE}"
)
_INSERT_ALL = text(
    "WITH emitted AS (INSERT INTO outbox (id, type, payload, headers)"  # noqa: S608  # fixed texts, values bound
    " SELECT id, type, CAST(payload AS jsonb), CAST(headers AS jsonb) FROM unnest(CAST(:ids AS uuid[]),"
    f" CAST(:types AS text[]), CAST(:payloads AS text[]), CAST(:headers AS text[]))"
    f" AS g (id, type, payload, headers)) {NOTICE}"
)
_ENVELOPE_ALLOWANCE_BYTES = 1024


def emit(session: Session, message: Message, *, key: UUID | None = None) -> UUID:
    """Writes `message` to the outbox in the caller's transaction; gives the id consumers will know it by.

    Consumers get it at least once after the commit, never before it, never when it rolls back, in no
    promised order. `key` names what the message is about, for logs and traces. Raises `UnroutedMessage` for
    a type that `routing.json` lacks and `MessageTooLarge` for one that no queue would take.
    """
    message_id = new_id()
    names = {"id": message_id, "type": message.type, "payload": payload_of(message), "headers": headers_of(key)}
    session.execute(_INSERT, names)
    return message_id


def emit_all(session: Session, messages: Sequence[tuple[Message, UUID | None]]) -> None:
    """Emits several messages, each with its `key`, in one statement. Raises as `emit` does."""
    if not messages:
        return
    names = {
        "ids": [new_id() for _ in messages],
        "types": [message.type for message, _ in messages],
        "payloads": [payload_of(message) for message, _ in messages],
        "headers": [headers_of(key) for _, key in messages],
    }
    session.execute(_INSERT_ALL, names)


def payload_of(message: Message) -> str:
    """The message as its row holds it. Raises as `emit` does."""
    if message.type not in routing():
        raise UnroutedMessage(message.type)
    payload = message.model_dump_json()
    if len(payload.encode()) > MAX_MESSAGE_BYTES - ATTRIBUTE_ALLOWANCE_BYTES - _ENVELOPE_ALLOWANCE_BYTES:
        raise MessageTooLarge(message.type)
    return payload


def headers_of(key: UUID | None) -> str:
    """What a row of the outbox says beside its message, as JSON."""
    headers = {
        "request_id": get_contextvars().get("request_id"),
        "traceparent": telemetry.current_traceparent(),
        "key": str(key) if key else None,
    }
    return orjson.dumps({name: value for name, value in headers.items() if value}).decode()
