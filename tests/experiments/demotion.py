"""demotion: members are demoted and removed, sessions and keys ended, in mid-use; every service has to refuse them.

Seconds are counted from auth's answer to the refusal of the slowest service. Auth cannot be asked meanwhile.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from services.auth.tests.people import PASSWORD, Person
from tests.experiments.auth_stage import AuthStage, auth_stage
from tests.experiments.checker import Verdict
from tests.experiments.stage import TooSlowError, wait_until

ALLOWED_SECONDS = 5.0


@dataclass(frozen=True)
class Size:
    """How often each is tried."""

    rounds: int


FULL, SHORT = Size(rounds=10), Size(rounds=1)


@dataclass
class _Case:
    """Something to end, the door it had opened, and the answer that is right afterwards."""

    name: str
    path: str
    headers: dict[str, str]
    end: Callable[[], int]
    refusal: int


def run(size: Size) -> Verdict:
    """The verdict, with the slowest of each kind."""
    slowest: dict[str, float] = {}
    late = attempted = 0
    with auth_stage() as stage:
        for number in range(size.rounds):
            for case in _cases(stage, number):
                attempted += 1
                seconds = _measure(stage, case)
                late += seconds > ALLOWED_SECONDS
                slowest[case.name] = max(slowest.get(case.name, 0.0), seconds)
    verdict = Verdict("demotion", attempted, attempted, lost=0, duplicated=0, unexpected=late)
    verdict.facts = {f"slowest, {name}": f"{seconds:.2f} s" for name, seconds in slowest.items()}
    verdict.require(late == 0, f"every service refuses within {ALLOWED_SECONDS:.0f} s")
    return verdict


def _measure(stage: AuthStage, case: _Case) -> float:
    def all_answer(status: int) -> bool:
        return set(stage.open_to(case.path, case.headers).values()) == {status}

    # The negative control: it is open everywhere before.
    wait_until(lambda: all_answer(200), seconds=20)
    status = case.end()
    if status not in {200, 204}:
        raise RuntimeError(f"{case.name}: auth answered {status}")
    begun = time.monotonic()
    try:
        wait_until(lambda: all_answer(case.refusal), seconds=20)
    except TooSlowError:
        return float("inf")
    return time.monotonic() - begun


def _cases(stage: AuthStage, number: int) -> list[_Case]:
    people = stage.people
    owner = people.new(f"Olga{number}")
    org = owner.make_organization(f"Org {number}")["id"]
    base = f"/api/organizations/{org}"
    demoted, removed, leaver = (
        people.join(owner, org, role=role, name=f"{name}{number}")
        for role, name in (("owner", "Dora"), ("manager", "Rita"), ("manager", "Lea"))
    )
    out, changer = people.new(f"Otto{number}"), people.new(f"Paul{number}")
    elsewhere = people.again(changer.email)
    key = owner.post(f"{base}/service-keys", {"name": "k", "scopes": ["events:read"]}).json
    return [
        _Case(
            "demoted",
            f"owner/{org}",
            demoted.headers,
            lambda: owner.patch(f"{base}/members/{demoted.id}", {"role": "manager"}).status_code,
            403,
        ),
        _Case(
            "removed",
            f"member/{org}",
            removed.headers,
            lambda: owner.delete(f"{base}/members/{removed.id}").status_code,
            404,
        ),
        _Case(
            "left",
            f"member/{org}",
            leaver.headers,
            lambda: leaver.delete(f"{base}/members/{leaver.id}").status_code,
            404,
        ),
        _Case("signed out", "person", out.headers, lambda: _sign_out(out), 401),
        _Case("password changed", "person", elsewhere.headers, lambda: _change_password(changer), 401),
        _Case(
            "key revoked",
            f"member/{org}",
            {"X-Dashboard-Token": key["key"]},
            lambda: owner.delete(f"{base}/service-keys/{key['id']}").status_code,
            401,
        ),
        _Case("organisation deleted", f"member/{org}", owner.headers, lambda: owner.delete(base).status_code, 404),
    ]


def _sign_out(person: Person) -> int:
    body = {"refresh_token": person.tokens["refresh_token"]}
    return person.client.post("/api/auth/logout", json=body).status_code


def _change_password(person: Person) -> int:
    body = {"current_password": PASSWORD, "new_password": "a quite different passphrase"}
    return person.post("/api/auth/password/change", body).status_code


def main() -> int:
    """The command."""
    return run(FULL).print()


if __name__ == "__main__":
    sys.exit(main())
