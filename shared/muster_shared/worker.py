"""A service's worker: `python -m muster_shared.worker muster_events`.

Imports `muster_events.worker`, calls its `build()` for a `WorkerSpec` and runs, as threads of one process,
the relay of the outbox, the consumers of the service's queue and raw queues, its periodic jobs and loops.
SIGTERM and SIGINT stop polling, let what is begun finish, and exit with status 0; a thread that dies for good
ends the process with status 1. `MUSTER_WORKER_HEARTBEAT` names a file touched while all is well.
"""

import importlib
import os
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from muster_shared import logs, telemetry
from muster_shared.messaging.consumer import Consumer
from muster_shared.messaging.dispatch import RawDispatcher, TypedDispatcher
from muster_shared.messaging.jobs import JobRunner, cleaning_jobs
from muster_shared.messaging.listener import Listener
from muster_shared.messaging.queues import queue_name
from muster_shared.messaging.relay import Relay
from muster_shared.messaging.spec import (
    Handler,
    Job,
    Loop,
    OutsideTransaction,
    RawQueue,
    WorkerSpec,
)
from muster_shared.messaging.supervisor import Supervisor

__all__ = [
    "Handler",
    "Job",
    "Loop",
    "OutsideTransaction",
    "RawQueue",
    "WorkerSpec",
    "main",
    "run",
]

DRAIN_SECONDS = 50.0
_EX_CONFIG = 78
_JOB_THREADS = 2


def run(spec: WorkerSpec, *, stop: threading.Event, drain_seconds: float = DRAIN_SECONDS) -> int:
    """Runs `spec` until `stop` is set or a thread dies; the exit status."""
    log = logs.log("muster.worker")
    if missing := spec.unhandled_types():
        log.critical("worker_lacks_handlers", service=spec.service, types=missing)
        return _EX_CONFIG
    heartbeat = os.environ.get("MUSTER_WORKER_HEARTBEAT")
    supervisor = Supervisor(stop=stop, heartbeat_file=Path(heartbeat) if heartbeat else None)
    worker = _Worker(spec, supervisor)
    worker.start()
    log.info("worker_started", service=spec.service)
    status = supervisor.run(drain_seconds=drain_seconds, on_stop=worker.wake_for_stop)
    telemetry.stop()
    log.info("worker_stopped", service=spec.service, status=status)
    return status


class _Worker:
    """The parts of a running worker, and the events that wake them."""

    def __init__(self, spec: WorkerSpec, supervisor: Supervisor) -> None:
        self._spec = spec
        self._supervisor = supervisor
        self._outbox = threading.Event()
        self._channels: dict[str, threading.Event] = {"outbox": self._outbox}
        self._loops = [(loop, self._wake_of(loop)) for loop in spec.loops]
        self._listener = Listener(spec.database, self._channels)

    def _wake_of(self, loop: Loop) -> threading.Event:
        return self._channels.setdefault(loop.channel, threading.Event()) if loop.channel else threading.Event()

    def start(self) -> None:
        """Starts every thread."""
        spec, supervisor = self._spec, self._supervisor
        relay = Relay(
            database=spec.database,
            sqs=spec.clients.sqs,
            service=spec.service,
            queue_prefix=spec.settings.queue_prefix,
        )
        supervisor.start("relay", partial(relay.run, wake=self._outbox))
        supervisor.watch(lambda: relay.beat)
        supervisor.start("listener", self._listener.run)
        supervisor.watch(lambda: self._listener.beat)
        jobs = JobRunner(spec.database, [*cleaning_jobs(spec.database), *spec.jobs])
        for number in range(_JOB_THREADS):
            supervisor.start(f"jobs-{number}", jobs.run)
        for consumer in consumers(spec, on_handled=self._wake_loops):
            for name, target in consumer.threads():
                supervisor.start(name, target)
            supervisor.watch(partial(getattr, consumer, "beat"))
        for loop, wake in self._loops:
            supervisor.start(loop.name, partial(_run_loop, loop, wake))

    def _wake_loops(self) -> None:
        for _, wake in self._loops:
            wake.set()

    def wake_for_stop(self) -> None:
        """Wakes whatever waits for something else than the stop."""
        self._listener.interrupt()
        self._outbox.set()
        self._wake_loops()


def _run_loop(loop: Loop, wake: threading.Event, stop: threading.Event) -> None:
    loop.run(stop, wake)


def consumers(spec: WorkerSpec, *, on_handled: Callable[[], None]) -> list[Consumer]:
    """A consumer for the service's queue, if it handles anything, and one for each raw queue."""
    prefix = spec.settings.queue_prefix
    common: dict[str, Any] = {
        "database": spec.database,
        "sqs": spec.clients.sqs,
        # How long a poll lasts is how long stopping takes: nobody pays for a request at home.
        "wait_seconds": 5 if spec.settings.is_production else 1,
        "on_handled": on_handled,
    }
    made = []
    if spec.handlers:
        name = queue_name(prefix, spec.service)
        typed = TypedDispatcher(name, spec.handlers)
        made.append(Consumer(queue_name=name, dispatcher=typed, threads=spec.threads, **common))
    for suffix, raw in spec.raw_queues.items():
        name = queue_name(prefix, suffix)
        dispatcher = RawDispatcher(name, raw.run)
        made.append(
            Consumer(queue_name=name, dispatcher=dispatcher, threads=raw.threads, prefetch=raw.prefetch, **common)
        )
    return made


def main(arguments: list[str]) -> int:
    """Runs the worker of the package named by the one argument."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m muster_shared.worker muster_<service>\n")
        return 64
    spec: WorkerSpec = importlib.import_module(f"{arguments[0]}.worker").build()
    logs.configure(service=spec.service, role="worker", level=spec.settings.log_level)
    telemetry.start(spec.service)
    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    return run(spec, stop=stop)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
