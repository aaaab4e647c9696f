"""The relay: takes what is due from the outbox and sends it to the queue of every consumer.

Rows are claimed for a time (`claimed_until`) in one short statement, sent with no transaction open, and
marked in another. A relay that dies in between leaves claims that run out; what it had sent goes out a second
time and the consumers' inbox absorbs it. `FOR UPDATE SKIP LOCKED` lets any number of relays work side by
side, and since a row is due by its own state, one that commits late is found like any other.
"""

import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson
from sqlalchemy import Row, text
from sqlalchemy.exc import SQLAlchemyError

from muster_shared import telemetry
from muster_shared.db import Database, is_unavailable
from muster_shared.logs import log
from muster_shared.messaging.backoff import Backoff, full_jitter
from muster_shared.messaging.envelope import MAX_MESSAGE_BYTES
from muster_shared.messaging.failures import describe, is_aws_away, is_queue_missing
from muster_shared.messaging.queues import QueueUrls, queue_name
from muster_shared.messaging.routing import routing

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

_ENTRIES_PER_BATCH = 10
_POLL_SECONDS = 1.0
# Between two rounds, so that a stream of rows goes out ten at a time; not when there are more than a round takes.
# The first round after a pause waits for nothing.
_GATHER_SECONDS = 0.05
_ROW_BACKOFF_BASE_SECONDS = 0.5
_ROW_BACKOFF_CAP_SECONDS = 30.0
# Mistakes (a missing table, a bug) in a row before the process gives up and is started anew.
_UNEXPECTED_LIMIT = 20
_TRACING = ("request_id", "traceparent")

_CLAIM = text(
    "UPDATE outbox SET claimed_until = clock_timestamp() + make_interval(secs => :lease)"
    " WHERE id IN (SELECT id FROM outbox WHERE sent_at IS NULL"
    " AND (claimed_until IS NULL OR claimed_until <= clock_timestamp())"
    " ORDER BY id LIMIT :limit FOR UPDATE SKIP LOCKED)"
    " RETURNING id, type, payload, headers, created_at, attempts, delivered_to"
)
_SENT = text("UPDATE outbox SET sent_at = clock_timestamp(), claimed_until = NULL WHERE id = ANY(:ids)")
_RELEASE = text("UPDATE outbox SET claimed_until = NULL WHERE id = ANY(:ids) AND sent_at IS NULL")
_POSTPONE = text(
    "UPDATE outbox SET attempts = attempts + 1, delivered_to = :delivered,"
    " claimed_until = clock_timestamp() + make_interval(secs => :wait) WHERE id = :id AND sent_at IS NULL"
)


@dataclass
class _Entry:
    """One row on its way to the consumers that lack it."""

    id: UUID
    type: str
    body: str
    attributes: dict[str, Any]
    size_bytes: int
    attempts: int
    wanted: frozenset[str]
    delivered: set[str] = field(default_factory=set)


@dataclass
class _Round:
    """What one round of sending has come to."""

    entries: Sequence[_Entry]
    away: bool = False
    blocked: set[str] = field(default_factory=set)


class Relay:
    """Sends one service's outbox. `drain_once` does one round; `run` goes on until stopped."""

    def __init__(
        self,
        *,
        database: Database,
        sqs: "SQSClient",
        service: str,
        queue_prefix: str,
        routes: Mapping[str, Sequence[str]] | None = None,
        rows_per_round: int = 500,
        senders: int = 4,
        lease_seconds: float = 30.0,
    ) -> None:
        self._database = database
        self._sqs = sqs
        self._urls = QueueUrls(sqs)
        self._service = service
        self._prefix = queue_prefix
        self._routes = routing() if routes is None else routes
        self._rows_per_round = rows_per_round
        self._lease_seconds = lease_seconds
        self._pool = ThreadPoolExecutor(max_workers=senders, thread_name_prefix="relay-sender")
        self._log = log("muster.relay")
        self.beat = time.monotonic()

    def run(self, stop: threading.Event, wake: threading.Event) -> None:
        """Sends until `stop`; `wake` is set when there is something new, a poll each second falls back."""
        backoff, unexpected = Backoff(), 0
        while not stop.is_set():
            self.beat = time.monotonic()
            wake.clear()
            try:
                claimed, away = self.drain_once()
            except SQLAlchemyError as error:
                unexpected = 0 if is_unavailable(error) else unexpected + 1
                self._log.warning("relay_database_failed", **describe(error))
                if unexpected >= _UNEXPECTED_LIMIT:
                    raise
                backoff.wait(stop)
                continue
            unexpected = 0
            if away:
                backoff.wait(stop)
                continue
            backoff.reset()
            # After a round that found something, look again: emitters that saw those rows waiting did not notify.
            if not claimed:
                wake.wait(_POLL_SECONDS)
            elif claimed < self._rows_per_round:
                stop.wait(_GATHER_SECONDS)
        self._pool.shutdown(wait=True)

    def drain_once(self) -> tuple[int, bool]:
        """One round: how many rows were claimed, and whether SQS was away. Raises SQLAlchemy's errors."""
        with self._database.read() as connection:
            rows = connection.execute(_CLAIM, {"lease": self._lease_seconds, "limit": self._rows_per_round}).all()
        if not rows:
            return 0, False
        outcome = _Round(entries=[self._entry(row) for row in rows])
        self._send_all(outcome)
        self._settle(outcome)
        return len(rows), outcome.away

    def _entry(self, row: Row[Any]) -> _Entry:
        consumers = self._routes.get(row.type)
        if consumers is None:
            # Written by a newer release than this: its own relay knows where it goes.
            self._log.error("relay_type_unrouted", message_type=row.type, message_id=str(row.id))
        body = _body(row, source=self._service)
        beside = {"type": row.type, **{n: row.headers[n] for n in _TRACING if row.headers.get(n)}}
        attributes = {name: {"DataType": "String", "StringValue": value} for name, value in beside.items()}
        # SQS counts names, types and values of the attributes too.
        size = len(body.encode()) + sum(len(f"{name}String{value}") for name, value in beside.items())
        # A type without a route keeps a consumer that never takes it, and so stays unsent.
        wanted = frozenset(("",) if consumers is None else consumers)
        return _Entry(
            id=row.id,
            type=row.type,
            body=body,
            attributes=attributes,
            size_bytes=size,
            attempts=row.attempts,
            wanted=wanted,
            delivered=set(row.delivered_to) & wanted,
        )

    def _send_all(self, outcome: _Round) -> None:
        batches = [
            (consumer, batch)
            for consumer in sorted({c for entry in outcome.entries for c in entry.wanted if c})
            for batch in _batches(e for e in outcome.entries if consumer in e.wanted - e.delivered)
        ]
        if len(batches) == 1:
            self._send(outcome, *batches[0])
            return
        for future in [self._pool.submit(self._send, outcome, *batch) for batch in batches]:
            future.result()

    def _send(self, outcome: _Round, consumer: str, batch: Sequence[_Entry]) -> None:
        # One timeout per queue and round is enough: it bounds how long the claims are held.
        if consumer in outcome.blocked:
            return
        requests: list[SendMessageBatchRequestEntryTypeDef] = [
            {"Id": str(index), "MessageBody": entry.body, "MessageAttributes": entry.attributes}
            for index, entry in enumerate(batch)
        ]
        try:
            url = self._urls.of(queue_name(self._prefix, consumer))
            answer = self._sqs.send_message_batch(QueueUrl=url, Entries=requests)
        except Exception as error:  # noqa: BLE001  # whatever it is, these rows are not sent and stay due
            self._log.warning("relay_send_failed", consumer=consumer, rows=len(batch), **describe(error))
            if is_aws_away(error) or is_queue_missing(error):
                outcome.blocked.add(consumer)
                outcome.away = outcome.away or is_aws_away(error)
            elif len(batch) > 1:
                # SQS refused the batch for one of them: alone, the others get through.
                for entry in batch:
                    self._send(outcome, consumer, [entry])
            return
        for success in answer.get("Successful", []):
            batch[int(success["Id"])].delivered.add(consumer)
        for failure in answer.get("Failed", []):
            self._log.warning(
                "relay_entry_failed",
                consumer=consumer,
                message_id=str(batch[int(failure["Id"])].id),
                code=failure.get("Code"),
            )

    def _settle(self, outcome: _Round) -> None:
        sent = [entry for entry in outcome.entries if entry.delivered >= entry.wanted]
        unsent = [entry for entry in outcome.entries if not entry.delivered >= entry.wanted]
        with self._database.read() as connection:
            if sent:
                connection.execute(_SENT, {"ids": [entry.id for entry in sent]})
            # Nothing is wrong with rows that an outage stopped: they are due as soon as it is over.
            stopped = [entry for entry in unsent if outcome.away and not entry.delivered]
            if stopped:
                connection.execute(_RELEASE, {"ids": [entry.id for entry in stopped]})
            for entry in unsent:
                if outcome.away and not entry.delivered:
                    continue
                connection.execute(
                    _POSTPONE, {"id": entry.id, "delivered": sorted(entry.delivered), "wait": _wait(entry)}
                )
        if sent:
            telemetry.count("muster.outbox.sent", len(sent))


def _wait(entry: _Entry) -> float:
    return full_jitter(entry.attempts, base_seconds=_ROW_BACKOFF_BASE_SECONDS, cap_seconds=_ROW_BACKOFF_CAP_SECONDS)


def _body(row: Row[Any], *, source: str) -> str:
    """The envelope as `envelope.decode` reads it; without a model, for a relay writes thousands a second."""
    envelope = {
        "id": row.id,
        "type": row.type,
        "occurred_at": row.created_at,
        "source": source,
        "data": row.payload,
        **row.headers,
    }
    # Two characters that JSON takes as they are and SQS does not take at all.
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
    return orjson.dumps(envelope).decode().replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")


def _batches(entries: Iterable[_Entry]) -> Iterator[list[_Entry]]:
    """Ten at most and no heavier than SQS takes together."""
    batch: list[_Entry] = []
    size_bytes = 0
    for entry in entries:
        if batch and (len(batch) == _ENTRIES_PER_BATCH or size_bytes + entry.size_bytes > MAX_MESSAGE_BYTES):
            yield batch
            batch, size_bytes = [], 0
        batch.append(entry)
        size_bytes += entry.size_bytes
    if batch:
        yield batch
