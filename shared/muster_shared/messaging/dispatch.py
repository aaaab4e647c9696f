"""From the text of a queue message to its handler, which is run so that it counts once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from typing import Any, Protocol

import orjson

from muster_shared.db import Database
from muster_shared.messaging import inbox
from muster_shared.messaging.envelope import Message, decode, message_of
from muster_shared.messaging.errors import (
    AlreadyHandled,
    InvalidMessage,
    Permanent,
    Retry,
    UnknownMessageType,
)
from muster_shared.messaging.inbox import Context
from muster_shared.messaging.spec import Handler, OutsideTransaction, SharedTransaction
from muster_shared.together import Together

# How long a claim is believed without being extended; the heartbeat extends it three times in that time.
CLAIM_SECONDS = 30.0


@dataclass(frozen=True)
class Delivery:
    """One receive of one queue message."""

    sqs_id: str
    receipt: str
    body: str
    attributes: Mapping[str, Any]
    receive_count: int


@dataclass(frozen=True)
class Work:
    """A delivery that was read: what it is, what is to be run, and whether it works under a claim."""

    kind: str
    context: Context
    claimed: bool
    run: Callable[[Database], None]


class Dispatcher(Protocol):
    """Reads deliveries of one queue. Raises `InvalidMessage` or `UnknownMessageType`."""

    def read(self, delivery: Delivery) -> Work: ...  # said above


class TypedDispatcher:
    """Messages in envelopes, to the handler of their class."""

    def __init__(
        self, queue: str, handlers: Mapping[type[Message], Handler | SharedTransaction | OutsideTransaction]
    ) -> None:
        self._queue = queue
        self._handlers = {kind.type: handler for kind, handler in handlers.items()}
        self._share: Share = Together(_in_one_transaction)

    def read(self, delivery: Delivery) -> Work:
        """The work a delivery asks for."""
        envelope = decode(delivery.body)
        handler = self._handlers.get(envelope.type)
        if handler is None:
            raise UnknownMessageType("no handler for the type")
        message = message_of(envelope)
        context = Context.of(envelope, queue=self._queue, receive_count=delivery.receive_count)
        return _work(envelope.type, handler, message=message, context=context, share=self._share)


class RawDispatcher:
    """What AWS itself writes: any JSON object, remembered by its message id (SNS's, if it came that way)."""

    def __init__(self, queue: str, handler: Handler | SharedTransaction | OutsideTransaction) -> None:
        self._queue = queue
        self._handler = handler
        self._share: Share = Together(_in_one_transaction)

    def read(self, delivery: Delivery) -> Work:
        """The work a delivery asks for."""
        body = _object(delivery.body)
        # A redriven message has another id by now; the attribute keeps the first.
        message_id = delivery.attributes.get("message_id", {}).get("StringValue", delivery.sqs_id)
        # https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
        if body.get("Type") == "Notification" and isinstance(body.get("Message"), str) and "TopicArn" in body:
            message_id = str(body.get("MessageId", message_id))
            body = _object(body["Message"])
        context = Context(queue=self._queue, message_id=message_id, receive_count=delivery.receive_count)
        return _work(self._queue, self._handler, message=body, context=context, share=self._share)


def _work(
    kind: str,
    handler: Handler | SharedTransaction | OutsideTransaction,
    *,
    message: Any,
    context: Context,
    share: "Share",
) -> Work:
    if isinstance(handler, SharedTransaction):
        run = partial(_shared, handler=handler, message=message, context=context, share=share)
        return Work(kind=kind, context=context, claimed=False, run=run)
    if isinstance(handler, OutsideTransaction):
        run = partial(_outside, handler=handler.run, message=message, context=context)
        return Work(kind=kind, context=context, claimed=True, run=run)
    run = partial(_inside, handler=handler, message=message, context=context)
    return Work(kind=kind, context=context, claimed=False, run=run)


def _object(text: str) -> dict[str, Any]:
    try:
        body = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise InvalidMessage("not JSON") from None
    if not isinstance(body, dict):
        raise InvalidMessage("not an object")
    return body


def _inside(database: Database, *, handler: Handler, message: Any, context: Context) -> None:
    with database.transaction() as session:
        inbox.record(session, context)
        handler(session, message, context)


class _Outcome(Enum):
    """What became of a message in a transaction of several."""

    DONE = auto()
    HANDLED_BEFORE = auto()
    ROLLED_BACK = auto()


@dataclass(frozen=True)
class _Share:
    """A message in a transaction of several."""

    database: Database
    handler: SharedTransaction
    message: Any
    context: Context


Share = Together[_Share, _Outcome]


def _shared(database: Database, *, handler: SharedTransaction, message: Any, context: Context, share: Share) -> None:
    place = _Share(database, handler, message, context)
    outcome = share(place)
    if outcome is _Outcome.ROLLED_BACK:
        outcome = _in_one_transaction([place])[0]
    if outcome is _Outcome.HANDLED_BEFORE:
        raise AlreadyHandled


def _in_one_transaction(shares: Sequence[_Share]) -> list[_Outcome]:
    try:
        with shares[0].database.transaction() as session:
            is_new = inbox.record_all(session, [share.context for share in shares])
            by_handler: dict[SharedTransaction, list[tuple[Any, Context]]] = {}
            for share, new in zip(shares, is_new, strict=True):
                if new:
                    by_handler.setdefault(share.handler, []).append((share.message, share.context))
            for handler, messages in by_handler.items():
                handler.run(session, messages)
    except Exception:
        if len(shares) == 1:
            raise
        # Whose it was shows when each is run by itself.
        return [_Outcome.ROLLED_BACK] * len(shares)
    return [_Outcome.DONE if new else _Outcome.HANDLED_BEFORE for new in is_new]


def _outside(
    database: Database, *, handler: Callable[[Database, Any, Context], None], message: Any, context: Context
) -> None:
    state = inbox.claim(database, context, seconds=CLAIM_SECONDS)
    if state is inbox.Claim.HANDLED:
        raise AlreadyHandled
    if state is inbox.Claim.TAKEN:
        # Somebody is at it, or died at it: come back when that claim has run out, however often that takes.
        raise Retry(min(CLAIM_SECONDS / 2, 2 * context.receive_count), max_receives=context.receive_count + 1)
    if state is inbox.Claim.DEADLY:
        inbox.unclaim(database, context)
        raise Permanent("workers died at it")
    try:
        handler(database, message, context)
    except AlreadyHandled:
        raise
    except BaseException:
        inbox.unclaim(database, context)
        raise
    inbox.settle(database, context)
