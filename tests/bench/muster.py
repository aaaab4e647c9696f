"""`make bench NAME=muster`: from the POST of an event with 20 crew until SES has accepted the twentieth mail.

Runs against the idle stack at MUSTER_TEST_BASE_URL, or against an embedded one it brings up itself. Baselines of
the same run: the POST alone, without which nothing can be sent, and how long SES, or what stands in for it, takes for
one of the mails once it is called.
"""

import contextlib
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.e2e.user import Visitor, fresh_address, sign_up, until
from tests.integration.local.running import Running

RUNS = 12
CREW = 20
P50_SECONDS, P95_SECONDS = 0.3, 1.0


@contextlib.contextmanager
def a_stack() -> Iterator[str]:
    """The base URL of a running Muster."""
    if given := os.environ.get("MUSTER_TEST_BASE_URL"):
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="muster-bench-") as name:
        Path(name).chmod(0o755)
        running = Running(home=Path(name) / "home")
        running.start()
        try:
            yield running.origin
        finally:
            running.end()


@dataclass(frozen=True)
class Figures:
    """Seconds of one event: until the POST was answered, until the last mail was accepted, each call of SES."""

    posted: float
    accepted: float
    calls: tuple[float, ...]


def an_event(operator: Visitor, org_id: str, crew: list[dict[str, Any]]) -> Figures:
    """One event and its mails."""
    body = {
        "org_id": org_id,
        "kind": "charter",
        "title": "Sunset charter",
        "starts_at": (datetime.now(UTC) + timedelta(days=30)).isoformat(),
        "duration_minutes": 180,
        "timezone": "Europe/Athens",
        "venue": {"type": "in_person", "name": "Pier 4", "address": "Piraeus"},
        "crew": [{"crew_member_id": member["id"], "role": "deckhand"} for member in crew],
        "publish": True,
    }
    begun = time.time()
    event = operator.post("/api/events", body, expect=201)
    posted = time.time() - begun

    def accepted() -> list[dict[str, Any]] | None:
        found = operator.get("/api/notifications", params={"event_id": event["id"], "limit": 100})["items"]
        return found if sum(item["sent_at"] is not None for item in found) == len(crew) else None

    # The moment is the one that was written down, not the one this program came to ask.
    mails = until(accepted, what="the last mail")
    last = max(datetime.fromisoformat(mail["sent_at"]) for mail in mails)
    return Figures(posted, last.timestamp() - begun, tuple(call_of_ses(operator, mail["id"]) for mail in mails))


def call_of_ses(operator: Visitor, delivery_id: str) -> float:
    """Seconds from the call until it was known that SES has the mail."""
    trace = operator.get(f"/api/notifications/{delivery_id}")["trace"]
    called, ended = (
        next(datetime.fromisoformat(step["at"]) for step in trace if step["kind"] == kind)
        for kind in ("handed_to_ses", "ses_accepted")
    )
    return (ended - called).total_seconds()


def main() -> int:
    """Prints the figures beside their baseline; 1 when one falls short."""
    with a_stack() as base_url:
        operator = sign_up(base_url, name="Olga Operator", address=fresh_address("olga"))
        org_id = operator.post("/api/organizations", {"name": "Blue Harbour"})["id"]
        crew = [
            operator.post(
                "/api/crew", {"org_id": org_id, "name": f"Crew {number}", "email": fresh_address("crew")}, expect=201
            )
            for number in range(CREW)
        ]
        an_event(operator, org_id, crew)  # fills caches and pools; not measured
        figures = [an_event(operator, org_id, crew) for _ in range(RUNS)]
    posts, mails = sorted(each.posted for each in figures), sorted(each.accepted for each in figures)
    good = True
    for name, value, most, baseline in (
        ("p50", statistics.median(mails), P50_SECONDS, statistics.median(posts)),
        ("p95", statistics.quantiles(mails, n=20)[-1], P95_SECONDS, statistics.quantiles(posts, n=20)[-1]),
    ):
        reached = value <= most
        good &= reached
        sys.stdout.write(
            f"{'ok  ' if reached else 'MISS'} POST to the {CREW}th mail accepted, {name}: {value * 1000:.0f} ms,"
            f" at most {most * 1000:.0f} ms (baseline: the POST alone {baseline * 1000:.0f} ms)\n"
        )
    calls = [call for each in figures for call in each.calls]
    sys.stdout.write(
        f"    a call of the stack's SES, several at a time: median {statistics.median(calls) * 1000:.0f} ms\n"
    )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
