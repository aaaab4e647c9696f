"""refresh-race: twenty tabs refresh one session with the same token at the same moment, over and over.

Nobody may be signed out by it. A token used again after the grace ends the family at once.
"""

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from tests.experiments.auth_stage import AuthStage, auth_stage
from tests.experiments.checker import Verdict

TABS = 20
ALLOWED_SECONDS = 1.0


@dataclass(frozen=True)
class Size:
    """How many times all tabs refresh."""

    rounds: int


FULL, SHORT = Size(rounds=1000), Size(rounds=5)


def run(size: Size) -> Verdict:
    """The verdict: refreshes that were refused, and rounds that gave more than one successor."""
    refused = forked = 0
    with auth_stage(with_messages=False) as stage, ThreadPoolExecutor(TABS) as tabs:
        ada = stage.people.new("Ada")
        first = token = ada.tokens["refresh_token"]
        for _ in range(size.rounds):
            answers = list(tabs.map(lambda _, given=token: _refresh(stage, given), range(TABS)))
            refused += sum(answer.status_code != 200 for answer in answers)
            given = {answer.json["refresh_token"] for answer in answers if answer.status_code == 200}
            forked += len(given) != 1
            token = next(iter(given), token)
        alive = _refresh(stage, token)
        access = alive.json["access_token"]
        ended = _replay(stage, first, access)
        told = len(stage.people.mails(template="refresh_reuse"))
    verdict = Verdict("refresh-race", size.rounds * TABS, size.rounds * TABS - refused, 0, forked, refused)
    verdict.facts = {"the family ended after": f"{ended * 1000:.0f} ms", "the owner was told": told}
    verdict.require(alive.status_code == 200, "the session lives after all of it")
    verdict.require(ended <= ALLOWED_SECONDS, f"a replay ends the family within {ALLOWED_SECONDS:.0f} s")
    verdict.require(told == 1, "the owner is told once")
    return verdict


def _refresh(stage: AuthStage, token: str) -> Any:
    return stage.app.test_client().post("/api/auth/refresh", json={"refresh_token": token})


def _replay(stage: AuthStage, token: str, access: str) -> float:
    """Seconds from the replay of an old token, past its grace, until its family's access token is refused."""
    headers = {"Authorization": f"Bearer {access}"}
    before = stage.app.test_client().get("/api/auth/me", headers=headers).status_code
    with stage.people.database.read() as connection:
        connection.execute(text("UPDATE refresh_tokens SET used_at = used_at - interval '11 seconds'"))
    begun = time.monotonic()
    replayed = _refresh(stage, token).status_code
    while stage.app.test_client().get("/api/auth/me", headers=headers).status_code != 401:
        if time.monotonic() - begun > 10:
            return float("inf")
    return time.monotonic() - begun if (before, replayed) == (200, 401) else float("inf")


def main() -> int:
    """The command."""
    return run(FULL).print()


if __name__ == "__main__":
    sys.exit(main())
