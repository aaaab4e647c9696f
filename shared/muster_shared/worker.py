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
from pathlib import Path
from types import FrameType

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
    RawHandler,
    RawQueue,
    WorkerSpec,
)
from muster_shared.messaging.supervisor import Supervisor

__all__ = [
    "Handler",
    "Job",
    "Loop",
    "OutsideTransaction",
    "RawHandler",
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
    wakes: dict[str, threading.Event] = {"outbox": threading.Event()}
    loop_wakes = [
        (loop, wakes.setdefault(loop.channel, threading.Event()) if loop.channel else threading.Event())
        for loop in spec.loops
    ]

    def wake_all() -> None:
        for _, event in loop_wakes:
            event.set()

    listener = Listener(spec.database, wakes)
    relay = Relay(
        database=spec.database,
        sqs=spec.clients.sqs,
        service=spec.service,
        queue_prefix=spec.settings.queue_prefix,
    )
    jobs = JobRunner(spec.database, [*cleaning_jobs(spec.database), *spec.jobs])
    supervisor.start("listener", listener.run)
    supervisor.start("relay", lambda event: relay.run(event, wakes["outbox"]))
    for number in range(_JOB_THREADS):
        supervisor.start(f"jobs-{number}", jobs.run)
    supervisor.watch(lambda: relay.beat)
    supervisor.watch(lambda: listener.beat)
    for consumer in consumers(spec, on_handled=wake_all):
        for name, target in consumer.threads():
            supervisor.start(name, target)
        supervisor.watch(lambda consumer=consumer: consumer.beat)  # type: ignore[misc]
    for loop, event in loop_wakes:
        supervisor.start(loop.name, lambda halt, loop=loop, event=event: loop.run(halt, event))  # type: ignore[misc]
    log.info("worker_started", service=spec.service)

    def on_stop() -> None:
        listener.interrupt()
        wakes["outbox"].set()
        wake_all()

    status = supervisor.run(drain_seconds=drain_seconds, on_stop=on_stop)
    telemetry.stop()
    log.info("worker_stopped", service=spec.service, status=status)
    return status


def _wake_of(loop: Loop, wakes: dict[str, threading.Event]) -> threading.Event:
    return wakes.setdefault(loop.channel, threading.Event()) if loop.channel else threading.Event()


def consumers(spec: WorkerSpec, *, on_handled: Callable[[], None]) -> list[Consumer]:
    """A consumer for the service's queue, if it handles anything, and one for each raw queue."""
    made = []
    prefix, clients = spec.settings.queue_prefix, spec.clients
    # How long a poll lasts is how long stopping takes: nobody pays for a request at home.
    wait_seconds = 5 if spec.settings.is_production else 1
    if spec.handlers:
        name = queue_name(prefix, spec.service)
        made.append(
            Consumer(
                database=spec.database,
                sqs=clients.sqs,
                queue_name=name,
                dispatcher=TypedDispatcher(name, spec.handlers),
                threads=spec.threads,
                wait_seconds=wait_seconds,
                on_handled=on_handled,
            )
        )
    for suffix, given in spec.raw_queues.items():
        raw = given if isinstance(given, RawQueue) else RawQueue(given)
        name = queue_name(prefix, suffix)
        made.append(
            Consumer(
                database=spec.database,
                sqs=clients.sqs,
                queue_name=name,
                dispatcher=RawDispatcher(name, raw.run),
                threads=raw.threads,
                prefetch=raw.prefetch,
                wait_seconds=wait_seconds,
                on_handled=on_handled,
            )
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
