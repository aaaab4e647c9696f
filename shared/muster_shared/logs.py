"""Structured logs: JSON lines with a static event name and ids; no address, token or body."""

import atexit
import logging
import sys
import time
from collections import deque
from contextlib import suppress
from datetime import UTC, datetime
from threading import Event, Lock, Thread
from typing import Any, TextIO

import orjson
import structlog

log = structlog.get_logger

_HELD_SECONDS = 0.1
_MOST_HELD = 1000


def _render(_logger: Any, _name: str, event: structlog.typing.EventDict) -> str:
    return orjson.dumps(event, default=str, option=orjson.OPT_UTC_Z).decode()


class _Lines:
    """Writes whole lines to `stream`. One that is closed or full costs the line, never what was being done."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = Lock()
        self._held: deque[str] = deque()
        self._due: Event | None = None

    def now(self, line: str) -> None:
        """Writes `line`, and before it what is held."""
        self._held.append(line + "\n")
        self.write()

    warning = error = critical = now

    def soon(self, line: str) -> None:
        """Writes `line`, a tenth of a second later where lines are held, unless the stream does not keep up."""
        self._held.append(line + "\n")
        if self._due is None or len(self._held) > _MOST_HELD:
            self.write()
        elif not self._due.is_set():
            self._due.set()

    debug = info = soon

    def write(self) -> None:
        """Writes what is held."""
        with self._lock, suppress(OSError, ValueError):
            text = "".join(self._held.popleft() for _ in range(len(self._held)))
            self._stream.write(text)
            self._stream.flush()

    def write_behind(self) -> None:
        """Begins to hold lines."""
        due = self._due = Event()

        def work() -> None:
            while due.wait():
                time.sleep(_HELD_SECONDS)
                due.clear()
                self.write()

        Thread(target=work, name="log", daemon=True).start()
        atexit.register(self.write)


class _Handler(logging.Handler):
    """The way of the libraries' logs to the same lines."""

    def __init__(self, lines: _Lines) -> None:
        super().__init__()
        self.lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.now(self.format(record))


def configure(*, service: str, role: str, level: str) -> None:
    """Sends every log of the process, the libraries' too, to stdout as JSON. Call once at start."""

    def add_usual(_logger: Any, name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        event.update(level=name, timestamp=datetime.now(UTC), service=service, role=role)
        return event

    lines = _Lines(sys.stdout)
    processors: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        add_usual,
        structlog.processors.format_exc_info,
    ]
    # Ours are written at once: the standard library's records would make each line several times as dear.
    structlog.configure(
        processors=[*processors, _render],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: lines,
        cache_logger_on_first_use=True,
    )
    handler = _Handler(lines)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*processors, structlog.stdlib.ExtraAdder()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _render],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for noisy in ("botocore", "boto3", "urllib3", "s3transfer"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))


def write_behind() -> None:
    """Has lines below a warning written together, ten times a second, by a thread of their own.

    For a process that serves many at once, after its fork: each write lets another thread run, and that costs a
    short request more than its own work. Only SIGKILL loses what is held.
    """
    for handler in logging.getLogger().handlers:
        if isinstance(handler, _Handler):
            handler.lines.write_behind()
