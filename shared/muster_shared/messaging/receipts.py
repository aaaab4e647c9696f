"""The receipts of one queue: keeping messages in hand invisible; giving back, deleting, burying them."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from muster_shared import clock
from muster_shared.db import Database
from muster_shared.logs import log
from muster_shared.messaging import inbox
from muster_shared.messaging.dispatch import CLAIM_SECONDS, Delivery
from muster_shared.messaging.failures import describe
from muster_shared.messaging.queues import QueueUrls, dead_letter_name

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_ENTRIES_PER_BATCH = 10
_LINGER_SECONDS = 0.1
_DELETE_TRIES = 3
_MAX_VISIBILITY_SECONDS = 12 * 3600
# What burying adds; redriving takes it off again, but for the id a raw message was known by.
ORIGINAL_ID = "message_id"
BURIAL_ATTRIBUTES = ("reason", "failed_at", "receives")
# SQS takes ten attributes.
_KEPT_ATTRIBUTES = 10 - len(BURIAL_ATTRIBUTES) - 1
_REASON_CHARACTERS = 300


class Receipts:
    """What a consumer holds of its queue. All methods may be called from any thread; none raises for an AWS
    error: a message that could not be given back, deleted or buried comes again by itself.
    """

    def __init__(self, *, database: Database, sqs: "SQSClient", queue_name: str, visibility_seconds: int) -> None:
        self.visibility_seconds = visibility_seconds
        self._database = database
        self._sqs = sqs
        self._urls = QueueUrls(sqs)
        self._queue_name = queue_name
        self._held: dict[str, tuple[Delivery, UUID | None]] = {}
        self._settled: list[tuple[str, int]] = []
        self._changed = threading.Condition()
        self._closed = threading.Event()
        self._log = log("muster.consumer").bind(queue=queue_name)

    def url(self) -> str:
        """The queue's address. Raises botocore's errors."""
        return self._urls.of(self._queue_name)

    def held(self) -> int:
        """How many messages are in hand."""
        return len(self._held)

    def hold(self, delivery: Delivery) -> None:
        """Takes a message in hand: the heartbeat keeps it invisible from now on."""
        with self._changed:
            self._held[delivery.receipt] = (delivery, None)

    def claim(self, delivery: Delivery, claim: UUID) -> None:
        """Has the heartbeat extend an inbox claim together with the message's visibility."""
        with self._changed:
            self._held[delivery.receipt] = (delivery, claim)

    def await_room(self, *, timeout: float, capacity: int) -> None:
        """Waits until fewer than `capacity` are in hand, or for `timeout` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._held) < capacity, timeout)

    def close(self) -> None:
        """No more will be held or settled: heartbeat and deletion end once they are through."""
        self._closed.set()
        with self._changed:
            self._changed.notify_all()

    # Settling

    def settle(self, delivery: Delivery) -> None:
        """Its effect is committed: delete it, in a batch with others."""
        with self._changed:
            self._held.pop(delivery.receipt, None)
            self._settled.append((delivery.receipt, 0))
            self._changed.notify_all()

    def release(self, delivery: Delivery) -> None:
        """Gives it back untouched, for another worker to take at once."""
        self.postpone(delivery, 0)

    def postpone(self, delivery: Delivery, seconds: float) -> None:
        """Gives it back; it comes again in about `seconds`."""
        self._let_go(delivery)
        visibility = min(max(round(seconds), 1 if seconds else 0), _MAX_VISIBILITY_SECONDS)
        self._quietly(
            "consumer_postpone_failed",
            lambda: self._sqs.change_message_visibility(
                QueueUrl=self.url(), ReceiptHandle=delivery.receipt, VisibilityTimeout=visibility
            ),
        )

    def bury(self, delivery: Delivery, reason: str) -> None:
        """Moves it to the dead-letter queue with `reason`; should that fail, it comes again for it."""
        clean = "".join(c if c.isprintable() else " " for c in reason)[:_REASON_CHARACTERS] or "unknown"
        attributes: dict[str, Any] = {
            name: {k: v for k, v in value.items() if k in ("DataType", "StringValue", "BinaryValue")}
            for name, value in list(delivery.attributes.items())[:_KEPT_ATTRIBUTES]
        }
        for name, text in (
            ("reason", clean),
            ("failed_at", clock.rfc3339(clock.now())),
            ("receives", str(delivery.receive_count)),
        ):
            attributes[name] = {"DataType": "String", "StringValue": text}
        attributes.setdefault(ORIGINAL_ID, {"DataType": "String", "StringValue": delivery.sqs_id})
        buried = self._quietly(
            "consumer_bury_failed",
            lambda: self._sqs.send_message(
                QueueUrl=self._urls.of(dead_letter_name(self._queue_name)),
                MessageBody=delivery.body,
                MessageAttributes=attributes,
            ),
        )
        if not buried:
            self._let_go(delivery)
            return
        self._log.error("message_buried", reason=clean, sqs_id=delivery.sqs_id, receive_count=delivery.receive_count)
        self.settle(delivery)

    def _let_go(self, delivery: Delivery) -> None:
        with self._changed:
            self._held.pop(delivery.receipt, None)
            self._changed.notify_all()

    def _quietly(self, event: str, call: Callable[[], object]) -> bool:
        try:
            call()
        except Exception as error:  # noqa: BLE001  # what SQS was not told, its visibility timeout does
            self._log.warning(event, **describe(error))
            return False
        return True

    # Threads

    def heartbeat(self, _stop: threading.Event) -> None:
        """Extends what is in hand, three times per visibility timeout, until closed."""
        while not self._closed.wait(self.visibility_seconds / 3):
            with self._changed:
                held = list(self._held.values())
            self._extend([delivery for delivery, _ in held])
            claims = [claim for _, claim in held if claim is not None]
            if claims:
                self._extend_claims(claims)

    def _extend(self, deliveries: Sequence[Delivery]) -> None:
        for batch in _tens(deliveries):
            self._quietly(
                "consumer_heartbeat_failed",
                lambda batch=batch: self._sqs.change_message_visibility_batch(  # type: ignore[misc]
                    QueueUrl=self.url(),
                    Entries=[
                        {
                            "Id": str(index),
                            "ReceiptHandle": delivery.receipt,
                            "VisibilityTimeout": self.visibility_seconds,
                        }
                        for index, delivery in enumerate(batch)
                    ],
                ),
            )

    def _extend_claims(self, claims: list[UUID]) -> None:
        try:
            inbox.extend(self._database, queue=self._queue_name, claims=claims, seconds=CLAIM_SECONDS)
        except SQLAlchemyError as error:
            self._log.warning("consumer_claim_lost", **describe(error))

    def delete_settled(self, _stop: threading.Event) -> None:
        """Deletes what is settled, ten at a time, until closed and through."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._settled or self._closed.is_set())
                if not self._settled and self._closed.is_set():
                    return
                if len(self._settled) < _ENTRIES_PER_BATCH and not self._closed.is_set():
                    # A moment for others to come along: a request deletes ten as easily as one.
                    until = time.monotonic() + _LINGER_SECONDS
                    self._changed.wait_for(
                        lambda: len(self._settled) >= _ENTRIES_PER_BATCH or self._closed.is_set(),
                        max(0.0, until - time.monotonic()),
                    )
                batch, self._settled = self._settled[:_ENTRIES_PER_BATCH], self._settled[_ENTRIES_PER_BATCH:]
            self._delete(batch)

    def _delete(self, batch: Sequence[tuple[str, int]]) -> None:
        failed: list[tuple[str, int]] = []
        try:
            answer = self._sqs.delete_message_batch(
                QueueUrl=self.url(),
                Entries=[{"Id": str(i), "ReceiptHandle": receipt} for i, (receipt, _) in enumerate(batch)],
            )
            failed = [batch[int(failure["Id"])] for failure in answer.get("Failed", [])]
        except Exception as error:  # noqa: BLE001  # what stays comes again, and the inbox knows it
            self._log.warning("consumer_delete_failed", rows=len(batch), **describe(error))
            failed = list(batch)
        again = [(receipt, tries + 1) for receipt, tries in failed if tries + 1 < _DELETE_TRIES]
        if again:
            with self._changed:
                self._settled.extend(again)


def _tens(deliveries: Sequence[Delivery]) -> Iterator[Sequence[Delivery]]:
    for start in range(0, len(deliveries), _ENTRIES_PER_BATCH):
        yield deliveries[start : start + _ENTRIES_PER_BATCH]
