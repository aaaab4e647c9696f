"""keys: a thousand wrong keys a second knock beside two hundred right ones; then the right one is revoked.

The right key's callers are to be served nearly as before, no wrong key is let in, and a revoked key is refused within
five seconds. Wrong keys come in every shape: made-up ids, a known id with another's secret, a revoked key, garbage. All
load goes to one gunicorn worker, on one CPU as a task has it, from processes on the others; rounds of the right calls
alone alternate with rounds of both.
"""

import http.client
import os
import random
import secrets
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import orjson

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
_ROOT = Path(__file__).resolve().parents[2]
_CONNECTIONS = 16
_HEAD_START_SECONDS = 2.0
_FLOODED_BEFORE_SECONDS = 0.5


@dataclass(frozen=True)
class Size:
    """Calls a second of each kind, for how long and how often, and whether times and rates are judged."""

    good: int
    bad: int
    seconds: float
    rounds: int
    times: bool


FULL = Size(good=200, bad=1000, seconds=6, rounds=5, times=True)
SHORT = Size(good=40, bad=120, seconds=1.5, rounds=1, times=False)


@dataclass(frozen=True)
class Seen:
    """Statuses, the milliseconds from when each call was due to its answer, and how many a second were answered."""

    statuses: list[int]
    milliseconds: list[float]
    a_second: float

    @property
    def p95(self) -> float:
        """Of the milliseconds."""
        return statistics.quantiles(self.milliseconds, n=20)[-1]


@dataclass(frozen=True)
class Round:
    """The right keys alone, then right and wrong ones at once."""

    alone: Seen
    good: Seen
    bad: Seen


def run(size: Size) -> Verdict:
    """The verdict: wrong keys let in, right ones refused."""
    with auth_stage() as stage:
        owner = stage.people.new("Olga")
        org = owner.make_organization()["id"]
        base, path = f"/api/organizations/{org}/service-keys", f"/api/doors/member/{org}"
        names = ("one", "two", "gone")
        made, other, gone = (owner.post(base, {"name": name, "scopes": ["events:read"]}).json for name in names)
        key = made["key"]
        wait_until(lambda: _open(stage, org, key) == {200} and _open(stage, org, gone["key"]) == {200}, seconds=20)
        owner.delete(f"{base}/{gone['id']}")
        wait_until(lambda: _open(stage, org, gone["key"]) == {401}, seconds=20)
        wrong = _wrong_keys(key, other["key"], gone["key"])
        with _served(stage) as port:
            rounds = [_round(port, path, key, wrong, size) for _ in range(size.rounds)]
            revoked = _revoke(port, path, key, lambda: owner.delete(f"{base}/{made['id']}").status_code)
    return _verdict(size, rounds, revoked)


def _verdict(size: Size, rounds: list[Round], revoked: float) -> Verdict:
    good = [status for one in rounds for status in (*one.alone.statuses, *one.good.statuses)]
    bad = [status for one in rounds for status in one.bad.statuses]
    refused = sum(status != 200 for status in good)
    let_in = sum(status not in {401, 503} for status in bad)
    verdict = Verdict("keys", len(good) + len(bad), len(good) - refused, refused, 0, let_in)
    slowest = {"right": min(one.good.a_second for one in rounds), "wrong": min(one.bad.a_second for one in rounds)}
    ratio = statistics.median(one.good.p95 / one.alone.p95 for one in rounds)
    verdict.facts = {
        **{f"{kind} keys a second": f"{rate:.0f}" for kind, rate in slowest.items()},
        "right keys' p95": ", ".join(f"{one.good.p95:.1f} ms ({one.alone.p95:.1f} alone)" for one in rounds),
        "ratio": f"{ratio:.2f}",
        "revoked after": f"{revoked:.2f} s",
    }
    verdict.require(revoked <= ALLOWED_SECONDS, f"a revoked key is refused within {ALLOWED_SECONDS:.0f} s")
    if size.times:
        verdict.require(ratio <= ALLOWED_RATIO, f"the p95 is at most {ALLOWED_RATIO:.0f} x")
        for kind, meant in (("right", size.good), ("wrong", size.bad)):
            verdict.require(slowest[kind] >= 0.95 * meant, f"the {kind} keys came as fast as meant")
    return verdict


def _open(stage: AuthStage, org: str, key: str) -> set[int]:
    return set(stage.open_to(f"member/{org}", {"X-Dashboard-Token": key}).values())


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
    served_on, _ = _cpus()
    os.sched_setaffinity(0, served_on)
    database = Database(database_url, pool_size=1)
    serve(lambda: door("events", database, KeyRing(Path(keys_file))), port)


def _cpus() -> tuple[set[int], set[int]]:
    """The one for the service, as a task of one virtual CPU has it, and those that the load comes from."""
    first, *others = sorted(os.sched_getaffinity(0))
    return {first}, set(others) or {first}


def _wrong_keys(key: str, other: str, gone: str) -> list[str]:
    chance = random.Random(7)
    made_up = [f"msk_{new_id().hex}_{secrets.token_urlsafe(32)}" for _ in range(4000)]
    guessed = [f"{key[:37]}{secrets.token_urlsafe(32)}" for _ in range(2000)]
    odd = [f"{key[:37]}{other[37:]}", gone, key[:-1], key + "A", "msk_", f"msk_{'0' * 32}_{'A' * 43}"] * 200
    wrong = made_up + guessed + odd
    chance.shuffle(wrong)
    return wrong


def _round(port: int, path: str, key: str, wrong: list[str], size: Size) -> Round:
    alone = _load(port, path, keys=[key], rate=size.good, seconds=size.seconds)
    begin = time.monotonic() + _HEAD_START_SECONDS
    flood = _start(port, path, keys=wrong, rate=size.bad, seconds=size.seconds + _FLOODED_BEFORE_SECONDS, begin=begin)
    right = _start(port, path, keys=[key], rate=size.good, seconds=size.seconds, begin=begin + _FLOODED_BEFORE_SECONDS)
    return Round(alone=alone, good=_result(right), bad=_result(flood))


def _load(port: int, path: str, *, keys: list[str], rate: int, seconds: float) -> Seen:
    begin = time.monotonic() + _HEAD_START_SECONDS
    return _result(_start(port, path, keys=keys, rate=rate, seconds=seconds, begin=begin))


def _start(
    port: int, path: str, *, keys: list[str], rate: int, seconds: float, begin: float
) -> subprocess.Popen[bytes]:
    """Calls at a steady rate from `begin` on, in a process of their own."""
    command = [sys.executable, "-m", "tests.bench._paced_load"]
    load = subprocess.Popen(command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    os.sched_setaffinity(load.pid, _cpus()[1])
    assert load.stdin is not None
    given = {
        "port": port,
        "path": path,
        "headers": [{"X-Dashboard-Token": key} for key in keys],
        "rate": rate,
        "seconds": seconds,
        "begin": begin,
        "connections": _CONNECTIONS,
    }
    load.stdin.write(orjson.dumps(given))
    load.stdin.close()
    return load


def _result(load: subprocess.Popen[bytes]) -> Seen:
    assert load.stdout is not None
    with load.stdout as stdout:
        text = stdout.read()
    if load.wait() != 0:
        raise RuntimeError("the load broke off")
    found = orjson.loads(text)
    return Seen(found["statuses"], found["milliseconds"], len(found["statuses"]) / found["seconds"])


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


def main() -> int:
    """The command."""
    return run(FULL).print()


if __name__ == "__main__":
    sys.exit(main())
