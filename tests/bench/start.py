"""`make bench NAME=start`: how long until Muster is ready when warm, and how much memory it takes.

Baselines of the same run: PostgreSQL alone, which everything waits for; and the memory the same processes would
take if each had loaded its modules for itself (the sum of their resident sizes).
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from local.catalogue import ROOT
from local.memory import proportional_bytes
from local.ports import unused_port
from local.postgres import Cluster
from local.processes import Supervisor
from local.stack import FOUNDATIONS, Program
from tests.integration.local.running import Running

RUNS = 5
READY_SECONDS = 6.0
COMPOSE_SECONDS = 30.0
MEMORY_BYTES = 700 * 1024 * 1024
_MIB = 1024 * 1024


def embedded(home: Path) -> tuple[list[float], dict[str, int], int]:
    """Seconds of each warm start from the command to ready; then memory by process, and the resident sum."""
    running = Running(home=home)
    running.start()  # fills the home; not measured
    running.end()
    seconds = []
    for run in range(RUNS):
        begun = time.monotonic()
        subprocess.run([sys.executable, "infra/local/prepare.py"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        running.start()
        seconds.append(time.monotonic() - begun)
        if run < RUNS - 1:
            running.end()
    root = psutil.Process(int(running.facts["pid"]))
    resident = sum(process.memory_info().rss for process in (root, *root.children(recursive=True)))
    memory = proportional_bytes(root.pid)
    running.end()
    return seconds, memory, resident


def postgres_alone(folder: Path) -> float:
    """Seconds until a bare PostgreSQL of the same settings, its data there, accepts connections."""
    cluster = Cluster(folder / "data")
    cluster.initialise("bench-password")
    folder.chmod(0o755)
    supervisor = Supervisor(logs=folder, say=lambda _: None)
    port = unused_port()
    begun = time.monotonic()
    supervisor.start(
        Program(
            name="postgres",
            stage=FOUNDATIONS,
            environment=dict(os.environ),
            command=tuple(cluster.command(port)),
            before_exec=cluster.drop_privileges(),
        )
    )
    ready = [str(Path(cluster.command(port)[0]).with_name("pg_isready")), "-q", "-h", "127.0.0.1", "-p", str(port)]
    while subprocess.run(ready, check=False).returncode != 0:
        supervisor.tick(patient=False)
        time.sleep(0.01)
    seconds = time.monotonic() - begun
    supervisor.stop()
    return seconds


def compose() -> tuple[float, float] | None:
    """Seconds for PostgreSQL's container alone and for all of them, images built; None without a Docker engine."""
    if (
        shutil.which("docker") is None
        or subprocess.run(["docker", "info"], capture_output=True, check=False).returncode
    ):
        return None
    environment = os.environ | {
        "COMPOSE_PROJECT_NAME": "muster-bench",
        "MUSTER_PORT": str(unused_port()),
        "MUSTER_MEDIA_PORT": str(unused_port()),
    }

    def docker(*arguments: str) -> float:
        begun = time.monotonic()
        subprocess.run(
            ["docker", "compose", *arguments], cwd=ROOT, env=environment, check=True, capture_output=True, timeout=900
        )
        return time.monotonic() - begun

    docker("build")
    try:
        alone = docker("up", "--wait", "postgres")
        docker("down", "--volumes")
        return alone, docker("up", "--wait")
    finally:
        docker("down", "--volumes")


def main() -> int:
    """Prints each figure beside its baseline; 1 when one falls short."""
    with tempfile.TemporaryDirectory(prefix="muster-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        seconds, memory, resident = embedded(folder / "home")
        alone = postgres_alone(folder / "alone")
    good = report(
        "make run, warm, until ready", statistics.median(seconds), READY_SECONDS, "s", alone, "PostgreSQL alone"
    )
    print(f"    runs: {', '.join(f'{value:.2f}' for value in seconds)} s")
    total = sum(memory.values())
    good &= report(
        "memory of the whole stack (PSS)", total / _MIB, MEMORY_BYTES / _MIB, "MiB", resident / _MIB, "unshared (RSS)"
    )
    for process, size in sorted(memory.items(), key=lambda item: -item[1]):
        print(f"    {process:<16}{size / _MIB:8.1f} MiB")
    containers = compose()
    if containers is None:
        print("compose: not measured, there is no Docker engine")
    else:
        good &= report("compose, images built", containers[1], COMPOSE_SECONDS, "s", containers[0], "PostgreSQL alone")
    return 0 if good else 1


def report(what: str, value: float, most: float, unit: str, baseline: float, baseline_name: str) -> bool:
    """One line; whether the figure is reached."""
    good = value <= most
    print(
        f"{'ok  ' if good else 'MISS'} {what}: {value:.2f} {unit}, at most {most:.0f} {unit}"
        f" (baseline: {baseline_name} {baseline:.2f} {unit})"
    )
    return good
