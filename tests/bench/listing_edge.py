"""`listing-edge`: the public listing and one event through nginx with its cache, against FastAPI + asyncpg.

Both serve the same 100,000 rows with one worker, ours behind the nginx of `make run`, to four clients that each ask
as fast as they can. Then an event is changed, and how long until nginx shows it is measured.
"""

import contextlib
import http.client
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import orjson
from sqlalchemy import insert

from local import web_server
from local.catalogue import services
from local.layout import Addresses as StackAddresses
from local.layout import Home
from muster_events.events import listing
from muster_shared.auth.tables import memberships
from muster_shared.db import Database
from muster_shared.ids import new_id
from muster_shared.testing.aws import free_port
from tests.bench._events import ADDRESSES, Bench, bench
from tests.bench._media import _await, interleaved, ratio, say, served

EVENTS = 100_000
ROUNDS = 5
SECONDS = 3.0
CLIENTS = 4
CHANGES = 10
REACH, REACH_SECONDS = 3.0, 2.0
_ROOT = Path(__file__).resolve().parents[2]
_LISTING = "/api/events?limit=20"
_NAME = re.compile(r"%\((\w+)\)s")


@contextlib.contextmanager
def running(command: list[str], *, port: int) -> Iterator[None]:
    """A server for as long as it is needed."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _await(port)
        yield
    finally:
        process.terminate()
        process.wait(10)


@contextlib.contextmanager
def front(upstream: int, folder: Path) -> Iterator[int]:
    """The nginx of an embedded stack before events on `upstream`; gives its port."""
    port, known, home = free_port(), services(), Home(folder)
    apis = {service.name: upstream for service in known}
    unused = {name: free_port() for name in ("media", "postgres", "aws", "edge", "smtp")}
    web_server.prepare(home, StackAddresses(public=port, apis=apis, **unused), known)
    with running(list(web_server.command(home)), port=port):
        yield port


@contextlib.contextmanager
def peer(made: Bench, folder: Path) -> Iterator[int]:
    """FastAPI and asyncpg with the same statements; gives its port."""
    port = free_port()
    plain = listing._plain(listing._Shape(until=False, category=False, venue_type=False, after=False))
    given = {
        "dsn": _address(made.dsn),
        "port": port,
        "listing": _numbered(plain, "starting_from", "rows"),
        "one": _numbered(listing._DETAIL + listing._NOT_PRIVATE, "id"),
        "origin": ADDRESSES.public_origin,
    }
    (folder / "peer.json").write_bytes(orjson.dumps(given))
    python = str(_ROOT / ".venv-bench" / "bin" / "python")
    with running([python, str(Path(__file__).with_name("_fastapi_app.py")), str(folder / "peer.json")], port=port):
        yield port


def _address(dsn: str) -> str:
    parts = dict(part.split("=", 1) for part in dsn.split())
    return f"postgresql://{parts['user']}:{parts['password']}@/{parts['dbname']}?host={parts['host']}"


def _numbered(statement: str, *names: str) -> str:
    return _NAME.sub(lambda found: f"${names.index(found[1]) + 1}", statement)


def requests_per_second(port: int, path: str) -> float:
    """How many are answered a second, to clients in processes of their own."""
    command = [sys.executable, "-m", "tests.bench._raw_load", str(port), path, str(SECONDS)]
    loads = [subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE) for _ in range(CLIENTS)]
    total = 0.0
    for load in loads:
        answered, _ = load.communicate()
        if load.returncode != 0:
            raise RuntimeError("the load was answered otherwise than expected")
        total += float(answered)
    return total


def _soonest(made: Bench) -> tuple[UUID, UUID]:
    """The ids of the first event of the listing and of its organisation."""
    with made.connect() as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT id::text, org_id::text FROM events WHERE status = 'published' AND visibility = 'public'"
            " ORDER BY starts_at, id LIMIT 1"
        )
        found = cursor.fetchone()
    assert found is not None
    return UUID(found[0]), UUID(found[1])


def _shows(port: int, path: str, title: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    assert answer.status == 200, answer.status
    return title.encode() in answer.read()


def seconds_until_shown(made: Bench, port: int) -> list[float]:
    """After each of some changes of an event: until nginx has shown it in the listing and by itself, to a reader who
    never stops asking.
    """
    event_id, org_id = _soonest(made)
    owner, database = new_id(), Database(made.settings.database_url, pool_size=1)
    with database.transaction() as session:
        session.execute(insert(memberships).values(org_id=org_id, user_id=owner, role="owner", version=1))
    database.close()
    paths, waited = [_LISTING, f"/api/events/{event_id}"], []
    for number in range(CHANGES):
        title, shown = f"changed {number} {new_id()}", set[str]()
        headers = {**made.issuer.headers(owner), "Content-Type": "application/json"}
        for path in paths:
            _shows(port, path, title)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("PATCH", paths[1], body=orjson.dumps({"title": title}), headers=headers)
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        began = time.monotonic()
        while len(shown) < len(paths):
            shown |= {path for path in paths if path not in shown and _shows(port, path, title)}
            if time.monotonic() - began > 3 * REACH_SECONDS:
                break
        waited.append(time.monotonic() - began)
    return waited


def main() -> int:
    """Prints the rates, their ratios and how long changes took; 1 when something falls short."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        made = stack.enter_context(bench(EVENTS))
        ours = stack.enter_context(front(stack.enter_context(served(lambda: made.app(seconds=0.5))), folder))
        theirs = stack.enter_context(peer(made, folder))
        one = f"/api/events/{_soonest(made)[0]}"
        found = interleaved(
            ROUNDS,
            listing=lambda: requests_per_second(ours, _LISTING),
            peer_listing=lambda: requests_per_second(theirs, _LISTING),
            event=lambda: requests_per_second(ours, one),
            peer_event=lambda: requests_per_second(theirs, one),
        )
        waited = seconds_until_shown(made, ours)
    for name, values in found.items():
        say(f"listing-edge {name}: {statistics.median(values):.0f} requests/s of {[round(value) for value in values]}")
    ratios = {name: ratio(found[name], found[f"peer_{name}"]) for name in ("listing", "event")}
    for name, reached in ratios.items():
        say(f"listing-edge, {name}: {reached:.1f} x FastAPI + asyncpg (to reach: {REACH})")
    say(f"listing-edge: {CHANGES} changes shown after at most {max(waited):.2f} s (at most {REACH_SECONDS} s)")
    say(f"listing-edge: on {os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}")
    return 0 if min(ratios.values()) >= REACH and max(waited) <= REACH_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
