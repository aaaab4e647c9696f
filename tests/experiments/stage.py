"""What the messaging experiments run on: a PostgreSQL, a queue service, one outbox and one queue."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.orm import Session

import muster_shared.messaging.tables  # noqa: F401  # registers the platform's tables
from muster_shared import clock
from muster_shared.aws.clients import Clients
from muster_shared.db import Database, platform_metadata
from muster_shared.messages.events import CrewLinkOpened
from muster_shared.messaging.consumer import Consumer
from muster_shared.messaging.dispatch import TypedDispatcher
from muster_shared.messaging.inbox import Context
from muster_shared.messaging.queues import QueueUrls, declare
from muster_shared.messaging.relay import Relay
from muster_shared.messaging.spec import Handler
from muster_shared.testing.aws import AwsStandIn, free_port
from muster_shared.testing.postgres import running_cluster

PREFIX = "experiment"
SERVICE = "sample"
ROUTES = {CrewLinkOpened.type: (SERVICE,)}
_DRAIN_SECONDS = 60.0

_EFFECTS = """
CREATE TABLE effects (
    message_id text NOT NULL, version int NOT NULL,
    began_at timestamptz NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp()
)
"""


class TooSlowError(Exception):
    """Something did not happen within the time an experiment is given."""


def link_opened(version: int, *, about: UUID | None = None) -> CrewLinkOpened:
    """A small message; `version` tells one from another."""
    return CrewLinkOpened(
        assignment_id=about or uuid4(),
        org_id=uuid4(),
        link_version=version,
        opened_at=clock.now(),
        by_machine=False,
    )


def record_effect(session: Session, message: Any, context: Context) -> None:
    """The plainest handler: a row for each time it had an effect."""
    session.execute(
        text("INSERT INTO effects (message_id, version, began_at) VALUES (:id, :version, clock_timestamp())"),
        {"id": context.message_id, "version": message.link_version},
    )


@dataclass
class Stage:
    """The parts, and ways to set them going."""

    database: Database
    clients: Clients

    @property
    def queue(self) -> str:
        """The queue's name."""
        return f"{PREFIX}-{SERVICE}"

    @property
    def url(self) -> str:
        """The queue's address."""
        return QueueUrls(self.clients.sqs).of(self.queue)

    def relay(self, **options: Any) -> Relay:
        """A relay of the outbox."""
        options = {"sqs": self.clients.sqs, **options}
        return Relay(database=self.database, service=SERVICE, queue_prefix=PREFIX, routes=ROUTES, **options)

    def consumer(self, handler: Handler = record_effect, **options: Any) -> Consumer:
        """A consumer of the queue."""
        return Consumer(
            database=self.database,
            sqs=self.clients.sqs,
            queue_name=self.queue,
            dispatcher=TypedDispatcher(self.queue, {CrewLinkOpened: handler}),
            **{"wait_seconds": 1, **options},
        )

    def rows(self, statement: str, **parameters: Any) -> list[Any]:
        """What a query gives."""
        with self.database.read() as connection:
            return list(connection.execute(text(statement), parameters))

    def value(self, statement: str, **parameters: Any) -> Any:
        """The one value a query gives."""
        with self.database.read() as connection:
            return connection.execute(text(statement), parameters).scalar()

    def run(self, statement: str) -> None:
        """Runs a statement."""
        with self.database.read() as connection:
            connection.execute(text(statement))

    def is_drained(self) -> bool:
        """Nothing is to be sent, and nothing is in the queue or in anybody's hand."""
        if self.value("SELECT count(*) FROM outbox WHERE sent_at IS NULL"):
            return False
        attributes = self.clients.sqs.get_queue_attributes(
            QueueUrl=self.url,
            AttributeNames=[
                "ApproximateNumberOfMessages",
                "ApproximateNumberOfMessagesNotVisible",
                "ApproximateNumberOfMessagesDelayed",
            ],
        )["Attributes"]
        return not any(int(value) for value in attributes.values())


@contextmanager
def stage() -> Iterator[Stage]:
    """Sets up the parts, and takes them down with all that is in them."""
    with running_cluster() as cluster:
        database = Database(cluster.url("postgres"), pool_size=40)
        with database.engine.begin() as connection:
            platform_metadata.create_all(connection)
            connection.execute(text(_EFFECTS))
        stand_in = AwsStandIn(port=free_port())
        stand_in.start()
        try:
            clients = stand_in.clients()
            declare(clients.sqs, [f"{PREFIX}-{SERVICE}"])
            yield Stage(database=database, clients=clients)
        finally:
            stand_in.stop()
            database.close()


@contextmanager
def running(*targets: Callable[[threading.Event], None]) -> Iterator[threading.Event]:
    """Runs targets in threads until the end of the block, and waits for them."""
    stop = threading.Event()
    threads = [threading.Thread(target=target, args=(stop,), daemon=True) for target in targets]
    for thread in threads:
        thread.start()
    try:
        yield stop
    finally:
        stop.set()
        for thread in threads:
            thread.join(_DRAIN_SECONDS)


def consuming(*consumers: Consumer) -> list[Callable[[threading.Event], None]]:
    """The threads of consumers, for `running`."""
    return [target for consumer in consumers for _, target in consumer.threads()]


def relaying(relay: Relay) -> Callable[[threading.Event], None]:
    """A relay that polls, for `running`."""

    def target(stop: threading.Event) -> None:
        while not stop.is_set():
            claimed, _ = relay.drain_once()
            if not claimed:
                stop.wait(0.02)

    return target


def wait_until(condition: Callable[[], bool], *, seconds: float) -> None:
    """Returns as soon as `condition()` holds. Raises `TooSlowError`."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.05)):
        if condition():
            return
        pause.wait(0.05)
    raise TooSlowError
