"""outbox-gap: writers that keep their transactions open while others commit; nothing may stay unpublished.

Beside the relay runs what it is not, a reader with a "greater than the last id" cursor: how many rows that one
misses says whether the run had gaps to fall into at all.
"""

import random
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from muster_shared.messaging import outbox
from tests.experiments.checker import Verdict, compare
from tests.experiments.stage import Stage, link_opened, relaying, running, stage, wait_until


@dataclass(frozen=True)
class Scale:
    """How much."""

    rows: int
    rows_per_transaction: int
    writers: int
    longest_hold_seconds: float
    time_limit_seconds: float


FULL = Scale(rows=100_000, rows_per_transaction=500, writers=8, longest_hold_seconds=2.0, time_limit_seconds=540)
SHORT = Scale(rows=1_200, rows_per_transaction=10, writers=8, longest_hold_seconds=0.1, time_limit_seconds=60)


class _Recording:
    """SQS, remembering which messages it accepted."""

    def __init__(self, sqs: Any) -> None:
        self._sqs = sqs
        self.accepted: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sqs, name)

    def send_message_batch(self, **request: Any) -> Any:
        answer = self._sqs.send_message_batch(**request)
        bodies = {entry["Id"]: entry["MessageBody"] for entry in request["Entries"]}
        # The envelope begins with its id: {"id":"<36 characters>"
        self.accepted += [bodies[success["Id"]][7:43] for success in answer.get("Successful", [])]
        return answer


def run(scale: Scale) -> Verdict:
    """Writes, relays, and compares what was committed with what the queue accepted."""
    with stage() as parts:
        sqs = _Recording(parts.clients.sqs)
        naive: set[str] = set()
        committed: list[str] = []
        relays = [relaying(parts.relay(sqs=sqs)) for _ in range(2)]
        with running(*relays, lambda stop: _naive_reader(parts, naive, stop)), _writing(parts, scale, committed):
            wait_until(
                lambda: (
                    len(committed) == scale.rows
                    and not parts.value("SELECT count(*) FROM outbox WHERE sent_at IS NULL")
                ),
                seconds=scale.time_limit_seconds,
            )
        verdict = compare("outbox-gap", attempted=scale.rows, accepted=committed, effects=sqs.accepted)
        missed = len(set(committed) - naive)
        verdict.facts["missed by a reader with a cursor (control)"] = missed
        verdict.require(missed > 0, "the run had no gaps, so it proves nothing")
        return verdict


@contextmanager
def _writing(parts: Stage, scale: Scale, committed: list[str]) -> Iterator[None]:
    per_writer = scale.rows // scale.writers

    def write(seed: int) -> None:
        chance, hold = random.Random(seed), threading.Event()
        for start in range(0, per_writer, scale.rows_per_transaction):
            count = min(scale.rows_per_transaction, per_writer - start)
            with parts.database.transaction() as session:
                made = [str(outbox.emit(session, link_opened(number))) for number in range(count)]
                hold.wait(chance.uniform(0, scale.longest_hold_seconds))
            committed.extend(made)

    threads = [threading.Thread(target=write, args=(seed,), daemon=True) for seed in range(scale.writers)]
    for thread in threads:
        thread.start()
    yield
    for thread in threads:
        thread.join(10)


def _naive_reader(parts: Stage, seen: set[str], stop: threading.Event) -> None:
    last = "00000000-0000-0000-0000-000000000000"
    statement = text("SELECT id FROM outbox WHERE id > CAST(:last AS uuid) ORDER BY id LIMIT 1000")
    while not stop.wait(0.02):
        with parts.database.read() as connection:
            ids = [str(found) for found in connection.execute(statement, {"last": last}).scalars()]
        if ids:
            seen.update(ids)
            last = ids[-1]


def main() -> int:
    """The full size."""
    return run(FULL).print()


if __name__ == "__main__":
    sys.exit(main())
