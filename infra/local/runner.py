"""`make run`: brings the whole of Muster up on this machine without Docker, and takes it down again.

Prints `Muster is ready.` once everything answers; `--ready-file PATH` also writes where things are, as JSON.
Ends with status 0 after SIGINT or SIGTERM, with 1 and one clear line when it cannot come up.
"""

import argparse
import contextlib
import ctypes
import gc
import importlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from local import ports, web_server
from local.catalogue import ROOT, Service, services
from local.keys import SHARED, SecretStore, random_secret
from local.layout import Addresses
from local.options import CannotRun, Options, check_machine, locked
from local.postgres import Cluster, PostgresFailed
from local.processes import Failed, Interrupts, Supervisor
from local.readiness import NotReady, wait_until_ready
from local.stack import Stack

READY_LINE = "Muster is ready."
_READY_SECONDS = 60.0
_DEMO_SECONDS = 300.0
_TRIM_EVERY_SECONDS = 10.0
# M_ARENA_MAX, M_MMAP_THRESHOLD, M_TRIM_THRESHOLD of glibc's malloc.h
_MALLOC = {-8: 1, -3: 128 * 1024, -1: 128 * 1024}

# Loaded once here, before the forks, so that eight Python processes do not each load them again.
_SHARED_MODULES = (
    "flask",
    "gunicorn.app.wsgiapp",
    "gunicorn.workers.gthread",
    "sqlalchemy.orm",
    "sqlalchemy.dialects.postgresql.psycopg2",
    "alembic.runtime.environment",
    "alembic.script",
    "botocore.session",
    "botocore.client",
    "pydantic",
    "pydantic_settings",
    "muster_shared.web",
    "muster_shared.web.app",
    "muster_shared.wiring",
    "muster_shared.worker",
    "muster_shared.migrate",
    "muster_shared.aws.clients",
    "local.bootstrap",
    "local.edge.app",
)


def say(line: str) -> None:
    """One line to the person at the terminal."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class Runner:
    """One embedded stack, from start to end."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._home = options.home
        self._services: tuple[Service, ...] = services()
        self._interrupts = Interrupts()
        self._home.logs.mkdir(parents=True, exist_ok=True)
        self._supervisor = Supervisor(logs=self._home.logs, say=say)
        self._begun = time.monotonic()

    def run(self) -> int:
        """Until a signal. Raises `CannotRun`."""
        try:
            self._start()
            self._greet()
            self._watch()
        except _Asked:
            pass
        except (Failed, NotReady, PostgresFailed, web_server.NginxMissing) as error:
            raise CannotRun(f"{error} (logs: {self._home.logs})") from error
        finally:
            if self._supervisor.children:
                say("Stopping ...")
            self._supervisor.stop()
            if self._options.ready_file is not None:
                self._options.ready_file.unlink(missing_ok=True)
        say("Muster has stopped; its data is kept.")
        return 0

    def _start(self) -> None:
        say(f"Starting Muster on {self._home.root}")
        cluster = Cluster(self._home.data)
        store = SecretStore(self._home.secrets)
        database_password = store.get(SHARED, "password_superuser", random_secret)
        aws_secret_key = store.get(SHARED, "aws_secret_access_key", random_secret)
        if not (self._home.data / "PG_VERSION").exists():
            say("  making the database")
        cluster.initialise(database_password)
        cluster.clear_leftovers()
        sockets = {name: ports.listener() for name in ("edge", "smtp", *(s.name for s in self._services))}
        self.addresses = self._addresses({name: held.getsockname()[1] for name, held in sockets.items()})
        # The slow parts that are no Python of ours start while this process loads the rest.
        self.stack = Stack(
            home=self._home,
            addresses=self.addresses,
            services=self._services,
            sockets=sockets,
            database_password=database_password,
            aws_secret_key=aws_secret_key,
        )
        self._supervisor.start(self.stack.postgres(cluster))
        self._supervisor.start(self.stack.aws())
        self._start_front()
        _load_shared_modules()
        self._prepare()
        say("  starting the services")
        self._supervisor.start(self.stack.edge())
        for program in self.stack.service_programs():
            self._supervisor.start(program)
        wait_until_ready(self.stack.questions(), timeout_seconds=_READY_SECONDS, meanwhile=self._impatiently)

    def _addresses(self, inner: dict[str, int]) -> Addresses:
        remembered = self._home.root / "ports"
        return Addresses(
            public=self._options.port,
            media=self._options.media_port,
            postgres=ports.free_port(remembered / "postgres"),
            aws=ports.free_port(remembered / "aws"),
            edge=inner["edge"],
            smtp=inner["smtp"],
            apis={service.name: inner[service.name] for service in self._services},
        )

    def _start_front(self) -> None:
        web_server.prepare(self._home, self.addresses, self._services)
        if complaint := web_server.check(self._home):
            raise Failed(f"nginx refuses its configuration: {complaint.splitlines()[0]}")
        self._supervisor.start(self.stack.nginx())

    def _prepare(self) -> None:
        say("  preparing database, queues and buckets")
        self._supervisor.run_to_end(self.stack.preparations(), while_waiting=self._impatiently)
        self._supervisor.run_to_end(self.stack.further_preparations(), while_waiting=self._impatiently)

    def _impatiently(self) -> None:
        """While coming up, a signal ends it and a process that dies is the end of it."""
        if self._interrupts.asked:
            raise _Asked
        self._supervisor.tick(patient=False)

    def _greet(self) -> None:
        seconds = time.monotonic() - self._begun
        say(f"{READY_LINE} ({seconds:.1f} s)")
        self._load_demo()
        origin = self.addresses.public_origin
        say("")
        say(f"  Dashboard   {origin}/")
        say(f"  Mailbox     {origin}/mailbox")
        for service in self._services:
            say(f"  API         {origin}/api/{service.name}/docs")
        say(f"  Logs        {self._home.logs}")
        for line in self._sign_in():
            say(f"  {line}")
        say("")
        say("  Ctrl-C stops it and keeps the data; `make reset` forgets it.")
        if self._options.ready_file is not None:
            self._write_ready_file(seconds)

    def _write_ready_file(self, seconds: float) -> None:
        path = self._options.ready_file
        if path is None:
            return
        facts = {
            "public_origin": self.addresses.public_origin,
            "media_origin": self.addresses.media_origin,
            "pid": os.getpid(),
            "seconds": round(seconds, 3),
            "processes": {name: child.pid for name, child in self._supervisor.children.items()},
        }
        partial = path.with_name(f".{path.name}.partial")
        partial.write_text(json.dumps(facts), encoding="utf-8")
        partial.replace(path)

    def _load_demo(self) -> None:
        if not self._options.demo or self._home.demo_mark.exists():
            return
        say("  loading demo data ...")
        with (self._home.logs / "demo.log").open("ab") as log:
            demo = subprocess.Popen(
                [sys.executable, "-m", "local.demo"],
                env=dict(os.environ) | {"MUSTER_PUBLIC_ORIGIN": self.addresses.public_origin},
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
                text=True,
            )
        deadline = time.monotonic() + _DEMO_SECONDS
        try:
            while demo.poll() is None:
                self._interrupts.wait(0.1)
                self._supervisor.tick()
                if self._interrupts.asked:
                    raise _Asked
                if time.monotonic() > deadline:
                    break
        finally:
            if demo.poll() is None:
                demo.kill()
            output, _ = demo.communicate()
        if demo.returncode == 0:
            self._home.demo_mark.write_text(output, encoding="utf-8")
        else:
            say(f"  the demo data did not load (see {self._home.logs / 'demo.log'}); the stack runs without")

    def _sign_in(self) -> list[str]:
        if self._home.demo_mark.exists():
            return self._home.demo_mark.read_text(encoding="utf-8").splitlines()
        return ["Register at the dashboard; the mailbox has the mail that confirms the address."]

    def _watch(self) -> None:
        trim_at = 0.0
        while not self._interrupts.asked:
            self._interrupts.wait()
            self._supervisor.tick()
            if time.monotonic() > trim_at:
                self._supervisor.trim_logs()
                trim_at = time.monotonic() + _TRIM_EVERY_SECONDS


class _Asked(Exception):
    """A signal asked for the end."""


def _load_shared_modules() -> None:
    _keep_heaps_small()
    for name in _SHARED_MODULES:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()


def _keep_heaps_small() -> None:
    """Children inherit it: threads share one heap, and large blocks go back to the kernel when they are freed."""
    with contextlib.suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        for parameter, value in _MALLOC.items():
            mallopt(parameter, value)


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="make run", description=__doc__)
    parser.add_argument("--ready-file", type=Path, help="written, as JSON, once everything answers")
    chosen = parser.parse_args(arguments)
    try:
        options = Options.from_environment(os.environ, chosen.ready_file)
        with locked(options.home):
            check_machine(options)
            return Runner(options).run()
    except CannotRun as error:
        sys.stderr.write(f"muster: {error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
