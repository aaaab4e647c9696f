"""What the mail experiments run on: the notifications service's own workers, and a stand-in for SES to maltreat."""

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from muster_shared.aws.clients import Clients
from muster_shared.db import Database
from muster_shared.messages.events import AssignmentFacts, CrewAssigned, CrewFacts, EventFacts, VenueFacts
from muster_shared.messaging import outbox
from muster_shared.messaging.queues import QueueUrls, declare, queue_name
from muster_shared.testing.aws import AwsStandIn, free_port
from muster_shared.testing.postgres import Databases, running_cluster
from muster_shared.testing.ses import SesStandIn, ses_stand_in, to_queue
from tests.experiments.stage import TooSlowError

PREFIX = "experiment"
ORGANIZATION = UUID("01900000-0000-7000-8000-0000000000aa")
_QUEUES = ("notifications", "notifications-ses", "events")
# A crew of twenty is asked at once.
_ROWS_PER_TRANSACTION = 20
_SECRET = "experiment-secret-of-at-least-32-characters"


@dataclass
class MailStage:
    """Database, queues, the stand-in for SES, and any number of workers.

    `asking` is the database whose outbox asks for mails: that of events, with `start_relay`, or the workers' own.
    """

    database: Database
    asking: Database
    aws: AwsStandIn
    clients: Clients
    ses: SesStandIn
    settings: dict[str, str] = field(default_factory=dict)
    workers: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def start_worker(self) -> None:
        """Starts one worker: a relay, the consumers and a sender in a process of their own."""
        self._start("muster_shared.worker", "muster_notifications", self.database)

    def start_relay(self) -> None:
        """Starts the relay of the outbox that asks for mails, in a process of its own."""
        self._start("tests.experiments.relay_process", "events", self.asking)

    def _start(self, module: str, argument: str, database: Database) -> None:
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            **self.aws.environment,
            "AWS_ENDPOINT_URL_SES": self.ses.endpoint,
            "MUSTER_ENV": "test",
            "MUSTER_DATABASE_URL": database.url,
            "MUSTER_QUEUE_PREFIX": PREFIX,
            "MUSTER_INTERNAL_SECRET": _SECRET,
            "MUSTER_CACHE_SECRET": _SECRET,
            "MUSTER_LINK_SECRET": _SECRET,
            "MUSTER_AUTH_URL": "http://127.0.0.1:9",
            "MUSTER_LOG_LEVEL": "ERROR",
            "MUSTER_SES_RATE_PER_SECOND": "5000",
            "MUSTER_DATABASE_POOL_SIZE": "16",
            **self.settings,
        }
        self.workers.append(
            subprocess.Popen(
                [sys.executable, "-m", module, argument],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        )

    def kill_one(self, chance: random.Random) -> None:
        """Kills a worker, as a host that goes away does, and starts another in its place."""
        victim = chance.choice(self.workers)
        self.workers.remove(victim)
        victim.send_signal(signal.SIGKILL)
        victim.wait(10)
        self.start_worker()

    def stop_workers(self) -> None:
        """Ends every worker in good order."""
        for worker in self.workers:
            worker.terminate()
        for worker in self.workers:
            try:
                worker.wait(60)
            except subprocess.TimeoutExpired:
                worker.kill()
        self.workers.clear()

    def ask(self, addresses: list[str], *, org_id: UUID = ORGANIZATION) -> None:
        """Asks for one mail to each address, as events does: through an outbox, a relay and a queue."""
        for start in range(0, len(addresses), _ROWS_PER_TRANSACTION):
            event = event_of(org_id)
            with self.asking.transaction() as session:
                for address in addresses[start : start + _ROWS_PER_TRANSACTION]:
                    outbox.emit(session, request_for(address, event))

    def value(self, statement: str, **names: Any) -> Any:
        """The one value a query gives."""
        with self.database.read() as connection:
            return connection.execute(text(statement), names).scalar()

    def rows(self, statement: str, **names: Any) -> list[Any]:
        """What a query gives."""
        with self.database.read() as connection:
            return list(connection.execute(text(statement), names).all())

    def run(self, statement: str, **names: Any) -> None:
        """Runs a statement."""
        with self.database.read() as connection:
            connection.execute(text(statement), names)

    def wait_for(self, statement: str, wanted: int, *, seconds: float) -> None:
        """Returns once a count has reached `wanted`. Raises `TooSlowError`."""
        pause = threading.Event()
        for _ in range(int(seconds / 0.2)):
            if int(self.value(statement) or 0) >= wanted:
                return
            pause.wait(0.2)
        raise TooSlowError(f"{statement}: {self.value(statement)} of {wanted}")


def event_of(org_id: UUID = ORGANIZATION) -> EventFacts:
    """An event some weeks ahead."""
    starts_at = datetime.now(UTC) + timedelta(days=30)
    return EventFacts(
        event_id=uuid4(),
        org_id=org_id,
        version=1,
        kind="charter",
        status="published",
        visibility="private",
        title="Sunset charter",
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=4),
        timezone="Europe/Athens",
        venue=VenueFacts(name="Pier 4", address="Piraeus"),
    )


def request_for(address: str, event: EventFacts) -> CrewAssigned:
    """The message that asks somebody to come."""
    return CrewAssigned(
        event=event,
        assignment=AssignmentFacts(assignment_id=uuid4(), link_version=1, role="captain"),
        crew=CrewFacts(crew_member_id=uuid4(), name="Ana Lopes", email=address),
        request_key="first",
    )


@contextmanager
def mail_stage(*, asking: str = "notifications", **settings: str) -> Iterator[MailStage]:
    """Sets up the parts, and takes them down with all that is in them. `asking` is whose outbox asks for mails."""
    with running_cluster() as cluster, ses_stand_in() as ses:
        databases = Databases(cluster, worker="experiment")
        database = databases.get("notifications")
        aws = AwsStandIn(port=free_port())
        aws.start()
        clients = aws.clients()
        declare(clients.sqs, [queue_name(PREFIX, suffix) for suffix in _QUEUES])
        ses.publish = to_queue(clients, QueueUrls(clients.sqs).of(queue_name(PREFIX, "notifications-ses")))
        made = MailStage(
            database=database,
            asking=databases.get(asking),
            aws=aws,
            clients=clients,
            ses=ses,
            settings=settings,
        )
        made.run(
            "INSERT INTO organization_copies (id, name, slug, version) VALUES (:id, 'Harbour Charters', 'harbour', 1)",
            id=ORGANIZATION,
        )
        try:
            yield made
        finally:
            made.stop_workers()
            databases.close()
            aws.stop()
