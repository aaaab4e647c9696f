"""What the benchmarks of media share: a database with an event in it, gunicorn as it is deployed, and load."""

import contextlib
import http.client
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask
from sqlalchemy import insert

from muster_media.app import build_app
from muster_media.config import MediaSettings
from muster_media.gatherings.use_cases import keep_event
from muster_shared import logs
from muster_shared.auth.tables import memberships
from muster_shared.aws.clients import Clients
from muster_shared.db import Database
from muster_shared.ids import new_id
from muster_shared.messages.events import EventFacts
from muster_shared.testing.aws import free_port
from muster_shared.testing.postgres import Databases, running_cluster
from muster_shared.testing.settings import make_settings
from muster_shared.testing.tokens import TestIssuer
from muster_shared.wiring import wire
from services.media.tests.support import make_facts

_ROOT = Path(__file__).resolve().parents[2]
_CLIENTS = 8
_WARM_UP_SECONDS = 1.0


@dataclass
class Bench:
    """An event with its owner, and the settings of a media service that has it."""

    database: Database
    config: MediaSettings
    event: EventFacts
    owner: UUID
    issuer: TestIssuer

    @property
    def headers(self) -> dict[str, str]:
        """The owner's credential."""
        return self.issuer.headers(self.owner)

    def app(self) -> Flask:
        """Media, as it is deployed."""
        clients = Clients(endpoint_url="http://127.0.0.1:9", region="eu-west-1", credentials=("bench", "bench-secret"))
        return build_app(self.config, wire(self.config, service="media", keys=self.issuer.keys), clients=clients)


@contextlib.contextmanager
def bench(*settings: str) -> Iterator[Bench]:
    """A PostgreSQL of its own, with `settings`, migrated, with one event in it."""
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    with running_cluster(*settings) as cluster, contextlib.closing(Databases(cluster, worker="bench")) as databases:
        database = databases.get("media")
        config = make_settings(
            MediaSettings,
            database_url=database.url,
            cdn_key_id="KBENCH",
            cdn_private_key=pem,
            event_photo_limit=10**9,
            organization_photo_limit=10**9,
            event_byte_limit=10**15,
            organization_byte_limit=10**15,
        )
        made = Bench(database=database, config=config, event=make_facts(), owner=new_id(), issuer=TestIssuer())
        with database.transaction() as session:
            keep_event(session, made.event)
            session.execute(
                insert(memberships).values(org_id=made.event.org_id, user_id=made.owner, role="owner", version=1)
            )
        yield made


@contextlib.contextmanager
def served(make_app: Callable[[], Flask]) -> Iterator[int]:
    """Serves an app with gunicorn, one worker, in a fork; gives its port."""
    port = free_port()
    process = get_context("fork").Process(target=_serve, args=(make_app, port), daemon=True)
    process.start()
    try:
        _await(port)
        yield port
    finally:
        process.terminate()
        process.join(10)


def _serve(make_app: Callable[[], Flask], port: int) -> None:
    os.environ["MUSTER_BIND"] = f"127.0.0.1:{port}"
    # Logs are written as they are when deployed, but nobody has to read them.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    logs.configure(service="bench", role="api", level="INFO")
    from gunicorn.app.base import BaseApplication

    class Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
        def load_config(self) -> None:
            namespace: dict[str, Any] = {}
            exec((_ROOT / "services" / "gunicorn.conf.py").read_text(), namespace)
            for name, value in namespace.items():
                if name in self.cfg.settings and value is not None:
                    self.cfg.set(name, value)
            self.cfg.set("errorlog", os.devnull)

        def load(self) -> Flask:
            return make_app()

    Server().run()


def _await(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
            connection.request("GET", "/livez")
            connection.getresponse().read()
            return
        time.sleep(0.05)
    raise RuntimeError("the server did not come up")


@dataclass(frozen=True)
class Call:
    """One request, sent over and over."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes | None = None
    picks: Sequence[str] = ()


def requests_per_second(port: int, call: Call, *, seconds: float, expect: int) -> float:
    """How many of `call` are answered a second, to clients in processes of their own that send one after another."""
    command = [sys.executable, "-m", "tests.bench._load"]
    given = {
        "port": port,
        "method": call.method,
        "path": call.path,
        "headers": call.headers,
        "body": call.body.decode() if call.body else None,
        "picks": list(call.picks),
        "seconds": seconds,
        "warm_up": _WARM_UP_SECONDS,
        "clients": _CLIENTS // 2,
        "expect": expect,
    }
    loads = [subprocess.Popen(command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(2)]
    for load in loads:
        assert load.stdin is not None
        load.stdin.write(orjson.dumps(given))
        load.stdin.close()
    total = 0.0
    for load in loads:
        assert load.stdout is not None
        total += float(load.stdout.read())
        load.stdout.close()
        if load.wait() != 0:
            raise RuntimeError("the load was answered otherwise than expected")
    return total


def interleaved(rounds: int, **measures: Callable[[], float]) -> dict[str, list[float]]:
    """Each measure in turn, `rounds` times."""
    found: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(rounds):
        for name, measure in measures.items():
            found[name].append(measure())
    return found


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median of ours over the median of theirs."""
    return statistics.median(ours) / statistics.median(theirs)


def say(text: str) -> None:
    """A line of the result."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
