"""slow-handler: a handler that takes three times its message's visibility, first with its heartbeat and then with
the heartbeat killed; no two effects of one message at the same time, and one in all."""

import sys
import threading
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from muster_shared.messaging import outbox
from muster_shared.messaging.consumer import Consumer
from muster_shared.messaging.inbox import Context
from tests.experiments.checker import Verdict, compare
from tests.experiments.stage import (
    Stage,
    consuming,
    link_opened,
    record_effect,
    relaying,
    running,
    stage,
    wait_until,
)


@dataclass(frozen=True)
class Scale:
    """How much."""

    messages: int
    visibility_seconds: int
    time_limit_seconds: float


FULL = Scale(messages=24, visibility_seconds=4, time_limit_seconds=200)
SHORT = Scale(messages=3, visibility_seconds=1, time_limit_seconds=60)


@dataclass
class Watched:
    """A slow handler that notes who is in it at once, and how often each message was begun."""

    seconds: float
    inside: dict[str, int] = field(default_factory=dict)
    overlaps: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, session: Session, message: Any, context: Context) -> None:
        with self.lock:
            self.inside[context.message_id] = self.inside.get(context.message_id, 0) + 1
            self.overlaps += self.inside[context.message_id] > 1
        try:
            record_effect(session, message, context)
            threading.Event().wait(self.seconds)
        finally:
            with self.lock:
                self.inside[context.message_id] -= 1


def run(scale: Scale) -> Verdict:
    """One pass with the heartbeat, one without."""
    with stage() as parts:
        accepted: list[str] = []
        facts: dict[str, object] = {}
        overlaps = 0
        for heartbeat in (True, False):
            watched = Watched(seconds=3 * scale.visibility_seconds)
            consumers = [
                parts.consumer(watched, threads=8, prefetch=0, visibility_seconds=scale.visibility_seconds)
                for _ in range(2)
            ]
            second_receives = _count_receives(consumers)
            if not heartbeat:
                for consumer in consumers:
                    _kill_heartbeat(consumer)
            with running(relaying(parts.relay()), *consuming(*consumers)):
                accepted += _emit(parts, scale.messages)
                wait_until(parts.is_drained, seconds=scale.time_limit_seconds)
            name = "with the heartbeat" if heartbeat else "heartbeat killed"
            facts[f"{name}: received again meanwhile"] = len(second_receives)
            overlaps += watched.overlaps
        effects = [row.message_id for row in parts.rows("SELECT message_id FROM effects")]
        verdict = compare("slow-handler", attempted=len(accepted), accepted=accepted, effects=effects)
        verdict.facts = {**facts, "concurrent effects": overlaps}
        verdict.require(overlaps == 0, "two handlers were at one message at once")
        verdict.require(facts["with the heartbeat: received again meanwhile"] == 0, "the heartbeat did not hold")
        verdict.require(
            facts["heartbeat killed: received again meanwhile"] != 0, "nothing came twice, so it proves nothing"
        )
        return verdict


def _emit(parts: Stage, count: int) -> list[str]:
    with parts.database.transaction() as session:
        return [str(outbox.emit(session, link_opened(1))) for _ in range(count)]


def _count_receives(consumers: list[Consumer]) -> list[str]:
    """Notes every receive that is not a message's first."""
    again: list[str] = []
    for consumer in consumers:
        hold = consumer.receipts.hold

        def noting(delivery: Any, hold: Any = hold) -> None:
            if delivery.receive_count > 1:
                again.append(delivery.sqs_id)
            hold(delivery)

        consumer.receipts.hold = noting  # type: ignore[method-assign]
    return again


def _kill_heartbeat(consumer: Consumer) -> None:
    consumer.receipts._extend = lambda _deliveries: None  # type: ignore[method-assign]


def main() -> int:
    """The full size."""
    return run(FULL).print()


if __name__ == "__main__":
    sys.exit(main())
