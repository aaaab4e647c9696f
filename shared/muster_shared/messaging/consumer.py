"""The consumer of one queue: polls, hands to worker threads, and settles each message by what became of it.

A message is deleted only after its effect is committed. A failed one is left to come back later; one that
cannot work goes to the dead-letter queue with its reason. While a handler runs, a heartbeat keeps the message
invisible; should that fail, the inbox keeps a second delivery from having an effect (see `inbox`).
"""

import queue
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from structlog.contextvars import bind_contextvars, bound_contextvars, unbind_contextvars

from muster_shared import telemetry
from muster_shared.db import Database, is_unavailable
from muster_shared.logs import log
from muster_shared.messaging.backoff import Backoff, full_jitter
from muster_shared.messaging.dispatch import Delivery, Dispatcher, Work
from muster_shared.messaging.errors import (
    AlreadyHandled,
    InvalidMessage,
    Permanent,
    Retry,
    UnknownMessageType,
)
from muster_shared.messaging.failures import describe
from muster_shared.messaging.queues import VISIBILITY_SECONDS
from muster_shared.messaging.receipts import Receipts
from muster_shared.problems import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

MAX_RECEIVES = 5
# A dependency that says "unavailable" is given about as many tries as an outage of some minutes takes.
_UNAVAILABLE_RECEIVES = 60
# Beyond every verdict: a message that never lives to get one. Above what handlers may ask for.
_GIVE_UP_RECEIVES = 90
_UNAVAILABLE_AFTER_SECONDS = 20.0
_RETRY_CAP_SECONDS = 300.0
_LOCAL_TRIES = 3
_MAX_RECEIVE = 10
# With a deep queue, so long is waited for room for more: one request brings ten as easily as one.
_GATHER_SECONDS = 0.05


class Consumer:
    """Consumes one queue with `threads` handlers. Start `threads()` under a supervisor; stop by the event."""

    def __init__(
        self,
        *,
        database: Database,
        sqs: "SQSClient",
        queue_name: str,
        dispatcher: Dispatcher,
        threads: int = 4,
        prefetch: int = 20,
        wait_seconds: int = 5,
        visibility_seconds: int = VISIBILITY_SECONDS,
        retry_base_seconds: float = 2.0,
        on_handled: Callable[[], None] | None = None,
    ) -> None:
        self.queue_name = queue_name
        self.receipts = Receipts(
            database=database, sqs=sqs, queue_name=queue_name, visibility_seconds=visibility_seconds
        )
        self.beat = time.monotonic()
        self._database = database
        self._sqs = sqs
        self._dispatcher = dispatcher
        self._thread_count = threads
        self._capacity = threads + prefetch
        self._worthwhile = max(1, min(_MAX_RECEIVE, prefetch // 2))
        self._wait_seconds = wait_seconds
        self._retry_base_seconds = retry_base_seconds
        self._on_handled = on_handled or (lambda: None)
        # None ends a worker thread. Nobody waits here with a timeout: a thread that was given too late what another
        # had taken would wait for ever (`simplequeue_get` of Python 3.11 goes on with what is left, less than nothing).
        self._buffer: queue.SimpleQueue[Delivery | None] = queue.SimpleQueue()
        self._database_there = threading.Event()
        self._database_there.set()
        self._at_work = threads + 1
        self._lock = threading.Lock()
        self._log = log("muster.consumer").bind(queue=queue_name)

    def threads(self) -> list[tuple[str, Callable[[threading.Event], None]]]:
        """What has to run, by name; each takes the stop event and returns once it has drained."""
        return [
            (f"{self.queue_name}-poll", self._poll),
            *((f"{self.queue_name}-{number}", self._work) for number in range(self._thread_count)),
            (f"{self.queue_name}-heartbeat", self.receipts.heartbeat),
            (f"{self.queue_name}-settle", self.receipts.delete_settled),
        ]

    # Polling

    def _poll(self, stop: threading.Event) -> None:
        try:
            self._poll_until(stop)
        finally:
            for _ in range(self._thread_count):
                self._buffer.put(None)
            self._leave()

    def _poll_until(self, stop: threading.Event) -> None:
        backoff, is_deep = Backoff(), False
        while not stop.is_set():
            self.beat = time.monotonic()
            if not self._database_there.is_set():
                self._await_database(stop, backoff)
                continue
            if is_deep:
                self.receipts.await_room(timeout=_GATHER_SECONDS, capacity=self._capacity - self._worthwhile + 1)
            free = self._capacity - self.receipts.held()
            if free <= 0:
                self.receipts.await_room(timeout=0.5, capacity=self._capacity)
                continue
            limit = min(free, _MAX_RECEIVE)
            try:
                deliveries = self._receive(limit)
            except Exception as error:  # noqa: BLE001  # a queue that is away, missing or broken is asked again
                self._log.warning("consumer_receive_failed", **describe(error))
                backoff.wait(stop)
                continue
            if backoff.failures:
                self._log.info("consumer_receives_again")
                backoff.reset()
            is_deep = len(deliveries) == limit
            for delivery in deliveries:
                self.receipts.hold(delivery)
                self._buffer.put(delivery)

    def _receive(self, limit: int) -> list[Delivery]:
        answer = self._sqs.receive_message(
            QueueUrl=self.receipts.url(),
            MaxNumberOfMessages=limit,
            WaitTimeSeconds=self._wait_seconds,
            VisibilityTimeout=self.receipts.visibility_seconds,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["ApproximateReceiveCount"],
        )
        return [
            Delivery(
                sqs_id=message["MessageId"],
                receipt=message["ReceiptHandle"],
                body=message["Body"],
                attributes=message.get("MessageAttributes", {}),
                receive_count=int(message.get("Attributes", {}).get("ApproximateReceiveCount", "1")),
            )
            for message in answer.get("Messages", [])
        ]

    def _await_database(self, stop: threading.Event, backoff: Backoff) -> None:
        try:
            self._database.ping()
        except Exception as error:
            if not is_unavailable(error):
                raise
            backoff.wait(stop)
            return
        self._log.info("consumer_database_back")
        backoff.reset()
        self._database_there.set()

    # Handling

    def _work(self, stop: threading.Event) -> None:
        try:
            while (delivery := self._buffer.get()) is not None:
                if stop.is_set():
                    # Given back when the last poll is over: that would only receive it again.
                    self._buffer.put(delivery)
                    break
                self._handle(delivery, stop)
        finally:
            self._leave()

    def _leave(self) -> None:
        """The last one out, the poller included, gives back what nobody took."""
        with self._lock:
            self._at_work -= 1
            if self._at_work:
                return
        while True:
            try:
                delivery = self._buffer.get_nowait()
            except queue.Empty:
                break
            if delivery is not None:
                self.receipts.release(delivery)
        self.receipts.close()

    def _handle(self, delivery: Delivery, stop: threading.Event) -> None:
        started = time.monotonic()
        if delivery.receive_count > _GIVE_UP_RECEIVES:
            self.receipts.bury(delivery, "received too often without a verdict")
            return
        try:
            work = self._dispatcher.read(delivery)
        except UnknownMessageType as error:
            self.receipts.bury(delivery, f"unknown message type: {error}")
            return
        except InvalidMessage as error:
            self.receipts.bury(delivery, f"invalid message: {error}")
            return
        context = work.context
        with (
            bound_contextvars(request_id=context.request_id, message_id=context.message_id, message_type=work.kind),
            telemetry.span(
                f"process {work.kind}",
                kind="consumer",
                traceparent=context.traceparent,
                attributes={"messaging.system": "aws_sqs", "messaging.destination.name": self.queue_name},
            ),
        ):
            bind_contextvars(**telemetry.log_fields())
            try:
                outcome = self._run(delivery, work, stop)
            finally:
                unbind_contextvars("trace_id")
        attributes = {"queue": self.queue_name, "outcome": outcome}
        telemetry.observe("muster.message.duration", time.monotonic() - started, attributes=attributes)
        if outcome == "handled":
            self._on_handled()

    def _run(self, delivery: Delivery, work: Work, stop: threading.Event) -> str:
        for _ in range(_LOCAL_TRIES):
            try:
                if work.claimed:
                    self.receipts.claim(delivery, work.context.claim)
                work.run(self._database)
            except AlreadyHandled:
                self.receipts.settle(delivery)
                self._log.info("message_duplicate")
                return "duplicate"
            except Permanent as error:
                self.receipts.bury(delivery, error.reason)
                return "buried"
            except Retry as error:
                return self._retry(delivery, error.after_seconds, error.max_receives, reason="retry asked for")
            except Unavailable:
                return self._retry(
                    delivery,
                    _UNAVAILABLE_AFTER_SECONDS,
                    _UNAVAILABLE_RECEIVES,
                    reason="a dependency is unavailable",
                )
            except Exception as error:  # noqa: BLE001  # whatever a handler raises, the message comes back
                if not is_unavailable(error):
                    self._log.warning("message_failed", receive_count=delivery.receive_count, **describe(error))
                    return self._retry(delivery, None, None, reason=f"{type(error).__name__} in the handler")
                if not self._sit_out(stop, error):
                    self.receipts.release(delivery)
                    return "released"
            else:
                self.receipts.settle(delivery)
                return "handled"
        return self._retry(delivery, None, None, reason="the database refused it repeatedly")

    def _sit_out(self, stop: threading.Event, error: Exception) -> bool:
        """Waits, message in hand, until the database is back; False when the worker is to stop meanwhile.

        So an outage costs a message no receives, however long it lasts.
        """
        self._log.warning("consumer_database_away", **describe(error))
        self._database_there.clear()
        while not stop.is_set():
            if self._database_there.wait(0.5):
                return True
        return False

    def _retry(self, delivery: Delivery, after_seconds: float | None, max_receives: int | None, *, reason: str) -> str:
        if delivery.receive_count >= (max_receives or MAX_RECEIVES):
            self.receipts.bury(delivery, f"{reason}, {delivery.receive_count} receives")
            return "buried"
        if after_seconds is None:
            after_seconds = full_jitter(
                delivery.receive_count - 1, base_seconds=self._retry_base_seconds, cap_seconds=_RETRY_CAP_SECONDS
            )
        self.receipts.postpone(delivery, after_seconds)
        return "postponed"
