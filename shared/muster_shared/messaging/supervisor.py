"""The threads of a worker: started together, stopped together, and none may die unseen."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

from muster_shared.logs import log
from muster_shared.messaging.failures import describe

_BEAT_EVERY_SECONDS = 2.0
_JOIN_SLICE_SECONDS = 0.1


class Supervisor:
    """Runs threads until `stop` is set. One that ends before that, by an exception or not, stops them all."""

    def __init__(self, *, stop: threading.Event, heartbeat_file: Path | None, stale_seconds: float = 120.0) -> None:
        self._stop = stop
        self._heartbeat_file = heartbeat_file
        self._stale_seconds = stale_seconds
        self._threads: list[threading.Thread] = []
        self._beats: list[Callable[[], float]] = []
        self._failed = threading.Event()
        self._log = log("muster.worker")

    def start(self, name: str, target: Callable[[threading.Event], None]) -> None:
        """Starts a thread that runs `target(stop)`."""
        thread = threading.Thread(target=self._guard, args=(name, target), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def watch(self, beat: Callable[[], float]) -> None:
        """Has the heartbeat file depend on `beat()`, the monotonic time a loop last went round."""
        self._beats.append(beat)

    def _guard(self, name: str, target: Callable[[threading.Event], None]) -> None:
        try:
            target(self._stop)
        except BaseException as error:  # noqa: BLE001  # a thread's death has to end the process, whatever it was
            self._log.critical("thread_died", thread=name, **describe(error))
            self._failed.set()
        else:
            if not self._stop.is_set():
                self._log.critical("thread_ended", thread=name)
                self._failed.set()
        if self._failed.is_set():
            self._stop.set()

    def run(self, *, drain_seconds: float, on_stop: Callable[[], None]) -> int:
        """Waits for `stop`, then for the threads, `drain_seconds` at most; the exit status.

        `on_stop` is called in between, to wake what waits for something else than `stop`.
        """
        self._beat()
        while not self._stop.wait(_BEAT_EVERY_SECONDS):
            self._beat()
        self._log.info("worker_stopping")
        on_stop()
        deadline = time.monotonic() + drain_seconds
        while (alive := [t for t in self._threads if t.is_alive()]) and time.monotonic() < deadline:
            alive[0].join(_JOIN_SLICE_SECONDS)
            self._beat()
        if alive:
            # What they hold is not lost: transactions roll back, messages come again.
            self._log.warning("worker_drain_incomplete", threads=[t.name for t in alive])
        return 1 if self._failed.is_set() else 0

    def _beat(self) -> None:
        if self._heartbeat_file is None:
            return
        oldest = min((beat() for beat in self._beats), default=time.monotonic())
        if time.monotonic() - oldest < self._stale_seconds:
            self._heartbeat_file.touch()
