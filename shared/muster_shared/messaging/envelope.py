"""What travels in a queue: a typed message in an envelope, as JSON of a known shape."""

from typing import Any
from uuid import UUID

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from muster_shared.messages import Message, message_type
from muster_shared.messaging.errors import InvalidMessage, UnknownMessageType

# What one SQS message or one batch may weigh, attributes included. SQS takes more by now; what stays under
# this can be sent by every relay and read by every stand-in.
MAX_MESSAGE_BYTES = 256 * 1024
# Kept free of the body for the attributes that travel beside it.
ATTRIBUTE_ALLOWANCE_BYTES = 4 * 1024


class Envelope(BaseModel):
    """A message with what is known of its making. `id` is what a consumer remembers it by."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: UUID
    type: str
    occurred_at: AwareDatetime
    source: str
    request_id: str | None = None
    traceparent: str | None = None
    key: UUID | None = None
    data: dict[str, Any]


def encode(envelope: Envelope) -> str:
    """The body of the queue message."""
    return orjson.dumps(envelope.model_dump(mode="json")).decode()


def decode(body: str) -> Envelope:
    """The envelope in `body`. Raises `InvalidMessage`, which names fields and never repeats what they hold."""
    try:
        return Envelope.model_validate_json(body)
    except ValidationError as error:
        raise InvalidMessage(_fields(error)) from None


def message_of(envelope: Envelope) -> Message:
    """The typed message in `envelope`. Raises `UnknownMessageType` or `InvalidMessage`."""
    kind = message_type(envelope.type)
    if kind is None:
        raise UnknownMessageType(envelope.type)
    try:
        return kind.model_validate(envelope.data)
    except ValidationError as error:
        raise InvalidMessage(_fields(error)) from None


def _fields(error: ValidationError) -> str:
    """Which fields are wrong and how, without their values (extra names a sender chose included)."""
    return "; ".join(
        f"{'.'.join(str(part) for part in item['loc']) or 'body'}: {item['type']}"
        for item in error.errors(include_input=False, include_url=False, include_context=False)[:5]
    )
