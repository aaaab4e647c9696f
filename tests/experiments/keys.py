"""keys: a thousand wrong keys a second knock beside two hundred right ones; then the right one is revoked.

The right key's callers are to be served nearly as before, no wrong key is let in, and a revoked key is refused within
five seconds. Wrong keys come in every shape: made-up ids, a known id with another's secret, garbage. All load goes to
one gunicorn worker from processes of their own; the same right calls alone, just before, are the baseline.
"""

import http.client
import random
import secrets
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.queues import Queue
from pathlib import Path

from muster_auth.keyring import KeyRing
from muster_shared.db import Database
from muster_shared.ids import new_id
from muster_shared.testing.aws import free_port
from tests.bench._media import _serve as serve
from tests.experiments.auth_stage import AuthStage, auth_stage, door
from tests.experiments.checker import Verdict
from tests.experiments.stage import wait_until

ALLOWED_SECONDS = 5.0
ALLOWED_RATIO = 2.0
_PROCESSES = 2
_THREADS = 8


@dataclass(frozen=True)
class Size:
    """Calls a second of each kind, for how long, and whether the times are judged."""

    good: int
    bad: int
    seconds: float
    times: bool


FULL, SHORT = Size(good=200, bad=1000, seconds=15, times=True), Size(good=40, bad=120, seconds=1.5, times=False)


@dataclass
class Seen:
    """Statuses, and the milliseconds each call took."""

    statuses: list[int] = field(default_factory=list)
    times: list[float] = field(default_factory=list)


def run(size: Size) -> Verdict:
    """The verdict: wrong keys let in, right ones refused."""
    with auth_stage() as stage:
        owner = stage.people.new("Olga")
        org = owner.make_organization()["id"]
        base = f"/api/organizations/{org}/service-keys"
        made, other = (owner.post(base, {"name": name, "scopes": ["events:read"]}).json for name in ("one", "two"))
        key, path = made["key"], f"/api/doors/member/{org}"
        headers = {"X-Dashboard-Token": key}
        wait_until(lambda: set(stage.open_to(f"member/{org}", headers).values()) == {200}, seconds=20)
        with _served(stage) as port:
            alone = _load(port, path, keys=[key], rate=size.good, seconds=size.seconds)
            wrong = _wrong_keys(key, other["key"])
            good, bad = _both(port, path, key, wrong, size)
            revoked = _revoke(port, path, key, lambda: owner.delete(f"{base}/{made['id']}").status_code)
    before, during = _p95(alone.times), _p95(good.times)
    let_in = sum(status not in {401, 503} for status in bad.statuses)
    refused = sum(status != 200 for status in (*alone.statuses, *good.statuses))
    attempted = len(bad.statuses) + len(good.statuses)
    verdict = Verdict("keys", attempted, len(good.statuses) - refused, refused, 0, let_in)
    verdict.facts = {
        "right keys a second": f"{len(good.statuses) / size.seconds:.0f}",
        "wrong keys a second": f"{len(bad.statuses) / size.seconds:.0f}",
        "right keys' p95": f"{during:.1f} ms, {before:.1f} ms without the wrong ones",
        "revoked after": f"{revoked:.2f} s",
    }
    verdict.require(revoked <= ALLOWED_SECONDS, f"a revoked key is refused within {ALLOWED_SECONDS:.0f} s")
    if size.times:
        verdict.require(during <= ALLOWED_RATIO * before, f"the p95 is at most {ALLOWED_RATIO:.0f} x")
        verdict.require(len(bad.statuses) >= 0.9 * size.bad * size.seconds, "the wrong keys came as fast as meant")
    return verdict


@contextmanager
def _served(stage: AuthStage) -> Iterator[int]:
    """The door of events behind one gunicorn worker, in a process that shares nothing with this one."""
    settings = stage.doors["events"].extensions["muster"].spec.settings
    port = free_port()
    given = (settings.database_url, str(stage.people.core.settings.jwt_keys_file), port)
    process = get_context("spawn").Process(target=_serve_door, args=given, daemon=True)
    process.start()
    try:
        wait_until(lambda: _status(port, "/livez", {}) == 200, seconds=60)
        yield port
    finally:
        process.terminate()
        process.join(10)


def _serve_door(database_url: str, keys_file: str, port: int) -> None:
    database = Database(database_url, pool_size=1)
    serve(lambda: door("events", database, KeyRing(Path(keys_file))), port)


def _wrong_keys(key: str, other: str) -> list[str]:
    chance = random.Random(7)
    made_up = [f"msk_{new_id().hex}_{secrets.token_urlsafe(32)}" for _ in range(4000)]
    guessed = [f"{key[:37]}{secrets.token_urlsafe(32)}" for _ in range(2000)]
    odd = [f"{key[:37]}{other[37:]}", key[:-1], key + "A", "msk_", f"msk_{'0' * 32}_{'A' * 43}"] * 200
    wrong = made_up + guessed + odd
    chance.shuffle(wrong)
    return wrong


def _both(port: int, path: str, key: str, wrong: list[str], size: Size) -> tuple[Seen, Seen]:
    found: dict[str, Seen] = {}

    def flood() -> None:
        found["bad"] = _load(port, path, keys=wrong, rate=size.bad, seconds=size.seconds)

    thread = threading.Thread(target=flood)
    thread.start()
    good = _load(port, path, keys=[key], rate=size.good, seconds=size.seconds)
    thread.join()
    return good, found["bad"]


def _load(port: int, path: str, *, keys: list[str], rate: int, seconds: float) -> Seen:
    """Calls at a steady rate from processes of their own; late ones are sent at once."""
    context = get_context("spawn")
    results: Queue[Seen] = context.Queue()
    share = max(1, len(keys) // _PROCESSES)
    processes = [
        context.Process(
            target=_send_all,
            args=(results, port, path, keys[number * share :][:share] or keys, rate / _PROCESSES, seconds),
            daemon=True,
        )
        for number in range(_PROCESSES)
    ]
    for process in processes:
        process.start()
    parts = [results.get(timeout=seconds + 60) for _ in processes]
    for process in processes:
        process.join()
    return Seen([s for part in parts for s in part.statuses], [t for part in parts for t in part.times])


def _send_all(results: "Queue[Seen]", port: int, path: str, keys: list[str], rate: float, seconds: float) -> None:
    seen, lock = Seen(), threading.Lock()
    begun = time.monotonic()
    due = iter(range(int(rate * seconds)))

    def send() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        while True:
            with lock:
                number = next(due, None)
            if number is None:
                connection.close()
                return
            moment = begun + number / rate
            time.sleep(max(0.0, moment - time.monotonic()))
            started = time.monotonic()
            connection.request("GET", path, headers={"X-Dashboard-Token": keys[number % len(keys)]})
            answer = connection.getresponse()
            answer.read()
            with lock:
                seen.statuses.append(answer.status)
                seen.times.append((time.monotonic() - started) * 1000)

    threads = [threading.Thread(target=send) for _ in range(_THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results.put(seen)


def _revoke(port: int, path: str, key: str, end: Callable[[], int]) -> float:
    if end() != 204:
        return float("inf")
    begun = time.monotonic()
    wait_until(lambda: _status(port, path, {"X-Dashboard-Token": key}) == 401, seconds=20)
    return time.monotonic() - begun


def _status(port: int, path: str, headers: dict[str, str]) -> int | None:
    """The status of a GET; None when nobody listens."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection, suppress(OSError):
        connection.request("GET", path, headers=headers)
        return connection.getresponse().status
    return None


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


def main() -> int:
    """The command."""
    return run(FULL).print()


if __name__ == "__main__":
    sys.exit(main())
