"""What travels in a queue: a typed message in an envelope, as JSON of a known shape."""

from typing import Any, ClassVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from muster_shared.messaging.errors import InvalidMessage, UnknownMessageType

# What one SQS message or one batch may weigh, attributes included. SQS takes more by now; what stays under
# this can be sent by every relay and read by every stand-in.
MAX_MESSAGE_BYTES = 256 * 1024
# Kept free of the body for the attributes that travel beside it.
ATTRIBUTE_ALLOWANCE_BYTES = 4 * 1024

_registry: dict[str, type["Message"]] = {}


class Message(BaseModel):
    """Base of every message: past tense, versioned, immutable.

    A subclass sets `type` (`crew.assigned.v1`) and is found by it from then on. A field that a later version
    adds needs a default and one that is not known is dropped, so that both sides deploy in any order.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    type: ClassVar[str]

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        name = cls.__dict__.get("type")
        if name is None:
            return
        known = _registry.setdefault(name, cls)
        if known is not cls and (known.__module__, known.__qualname__) != (cls.__module__, cls.__qualname__):
            raise TypeError(f"two classes for the message type {name}")


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


def registered_types() -> dict[str, type[Message]]:
    """Every message class that has been imported, by its type."""
    return dict(_registry)


def decode(body: str) -> Envelope:
    """The envelope in `body`. Raises `InvalidMessage`, which names fields and repeats no value."""
    try:
        return Envelope.model_validate_json(body)
    except ValidationError as error:
        raise InvalidMessage(_fields(error)) from None


def message_of(envelope: Envelope) -> Message:
    """The typed message in `envelope`. Raises `UnknownMessageType` or `InvalidMessage`."""
    kind = _registry.get(envelope.type)
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
