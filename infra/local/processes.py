"""Starts, watches, restarts and ends the processes of a stack; never touches one it did not start."""

import ctypes
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15
_FIRST_BACKOFF_SECONDS = 0.5
_LONGEST_BACKOFF_SECONDS = 30.0
_STEADY_SECONDS = 60.0
_TICK_SECONDS = 0.5
_LARGEST_LOG_BYTES = 5 * 1024 * 1024
_EX_CONFIG = 78


class State(StrEnum):
    """Where a process is in its life."""

    RUNNING = "running"
    WAITING = "waiting"
    STOPPED = "stopped"


@dataclass(frozen=True)
class Program:
    """What to run: a command line to execute, or a function to call in a fork of this process.

    `stage` orders the end: the highest stage is ended first. A forked function shares the modules that
    this process has loaded, which saves the time and memory of loading them again.
    """

    name: str
    stage: int
    environment: dict[str, str]
    command: tuple[str, ...] = ()
    call: Callable[[], None] | None = None
    before_exec: Callable[[], None] | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10.0
    # Run once after each time this one had to be started again.
    repair: "Program | None" = None


@dataclass
class Child:
    """A program and its present process."""

    program: Program
    pid: int = 0
    state: State = State.STOPPED
    started_at: float = 0.0
    restart_at: float = 0.0
    failures: int = 0
    once: bool = False
    repairing: int = 0


@dataclass
class Ended:
    """A process that ended, and how."""

    name: str
    status: int


class Failed(Exception):
    """A program does not run; the text is one line for the person at the terminal."""


@dataclass
class Supervisor:
    """Keeps programs running. Used from one thread, for it forks."""

    logs: Path
    say: Callable[[str], None]
    children: dict[str, Child] = field(default_factory=dict)

    def start(self, program: Program) -> None:
        """Starts `program` and keeps it running until `stop`."""
        child = self.children.setdefault(program.name, Child(program))
        child.program = program
        self._spawn(child)

    def run_to_end(self, programs: Iterable[Program], *, while_waiting: Callable[[], None]) -> None:
        """Runs programs side by side until each has ended. Raises `Failed` for the first that fails."""
        waiting = {}
        for program in programs:
            child = Child(program, once=True)
            self._spawn(child)
            waiting[child.pid] = child
            self.children[program.name] = child
        while waiting:
            while_waiting()
            for pid, child in list(waiting.items()):
                status = _reap(pid)
                if status is None:
                    continue
                del waiting[pid], self.children[child.program.name]
                if status != 0:
                    raise Failed(self._complaint(child.program.name, status))
            time.sleep(0.01)

    def _spawn(self, child: Child) -> None:
        child.pid = self._fork(child.program)
        child.state = State.RUNNING
        child.started_at = time.monotonic()

    def _fork(self, program: Program) -> int:
        log = os.open(self.logs / f"{program.name}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        sys.stdout.flush()
        sys.stderr.flush()
        runner = os.getpid()
        pid = os.fork()
        if pid == 0:
            _become(program, log, runner)
        os.close(log)
        return pid

    def tick(self, *, patient: bool = True) -> list[Ended]:
        """Notices what ended and starts it again in time. Without patience an end raises `Failed`."""
        now = time.monotonic()
        ended = []
        for child in self.children.values():
            if child.once:
                continue
            if child.repairing and (status := _reap(child.repairing)) is not None:
                child.repairing = 0
                if status != 0 and child.program.repair is not None:
                    self.say(self._complaint(child.program.repair.name, status))
            if child.state is State.RUNNING and (status := _reap(child.pid)) is not None:
                ended.append(Ended(child.program.name, status))
                if not patient or status == _EX_CONFIG:
                    child.state = State.STOPPED
                    raise Failed(self._complaint(child.program.name, status))
                self._put_off(child, status, now)
            elif child.state is State.WAITING and now >= child.restart_at:
                self._spawn(child)
                if child.program.repair is not None:
                    child.repairing = self._fork(child.program.repair)
        return ended

    def _put_off(self, child: Child, status: int, now: float) -> None:
        child.failures = 1 if now - child.started_at > _STEADY_SECONDS else child.failures + 1
        delay = min(_FIRST_BACKOFF_SECONDS * 2 ** (child.failures - 1), _LONGEST_BACKOFF_SECONDS)
        child.state = State.WAITING
        child.restart_at = now + delay
        _kill_group(child.pid, signal.SIGKILL)
        self.say(f"{self._complaint(child.program.name, status)}; starting it again in {delay:g} s")

    def _complaint(self, name: str, status: int) -> str:
        how = f"signal {signal.Signals(-status).name}" if status < 0 else f"status {status}"
        last = last_line(self.logs / f"{name}.log")
        return f"{name} ended with {how}" + (f": {last}" if last and status > 0 else "")

    def trim_logs(self) -> None:
        """Keeps each log under its bound: what is over it moves to `.1`."""
        for path in self.logs.glob("*.log"):
            if path.stat().st_size > _LARGEST_LOG_BYTES:
                # The writers hold the file open for appending, so it is copied and emptied in place.
                path.with_suffix(".log.1").write_bytes(path.read_bytes())
                os.truncate(path, 0)

    def stop(self) -> None:
        """Ends everything, the highest stage first; kills what does not end in its time."""
        for stage in sorted({child.program.stage for child in self.children.values()}, reverse=True):
            self._stop_stage([c for c in self.children.values() if c.program.stage == stage])
        self.children.clear()

    def _stop_stage(self, children: list[Child]) -> None:
        running = [child for child in children if child.state is State.RUNNING and _reap(child.pid) is None]
        for child in running:
            os.kill(child.pid, child.program.stop_signal)
        begun = time.monotonic()
        while running:
            for child in list(running):
                if _reap(child.pid) is not None:
                    running.remove(child)
                elif time.monotonic() - begun > child.program.stop_seconds:
                    self.say(f"{child.program.name} did not end in time and was killed")
                    _kill_group(child.pid, signal.SIGKILL)
                    os.waitpid(child.pid, 0)
                    running.remove(child)
            time.sleep(0.01)
        for child in children:
            _kill_group(child.repairing, signal.SIGKILL)
            # What a process left behind in its own group goes with it.
            _kill_group(child.pid, signal.SIGKILL)
            child.state = State.STOPPED


def _reap(pid: int) -> int | None:
    """The exit status (negative: the signal), or None while it runs."""
    try:
        found, status = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return 0
    return None if found == 0 else os.waitstatus_to_exitcode(status)


def _kill_group(pid: int, number: signal.Signals) -> None:
    """Signals the group that our child `pid` leads, if any of it is left."""
    if pid <= 1:
        return
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        return


def _become(program: Program, log: int, runner: int) -> None:
    """The child's side of the fork; does not return."""
    status = 1
    try:
        os.setsid()  # Ctrl-C at the terminal reaches the runner alone, which then ends us in order
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        # The runner's own may be buffered, or somebody else's.
        sys.stdout = os.fdopen(1, "w", buffering=1, encoding="utf-8", closefd=False)
        sys.stderr = os.fdopen(2, "w", buffering=1, encoding="utf-8", closefd=False)
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        os.environ.clear()
        os.environ.update(program.environment)
        if program.before_exec is not None:
            program.before_exec()
        _die_with(runner, program.name)
        if program.call is None:
            os.execve(program.command[0], program.command, program.environment)
        program.call()
        status = 0
    except SystemExit as end:
        status = _exit_status(end)
    except BaseException:  # noqa: BLE001 - nothing of the runner may go on in the child
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _exit_status(end: SystemExit) -> int:
    if end.code is None or isinstance(end.code, int):
        return end.code or 0
    sys.stderr.write(f"{end.code}\n")
    return 1


def _die_with(runner: int, name: str) -> None:
    """Asks the kernel to end this process when the runner dies, however it dies (Linux)."""
    if not sys.platform.startswith("linux"):
        return
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    libc.prctl(_PR_SET_NAME, name.encode()[:15], 0, 0, 0)
    if os.getppid() != runner:
        os._exit(0)


def last_line(path: Path) -> str:
    """The last line with text of a log."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 4096))
            lines = [line for line in file.read().decode("utf-8", "replace").splitlines() if line.strip()]
    except OSError:
        return ""
    return lines[-1].strip()[:300] if lines else ""


class Interrupts:
    """SIGINT, SIGTERM and SIGHUP as a flag; SIGCHLD wakes the waiter."""

    def __init__(self) -> None:
        self.asked = False
        self._reader, self._writer = os.pipe()
        for end in (self._reader, self._writer):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def _ask(self, *_: object) -> None:
        self.asked = True

    def wait(self, seconds: float = _TICK_SECONDS) -> None:
        """Sleeps until a signal or the end of `seconds`."""
        ready, _, _ = select.select([self._reader], [], [], seconds)
        if ready:
            os.read(self._reader, 4096)
