"""Periodic jobs: of all the workers of a service, one runs a job when it is due."""

import threading
import time
from collections.abc import Callable, Sequence

from sqlalchemy import text

from muster_shared.db import Database, is_unavailable
from muster_shared.logs import log
from muster_shared.messaging.backoff import Backoff
from muster_shared.messaging.failures import describe
from muster_shared.messaging.spec import Job

_PAUSE_SECONDS = 0.2
_OUTBOX_KEPT_DAYS = 3
# Longer than a message can lie in a queue and its dead-letter queue (14 days each).
_INBOX_KEPT_DAYS = 30
_ROWS_PER_DELETE = 5000

# The lock ends with its connection, so a job whose worker died is free again. The lock alone would let each
# worker run the job in turn; the row says whether it is due at all.
_LOCK = text("SELECT pg_try_advisory_lock(hashtextextended(current_schema() || '.job.' || :name, 0))")
_UNLOCK = text("SELECT pg_advisory_unlock(hashtextextended(current_schema() || '.job.' || :name, 0))")
_DUE = text(
    "INSERT INTO job_runs (name, started_at) VALUES (:name, clock_timestamp())"
    " ON CONFLICT (name) DO UPDATE SET started_at = excluded.started_at, finished_at = NULL"
    " WHERE job_runs.started_at <= clock_timestamp() - make_interval(secs => :every) RETURNING true"
)
_FINISHED = text("UPDATE job_runs SET finished_at = clock_timestamp() WHERE name = :name")

_PRUNE_OUTBOX = text(
    "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox"
    " WHERE sent_at < now() - make_interval(days => :days) LIMIT :limit)"
)
_PRUNE_INBOX = text(
    "DELETE FROM inbox WHERE (queue, message_id) IN (SELECT queue, message_id FROM inbox"
    " WHERE handled_at < now() - make_interval(days => :days) LIMIT :limit)"
)


def run_if_due(database: Database, job: Job) -> bool:
    """Runs `job` unless another worker has done so within its period, or is at it; whether it ran.

    Raises what the job raises.
    """
    with database.hold() as connection:
        if not connection.execute(_LOCK, {"name": job.name}).scalar():
            return False
        try:
            # A hair less than the period, or two clocks that tick alike would skip every other run.
            if not connection.execute(_DUE, {"name": job.name, "every": job.every_seconds * 0.95}).scalar():
                return False
            job.run()
            connection.execute(_FINISHED, {"name": job.name})
            return True
        finally:
            if not connection.invalidated:
                connection.execute(_UNLOCK, {"name": job.name})


class JobRunner:
    """Runs the jobs of one worker; several threads may `run` it, so that a slow job holds up no quick one."""

    def __init__(self, database: Database, jobs: Sequence[Job]) -> None:
        self._database = database
        self._log = log("muster.jobs")
        self._lock = threading.Lock()
        # What is running is not in here: it comes back with its next time once it is done.
        self._due = {job: time.monotonic() for job in jobs}

    def run(self, stop: threading.Event) -> None:
        """Until `stop`. A job that fails is logged and tried again when next due."""
        backoff = Backoff()
        while not stop.is_set():
            job = self._take()
            if job is None:
                stop.wait(_PAUSE_SECONDS)
                continue
            began = time.monotonic()
            self._run(job, stop, backoff)
            with self._lock:
                self._due[job] = began + job.every_seconds

    def _take(self) -> Job | None:
        now = time.monotonic()
        with self._lock:
            due = [job for job, moment in self._due.items() if moment <= now]
            if not due:
                return None
            first = min(due, key=self._due.__getitem__)
            del self._due[first]
            return first

    def _run(self, job: Job, stop: threading.Event, backoff: Backoff) -> None:
        try:
            run_if_due(self._database, job)
        except Exception as error:  # noqa: BLE001  # one job's failure is not the others'
            away = is_unavailable(error)
            report: Callable[..., None] = self._log.warning if away else self._log.error
            report("job_failed", job=job.name, **describe(error))
            if away:
                backoff.wait(stop)
        else:
            backoff.reset()


def cleaning_jobs(database: Database) -> tuple[Job, ...]:
    """What keeps the outbox and the inbox small."""
    return (
        Job("outbox-cleaning", 600, lambda: _prune(database, _PRUNE_OUTBOX, _OUTBOX_KEPT_DAYS)),
        Job("inbox-cleaning", 3600, lambda: _prune(database, _PRUNE_INBOX, _INBOX_KEPT_DAYS)),
    )


def _prune(database: Database, statement: object, days: int) -> None:
    deleted = _ROWS_PER_DELETE
    while deleted >= _ROWS_PER_DELETE:
        with database.read() as connection:
            deleted = connection.execute(statement, {"days": days, "limit": _ROWS_PER_DELETE}).rowcount  # type: ignore[call-overload]
