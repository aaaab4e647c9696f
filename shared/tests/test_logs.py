"""Log lines: what is in each, whoever writes it, and that a stream that is gone harms nobody."""

import io
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import orjson
import pytest
import structlog
from structlog.contextvars import bound_contextvars

from muster_shared import logs


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What the process writes to, with logs as `configure` sets them up."""
    root, written = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers, root.level
    monkeypatch.setattr(sys, "stdout", written)
    logs.configure(service="sample", role="api", level="INFO")
    yield written
    structlog.reset_defaults()
    root.handlers = handlers
    root.setLevel(level)


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [orjson.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_names_its_process_and_its_request_whoever_writes_it(stream: io.StringIO) -> None:
    with bound_contextvars(request_id="r1"):
        logs.log("sample").info("thing_done", thing="t1")
        logging.getLogger("some.library").warning("slow %s", "peer")
    ours, theirs = lines(stream)
    for line in (ours, theirs):
        assert line.pop("timestamp")
        assert (line["service"], line["role"], line["request_id"]) == ("sample", "api", "r1")
    assert (ours["event"], ours["level"], ours["thing"]) == ("thing_done", "info", "t1")
    assert (theirs["event"], theirs["level"]) == ("slow peer", "warning")


def test_lines_below_the_level_are_left_out(stream: io.StringIO) -> None:
    logs.log("sample").debug("detail")
    logging.getLogger("some.library").debug("detail")
    assert lines(stream) == []


def test_an_error_is_told_with_its_line(stream: io.StringIO) -> None:
    logs.log("sample").error("broken", exc_info=KeyError("k"))
    assert "KeyError" in str(lines(stream)[0]["exception"])


def test_nobody_fails_when_the_stream_is_gone(stream: io.StringIO) -> None:
    stream.close()
    logs.log("sample").info("thing_done")
    logging.getLogger("some.library").warning("slow peer")


def test_a_held_line_is_written_at_the_end_and_before_any_that_is_not_held() -> None:
    lines = (
        "from muster_shared import logs; logs.configure(service='sample', role='api', level='INFO')\n"
        "logs.write_behind(); log = logs.log('sample')\n"
        "log.info('first'); log.error('second'); log.info('third')"
    )
    ended = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, check=True)
    assert [orjson.loads(line)["event"] for line in ended.stdout.splitlines()] == ["first", "second", "third"]


def test_a_held_line_is_written_soon(stream: io.StringIO) -> None:
    logs.write_behind()
    logs.log("sample").info("thing_done")
    deadline = time.monotonic() + 30
    while not stream.getvalue() and time.monotonic() < deadline:
        threading.Event().wait(0.01)
    assert lines(stream)[0]["event"] == "thing_done"
