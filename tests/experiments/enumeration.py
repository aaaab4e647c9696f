"""enumeration: known and unknown addresses sign in, register and forget their password, in turns.

Nothing in an answer may tell them apart: not the status, not a header, not the body, not the time it took. Each asks
from an address of its own, so that it is not the limits that are measured. Passwords are hashed at a lower cost than
deployed, which makes the rest of the work, where a difference could be, weigh more.
"""

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address
from itertools import count
from typing import Any

from muster_auth.accounts.addresses import address_key
from muster_auth.accounts.models import User
from muster_shared import clock
from muster_shared.ids import new_id
from tests.experiments.auth_stage import AuthStage, auth_stage
from tests.experiments.checker import Verdict

ALLOWED_MS = 5.0
_COST = 8
_PASSWORDS = {
    "73 bytes": "a phrase of words with " + "é" * 25,
    "128 characters": ("many different words in a row " * 5)[:128],
    "emoji": "🦀 crab 🐙 octopus 🦑 squid",
    "NUL": "before\0after and a little more",
}


@dataclass(frozen=True)
class Size:
    """How many of each kind, and whether times are judged."""

    people: int
    times: bool


FULL, SHORT = Size(people=1000, times=True), Size(people=8, times=False)
_addresses = count(int(IPv4Address("10.0.0.1")))
Call = Callable[[str], tuple[str, dict[str, Any]]]


def run(size: Size) -> Verdict:
    """The verdict: answers that differed."""
    calls: dict[str, Call] = {
        "login": lambda email: ("/api/auth/login", {"email": email, "password": "not the password"}),
        "forgot": lambda email: ("/api/auth/password/forgot", {"email": email}),
        "register": lambda email: (
            "/api/auth/register",
            {"name": "Ada", "email": email, "password": "lantern-kept-by-the-quay"},
        ),
    }
    for name, password in _PASSWORDS.items():
        calls[f"login, {name}"] = lambda email, password=password: (
            "/api/auth/login",
            {"email": email, "password": password},
        )
    different = errors = attempted = 0
    facts: dict[str, object] = {}
    slow: list[str] = []
    with auth_stage(bcrypt_cost=_COST, with_messages=False) as stage:
        known = _known(stage, size.people)
        for name, call in calls.items():
            # The odd passwords are about answers; a tenth of the people shows those.
            asked = known[:: 10 if "," in name and size.times else 1]
            odd, broken, medians = _compare(stage, call, asked)
            attempted += 2 * len(asked)
            different, errors = different + odd, errors + broken
            gap = abs(medians[0] - medians[1])
            facts[name] = f"median {medians[0]:.1f} ms known, {medians[1]:.1f} ms unknown"
            if gap > ALLOWED_MS:
                slow.append(f"{name}: the medians are {gap:.1f} ms apart")
    verdict = Verdict("enumeration", attempted, attempted, lost=0, duplicated=0, unexpected=different + errors)
    verdict.facts = {**facts, "answers that differed": different, "5xx": errors}
    if size.times:
        verdict.failures += slow
    return verdict


def _known(stage: AuthStage, people: int) -> list[str]:
    hashed = stage.people.core.passwords.hash("the password of all of them")
    now = clock.now()
    emails = [f"known{number}@example.test" for number in range(people)]
    with stage.people.database.transaction() as session:
        session.add_all(
            User(
                id=new_id(),
                name="Known",
                email=email,
                email_key=address_key(email),
                password_hash=hashed,
                language="en",
                created_at=now,
                password_changed_at=now,
            )
            for email in emails
        )
    return emails


def _compare(stage: AuthStage, call: Call, known: list[str]) -> tuple[int, int, tuple[float, float]]:
    times: tuple[list[float], list[float]] = ([], [])
    different = errors = 0
    for email, fresh in zip(known, _unknown(), strict=False):
        faces = []
        for which, address in enumerate((email, fresh)):
            begun = time.perf_counter()
            answer = _send(stage, call(address))
            times[which].append((time.perf_counter() - begun) * 1000)
            errors += answer.status_code >= 500
            faces.append(_face(answer))
        different += faces[0] != faces[1]
    return different, errors, (statistics.median(times[0]), statistics.median(times[1]))


def _unknown() -> Iterator[str]:
    while True:
        yield f"nobody{new_id().hex}@example.test"


def _send(stage: AuthStage, given: tuple[str, dict[str, Any]]) -> Any:
    path, body = given
    address = str(IPv4Address(next(_addresses)))
    return stage.app.test_client().post(path, json=body, environ_base={"REMOTE_ADDR": address})


def _face(answer: Any) -> tuple[object, ...]:
    """All that can be seen of an answer but the request's own id."""
    body = {name: value for name, value in (answer.json or {}).items() if name != "request_id"}
    headers = sorted((name, value) for name, value in answer.headers if name not in {"X-Request-Id", "Date"})
    return answer.status_code, body, headers


def main() -> int:
    """The command."""
    return run(FULL).print()


if __name__ == "__main__":
    sys.exit(main())
