"""A queue, an outbox, and what it takes to run relays and consumers on them."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from muster_shared.aws.clients import Clients
from muster_shared.db import Database
from muster_shared.messages.events import CrewLinkOpened
from muster_shared.messages.media import PhotoChanged
from muster_shared.messaging import outbox
from muster_shared.messaging.consumer import Consumer
from muster_shared.messaging.dispatch import Dispatcher, TypedDispatcher
from muster_shared.messaging.envelope import Message
from muster_shared.messaging.inbox import Context
from muster_shared.messaging.queues import QueueUrls, dead_letter_name, declare
from muster_shared.messaging.relay import Relay
from muster_shared.messaging.spec import Handler, OutsideTransaction
from muster_shared.testing.aws import AwsStandIn
from muster_shared.testing.postgres import Databases

ROUTES = {"crew.link_opened.v1": ("sample",), "photo.changed.v1": ("sample",)}
PATIENCE_SECONDS = 30.0


def link_opened(version: int = 1) -> CrewLinkOpened:
    """A small message; `link_version` tells one from another."""
    return CrewLinkOpened(
        assignment_id=uuid4(),
        org_id=uuid4(),
        link_version=version,
        opened_at=datetime(2026, 5, 1, 12, tzinfo=UTC),
        by_machine=False,
    )


def photo_changed(text_of_any_size: str) -> PhotoChanged:
    """A message as heavy as asked for."""
    return PhotoChanged(
        photo_id=uuid4(),
        event_id=uuid4(),
        org_id=uuid4(),
        version=1,
        purpose="banner",
        status="ready",
        public_path=text_of_any_size,
        occurred_at=datetime(2026, 5, 1, 12, tzinfo=UTC),
    )


def eventually(what: Callable[[], Any], *, seconds: float = PATIENCE_SECONDS) -> Any:
    """The first true answer of `what`; fails when there is none in time."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.02)):
        if found := what():
            return found
        pause.wait(0.02)
    raise AssertionError("it did not happen in time")


def record_effect(session: Session, message: Any, context: Context) -> None:
    """The plainest handler: one row for each time it had an effect."""
    session.execute(
        text("INSERT INTO effects (message_id, version) VALUES (:id, :version)"),
        {"id": context.message_id, "version": message.link_version},
    )


@contextmanager
def running(*consumers: Consumer) -> Iterator[threading.Event]:
    """Runs consumers in threads; drained at the end of the block."""
    stop = threading.Event()
    threads = [
        threading.Thread(target=target, args=(stop,), name=name, daemon=True)
        for consumer in consumers
        for name, target in consumer.threads()
    ]
    for thread in threads:
        thread.start()
    try:
        yield stop
    finally:
        stop.set()
        for thread in threads:
            thread.join(PATIENCE_SECONDS)
        assert not [thread.name for thread in threads if thread.is_alive()]


@dataclass
class Post:
    """One service's outbox, its queue, and the dead-letter queue."""

    database: Database
    clients: Clients
    prefix: str

    @property
    def queue(self) -> str:
        """The queue's name."""
        return f"{self.prefix}-sample"

    def url(self, name: str | None = None) -> str:
        """A queue's address."""
        return QueueUrls(self.clients.sqs).of(name or self.queue)

    def emit(self, count: int = 1, *, first_version: int = 1) -> list[UUID]:
        """Emits messages with rising versions, in one transaction."""
        with self.database.transaction() as session:
            return [outbox.emit(session, link_opened(first_version + number)) for number in range(count)]

    def relay(self, **options: Any) -> Relay:
        """A relay of this outbox."""
        options = {"sqs": self.clients.sqs, "routes": ROUTES, "database": self.database, **options}
        return Relay(service="sample", queue_prefix=self.prefix, **options)

    def post(self, count: int = 1, *, first_version: int = 1) -> list[UUID]:
        """Emits and sends."""
        ids = self.emit(count, first_version=first_version)
        relay = self.relay()
        while relay.drain_once()[0]:
            pass
        return ids

    def consumer(
        self,
        handler: Handler | OutsideTransaction = record_effect,
        *,
        kind: type[Message] = CrewLinkOpened,
        dispatcher: Dispatcher | None = None,
        **options: Any,
    ) -> Consumer:
        """A consumer with little patience."""
        options = {
            "sqs": self.clients.sqs,
            "database": self.database,
            "wait_seconds": 1,
            "retry_base_seconds": 0.1,
            **options,
        }
        return Consumer(
            queue_name=self.queue, dispatcher=dispatcher or TypedDispatcher(self.queue, {kind: handler}), **options
        )

    def send_raw(self, body: str, *, name: str | None = None) -> str:
        """Puts any text into the queue."""
        return self.clients.sqs.send_message(QueueUrl=self.url(name), MessageBody=body)["MessageId"]

    def bodies(self, name: str | None = None) -> list[str]:
        """Takes everything that is visible out of a queue."""
        found: list[str] = []
        while messages := self._take(name):
            found += [message["Body"] for message in messages]
        return found

    def dead_letters(self) -> list[dict[str, Any]]:
        """Takes every dead letter out: body and attributes."""
        found: list[dict[str, Any]] = []
        while messages := self._take(dead_letter_name(self.queue)):
            found += [
                {
                    "body": message["Body"],
                    **{name: a["StringValue"] for name, a in message.get("MessageAttributes", {}).items()},
                }
                for message in messages
            ]
        return found

    def _take(self, name: str | None) -> list[dict[str, Any]]:
        url = self.url(name)
        messages: Any = self.clients.sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        ).get("Messages", [])
        for message in messages:
            self.clients.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return list(messages)

    def is_empty(self, name: str | None = None) -> bool:
        """Nothing visible, nothing in anybody's hand."""
        attributes = self.clients.sqs.get_queue_attributes(
            QueueUrl=self.url(name),
            AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
        )["Attributes"]
        return not any(int(value) for value in attributes.values())

    def visible(self) -> int:
        """How many messages wait to be received."""
        attributes = self.clients.sqs.get_queue_attributes(
            QueueUrl=self.url(), AttributeNames=["ApproximateNumberOfMessages"]
        )["Attributes"]
        return int(attributes["ApproximateNumberOfMessages"])

    def send_again(self, service: str) -> None:
        """Sends what has had no effect yet to `service` once more.

        What killed workers held becomes visible again by itself, after a time a test need not wait; they may
        have handled some of it meanwhile, so this makes duplicates too.
        """
        with self.database.read() as connection:
            connection.execute(
                text(
                    "UPDATE outbox SET sent_at = NULL, delivered_to = '{}', claimed_until = NULL"
                    " WHERE NOT EXISTS (SELECT 1 FROM inbox"
                    " WHERE message_id = outbox.id::text AND handled_at IS NOT NULL)"
                )
            )
        relay = self.relay(routes={"crew.link_opened.v1": (service,)})
        while relay.drain_once()[0]:
            pass

    def effects(self) -> list[str]:
        """The ids of messages that had an effect, once per effect."""
        return [str(row.message_id) for row in self.rows("SELECT message_id FROM effects ORDER BY at")]

    def rows(self, statement: str, **parameters: Any) -> list[Any]:
        """What a query gives."""
        with self.database.read() as connection:
            return list(connection.execute(text(statement), parameters))


@pytest.fixture
def effects_table(databases: Databases, database: Database) -> Iterator[None]:
    owner = create_engine(databases.owner_url("sample"))
    with owner.begin() as connection:
        connection.execute(
            text(
                "CREATE TABLE IF NOT EXISTS effects"
                " (message_id text NOT NULL, version int NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp())"
            )
        )
        connection.execute(text("TRUNCATE effects"))
    owner.dispose()
    return None


@pytest.fixture
def post(database: Database, effects_table: None, aws_stand_in: AwsStandIn, queue_prefix: str) -> Post:
    clients = aws_stand_in.clients()
    declare(clients.sqs, [f"{queue_prefix}-sample"])
    return Post(database=database, clients=clients, prefix=queue_prefix)
