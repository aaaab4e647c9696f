"""The supervisor: restarts what dies, ends all it started, and nothing else."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from local.processes import Failed, Program, Supervisor

PATIENCE_SECONDS = 10.0


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(tmp_path: Path, said: list[str]) -> Iterator[Supervisor]:
    made = Supervisor(logs=tmp_path, say=said.append)
    yield made
    made.stop()


def _program(name: str, script: str, **options: object) -> Program:
    return Program(
        name=name,
        stage=0,
        environment={"PATH": os.environ["PATH"]},
        command=("/bin/sh", "-c", script),
        **options,  # type: ignore[arg-type]
    )


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.01)


def test_process_is_started_again_when_it_dies(supervisor: Supervisor, said: list[str], tmp_path: Path) -> None:
    supervisor.start(_program("flaky", f"echo run >> {tmp_path}/runs; echo broken >&2; exit 3"))
    runs = tmp_path / "runs"
    runs.touch()
    _until(lambda: supervisor.tick() is not None and runs.read_text().count("run") >= 2)
    assert said[0] == "flaky ended with status 3: broken; starting it again in 0.5 s"


def test_pauses_grow_when_it_keeps_dying(supervisor: Supervisor, said: list[str]) -> None:
    supervisor.start(_program("flaky", "exit 3"))
    _until(lambda: supervisor.tick() is not None and len(said) >= 2)
    assert [line.rpartition("in ")[2] for line in said[:2]] == ["0.5 s", "1 s"]


def test_coming_up_is_given_up_when_a_process_dies(supervisor: Supervisor) -> None:
    supervisor.start(_program("weak", "echo 'no such table' >&2; exit 1"))

    def impatiently() -> bool:
        supervisor.tick(patient=False)
        return False

    with pytest.raises(Failed, match=r"^weak ended with status 1: no such table$"):
        _until(impatiently)


def test_wrong_settings_end_it_when_a_process_says_so(supervisor: Supervisor) -> None:
    supervisor.start(_program("strict", "echo 'muster: wrong settings: X' >&2; exit 78"))
    with pytest.raises(Failed, match="wrong settings: X"):
        _until(lambda: supervisor.tick() is None)


def test_one_off_programs_run_side_by_side_when_started_together(supervisor: Supervisor, tmp_path: Path) -> None:
    # Each waits for the other's file: one after the other they would never end.
    first = _program("first", f"touch {tmp_path}/a; while ! test -e {tmp_path}/b; do sleep 0.01; done")
    second = _program("second", f"touch {tmp_path}/b; while ! test -e {tmp_path}/a; do sleep 0.01; done")
    supervisor.run_to_end([first, second], while_waiting=lambda: None)
    assert supervisor.children == {}


def test_one_off_program_stops_the_start_when_it_fails(supervisor: Supervisor) -> None:
    with pytest.raises(Failed, match=r"^migrate ended with status 2: locked$"):
        supervisor.run_to_end([_program("migrate", "echo locked; exit 2")], while_waiting=lambda: None)


def test_forked_function_runs_with_its_environment_alone_when_started(supervisor: Supervisor, tmp_path: Path) -> None:
    def call() -> None:
        (tmp_path / "seen").write_text(repr(sorted(os.environ.items())))

    program = Program(name="forked", stage=0, environment={"ONLY": "this"}, call=call)
    supervisor.run_to_end([program], while_waiting=lambda: None)
    assert (tmp_path / "seen").read_text() == "[('ONLY', 'this')]"


def test_forked_function_leaves_its_reason_in_the_log_when_it_raises(supervisor: Supervisor, tmp_path: Path) -> None:
    def call() -> None:
        raise SystemExit("bootstrap: MUSTER_X is not set")

    with pytest.raises(Failed, match="MUSTER_X is not set"):
        supervisor.run_to_end([Program("forked", 0, {}, call=call)], while_waiting=lambda: None)


def test_processes_end_stage_by_stage_when_stopped(supervisor: Supervisor, tmp_path: Path) -> None:
    for name, stage in (("database", 0), ("api", 1), ("front", 2)):
        note = f"trap 'echo {name} >> {tmp_path}/order; exit 0' TERM"
        script = f"{note}; touch {tmp_path}/{name}; while :; do sleep 0.02; done"
        program = _program(name, script)
        supervisor.start(Program(name, stage, program.environment, command=program.command))
    _until(lambda: all((tmp_path / name).exists() for name in ("database", "api", "front")))
    supervisor.stop()
    assert (tmp_path / "order").read_text().split() == ["front", "api", "database"]


def test_process_is_killed_with_its_own_children_when_it_does_not_end(
    supervisor: Supervisor, said: list[str], tmp_path: Path
) -> None:
    script = f"trap '' TERM; sleep 1000 & echo $! > {tmp_path}/pid; while :; do sleep 0.02; done"
    supervisor.start(_program("deaf", script, stop_seconds=0.1))
    _until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().strip() != "")
    grandchild = int((tmp_path / "pid").read_text())
    supervisor.stop()
    assert said == ["deaf did not end in time and was killed"]
    _until(lambda: not psutil.pid_exists(grandchild) or psutil.Process(grandchild).status() == psutil.STATUS_ZOMBIE)


def test_log_is_cut_when_it_grows_too_long(supervisor: Supervisor, tmp_path: Path) -> None:
    log = tmp_path / "talker.log"
    log.write_bytes(b"x" * (6 * 1024 * 1024))
    supervisor.trim_logs()
    assert log.stat().st_size == 0
    assert (tmp_path / "talker.log.1").stat().st_size == 6 * 1024 * 1024


RUNNER = """
import os, sys, time
from pathlib import Path
from local.processes import Program, Supervisor
supervisor = Supervisor(logs=Path(sys.argv[1]), say=print)
supervisor.start(Program("child", 0, dict(os.environ), command=("/bin/sleep", "1000")))
print(supervisor.children["child"].pid, flush=True)
time.sleep(1000)
"""


def test_children_end_when_the_runner_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", RUNNER, str(tmp_path)], stdout=subprocess.PIPE, text=True) as runner:
        assert runner.stdout is not None
        child = int(runner.stdout.readline())
        assert psutil.pid_exists(child)
        runner.send_signal(signal.SIGKILL)
    _until(lambda: not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE)
