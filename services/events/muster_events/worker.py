"""The events worker: which message, job or loop runs which use case."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from muster_events.config import EventsSettings
from muster_shared.auth import replication
from muster_shared.db import Database
from muster_shared.messaging.spec import Job, WorkerSpec
from muster_shared.settings import load_or_exit
from muster_shared.web import idempotency, rate_limit
from muster_shared.wiring import Wiring, wire


def build() -> WorkerSpec:
    """The worker as `python -m muster_shared.worker muster_events` asks for it."""
    settings = load_or_exit(EventsSettings)
    return build_worker(settings, wire(settings, service="events", role="worker"))


def build_worker(settings: EventsSettings, wiring: Wiring) -> WorkerSpec:
    """The worker from its parts."""
    database = wiring.database
    return WorkerSpec(
        service="events",
        database=database,
        settings=settings,
        handlers={**replication.handlers()},
        jobs=[
            _job(database, "forget_old_answers", 3600, idempotency.forget_old_answers),
            _job(database, "forget_full_limits", 300, rate_limit.forget_full),
            _job(database, "forget_old_revocations", 600, replication.forget_old_revocations),
        ],
    )


def _job(database: Database, name: str, every_seconds: float, work: Callable[[Session], object]) -> Job:
    def run() -> None:
        with database.transaction() as session:
            work(session)

    return Job(name=name, every_seconds=every_seconds, run=run)
