"""The stack the journeys run against: one that is named, or an embedded one brought up for the session."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from muster_shared.testing.browser import chromium

ROOT = Path(__file__).parents[2]
_READY_SECONDS = 180


@dataclass(frozen=True)
class Stack:
    """A running Muster."""

    base_url: str
    process: subprocess.Popen[bytes] | None
    ready: dict[str, object]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The stack at MUSTER_TEST_BASE_URL, or an embedded one on free ports in an empty home, without demo data."""
    given = os.environ.get("MUSTER_TEST_BASE_URL")
    if given:
        yield Stack(base_url=given.rstrip("/"), process=None, ready={})
        return
    with tempfile.TemporaryDirectory(prefix="muster-e2e-") as folder:
        Path(folder).chmod(0o755)
        port, media_port = _free_port(), _free_port()
        ready_file, log = Path(folder, "ready.json"), Path(folder, "run.log")
        environment = {
            **os.environ,
            "MUSTER_PORT": str(port),
            "MUSTER_MEDIA_PORT": str(media_port),
            "MUSTER_HOME": f"{folder}/home",
            "MUSTER_DEMO": "0",
        }
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "local.runner", "--ready-file", str(ready_file)],
                cwd=ROOT,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
            )
        try:
            _wait_for(ready_file, process, log)
            yield Stack(f"http://localhost:{port}", process, json.loads(ready_file.read_text()))
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=60)


def _wait_for(ready_file: Path, process: subprocess.Popen[bytes], log: Path) -> None:

    end = time.monotonic() + _READY_SECONDS
    while not (ready_file.exists() and ready_file.read_text()):
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"the stack did not come up:\n{log.read_text(errors='replace')[-3000:]}")
        time.sleep(0.05)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="session")
def base_url(stack: Stack) -> str:
    """The public origin."""
    return stack.base_url
