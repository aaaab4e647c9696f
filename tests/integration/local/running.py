"""`make run` as its user has it: a process with a terminal's output, a home and two ports."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.catalogue import ROOT
from local.ports import unused_port

READY_SECONDS = 90.0
STOP_SECONDS = 60.0


@dataclass
class Running:
    """One runner. `start` returns once it is ready; `lines` is what it printed."""

    home: Path
    port: int = field(default_factory=unused_port)
    media_port: int = field(default_factory=unused_port)
    lines: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    process: subprocess.Popen[str] | None = None
    root: Path = ROOT

    @property
    def origin(self) -> str:
        """The public origin."""
        return f"http://localhost:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What its user set."""
        chosen = {"MUSTER_PORT": str(self.port), "MUSTER_MEDIA_PORT": str(self.media_port), "MUSTER_DEMO": "0"}
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MUSTER_", "AWS_"))}
        return kept | chosen | {"MUSTER_HOME": str(self.home)}

    def start(self) -> None:
        """Starts it and waits until it says it is ready. Raises `AssertionError` with its output when it ends."""
        ready = self.home.with_name(f"{self.home.name}.ready")
        ready.unlink(missing_ok=True)
        self.lines.clear()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "local.runner", "--ready-file", str(ready)],
            cwd=self.root,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        deadline = time.monotonic() + READY_SECONDS
        while not ready.exists():
            assert self.process.poll() is None, "".join(self.lines)
            assert time.monotonic() < deadline, "".join(self.lines)
            time.sleep(0.02)
        self.facts = json.loads(ready.read_text())

    def _read(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        self.lines.extend(iter(self.process.stdout.readline, ""))

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        """Sends a signal and waits; the exit status."""
        assert self.process is not None
        self.process.send_signal(number)
        status = self.process.wait(STOP_SECONDS)
        self._reader.join(STOP_SECONDS)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process = None
        return status

    def try_to_start(self) -> tuple[int, str]:
        """Status and error output of a start that is to fail."""
        done = subprocess.run(
            [sys.executable, "-m", "local.runner"],
            cwd=self.root,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=READY_SECONDS,
            check=False,
        )
        return done.returncode, done.stderr
