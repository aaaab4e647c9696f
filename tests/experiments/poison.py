"""poison: 2 % bad messages; they end in the dead-letter queue with a reason, the good ones hardly notice,
and what is sent back once it is mended has one effect."""

import statistics
import sys
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import orjson
from sqlalchemy.orm import Session

from muster_shared.dlq import DeadLetter, DeadLetters
from muster_shared.messaging import outbox
from muster_shared.messaging.errors import Permanent
from muster_shared.messaging.inbox import Context
from tests.experiments.checker import Verdict, compare
from tests.experiments.stage import (
    PREFIX,
    SERVICE,
    Stage,
    consuming,
    link_opened,
    record_effect,
    relaying,
    running,
    stage,
    wait_until,
)

_RECEIVES = 5
_FAILS, _REFUSES = 1001, 1002
_SLOWEST_SHARE = 100
_P99_LIMIT = 2.0
# Below this, the difference is the scheduler's and not the poison's.
_P99_FLOOR_SECONDS = 0.25


@dataclass(frozen=True)
class Scale:
    """How much: good messages at a steady rate, one bad one after every 49."""

    good: int
    per_second: float
    rounds: int
    retry_base_seconds: float
    time_limit_seconds: float


FULL = Scale(good=2450, per_second=150, rounds=3, retry_base_seconds=1.0, time_limit_seconds=200)
SHORT = Scale(good=147, per_second=150, rounds=1, retry_base_seconds=0.05, time_limit_seconds=60)


@dataclass
class Patient:
    """A handler that cannot stomach some messages, until it is mended."""

    mended: bool = False
    receives: dict[str, list[int]] = field(default_factory=dict)

    def __call__(self, session: Session, message: Any, context: Context) -> None:
        if not self.mended and message.link_version in (_FAILS, _REFUSES):
            self.receives.setdefault(context.message_id, []).append(context.receive_count)
            if message.link_version == _REFUSES:
                raise Permanent("refused by the experiment")
            raise KeyError("fails each time")
        record_effect(session, message, context)


@dataclass
class Sent:
    """What was put into the queue, by what it is."""

    good: list[str] = field(default_factory=list)
    failing: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    unreadable: int = 0

    def __len__(self) -> int:
        return len(self.good) + len(self.failing) + len(self.refused) + self.unreadable


def run(scale: Scale) -> Verdict:
    """Healthy and poisoned rounds in turn, then the dead letters, then the redrive."""
    with stage() as parts:
        patient, sent = Patient(), Sent()
        healthy: list[float] = []
        poisoned: list[float] = []
        consumer = parts.consumer(patient, threads=4, retry_base_seconds=scale.retry_base_seconds)
        with running(relaying(parts.relay()), *consuming(consumer)):
            for _ in range(scale.rounds):
                healthy.append(_round(parts, scale, Sent(), with_poison=False))
                poisoned.append(_round(parts, scale, sent, with_poison=True))
            wait_until(parts.is_drained, seconds=scale.time_limit_seconds)
        letters = DeadLetters(parts.clients.sqs, prefix=PREFIX)
        dead = letters.show(SERVICE, limit=10_000)
        verdict = _verdict(parts, sent, dead, patient)
        base, now = statistics.median(healthy), statistics.median(poisoned)
        verdict.facts["p99 of good ones, healthy and poisoned"] = f"{base * 1000:.0f} ms, {now * 1000:.0f} ms"
        verdict.require(now <= max(_P99_LIMIT * base, _P99_FLOOR_SECONDS), "good messages were kept waiting")
        _redrive(parts, letters, patient, sent, verdict, scale)
        return verdict


def _round(parts: Stage, scale: Scale, sent: Sent, *, with_poison: bool) -> float:
    """Sends one round at a steady rate; the 99th percentile from commit to effect, in seconds."""
    pause = threading.Event()
    mine: list[str] = []
    for number in range(scale.good):
        with parts.database.transaction() as session:
            mine.append(str(outbox.emit(session, link_opened(1))))
        if with_poison and number % 49 == 48:
            _poison(parts, sent, number // 49)
        pause.wait(1 / scale.per_second)
    sent.good += mine
    first, count = mine[0], len(mine)
    arrived = "SELECT count(*) FROM effects WHERE message_id >= :first AND version = 1"
    wait_until(lambda: parts.value(arrived, first=first) >= count, seconds=scale.time_limit_seconds)
    waits = parts.rows(
        "SELECT extract(epoch FROM e.at - o.created_at) AS seconds FROM effects e"
        " JOIN outbox o ON o.id::text = e.message_id WHERE e.message_id >= :first AND version = 1",
        first=first,
    )
    return float(statistics.quantiles([float(row.seconds) for row in waits], n=_SLOWEST_SHARE)[-1])


def _poison(parts: Stage, sent: Sent, number: int) -> None:
    if number % 2 == 0:
        version, kept = ((_FAILS, sent.failing), (_REFUSES, sent.refused))[number // 2 % 2]
        with parts.database.transaction() as session:
            kept.append(str(outbox.emit(session, link_opened(version))))
        return
    envelope = {"id": str(uuid4()), "occurred_at": "2026-05-01T12:00:00Z", "source": "experiment", "data": {}}
    bodies = (
        "not json",
        orjson.dumps({**envelope, "type": "no.such.v1"}).decode(),
        orjson.dumps({**envelope, "type": "crew.link_opened.v1"}).decode(),
    )
    parts.clients.sqs.send_message(QueueUrl=parts.url, MessageBody=bodies[number // 2 % 3])
    sent.unreadable += 1


def _verdict(parts: Stage, sent: Sent, dead: list[DeadLetter], patient: Patient) -> Verdict:
    effects = [row.message_id for row in parts.rows("SELECT message_id FROM effects WHERE version = 1")]
    control = set(effects) - set(sent.good)
    verdict = compare(
        "poison", attempted=len(sent), accepted=sent.good, effects=[e for e in effects if e not in control]
    )
    buried = {letter.message_id for letter in dead}
    missing = set(sent.failing + sent.refused) - buried
    verdict.lost += len(missing) + max(0, len(sent.failing + sent.refused) + sent.unreadable - len(dead))
    verdict.facts["dead letters"] = len(dead)
    verdict.facts["reasons"] = dict(Counter(letter.reason.split(":")[0] for letter in dead))
    verdict.require(all(letter.reason for letter in dead), "a dead letter has no reason")
    verdict.require(
        all(patient.receives[one] == list(range(1, _RECEIVES + 1)) for one in sent.failing),
        "a failing message was not tried five times",
    )
    return verdict


def _redrive(parts: Stage, letters: DeadLetters, patient: Patient, sent: Sent, verdict: Verdict, scale: Scale) -> None:
    """Mends the handler, sends everything back, twice what an impatient operator might send twice."""
    patient.mended = True
    parts.run("TRUNCATE effects")
    for letter in letters.show(SERVICE, limit=10_000):
        parts.clients.sqs.send_message(QueueUrl=parts.url, MessageBody=letter.body)
    letters.redrive(SERVICE, limit=10_000)
    with running(*consuming(parts.consumer(patient, retry_base_seconds=scale.retry_base_seconds))):
        wait_until(parts.is_drained, seconds=scale.time_limit_seconds)
    after = compare(
        "redrive",
        attempted=0,
        accepted=sent.failing + sent.refused,
        effects=[row.message_id for row in parts.rows("SELECT message_id FROM effects")],
    )
    verdict.facts["redriven, one effect each"] = f"{after.accepted - after.lost} of {after.accepted}"
    verdict.lost += after.lost
    verdict.duplicated += after.duplicated
    verdict.unexpected += after.unexpected


def main() -> int:
    """The full size."""
    return run(FULL).print()


if __name__ == "__main__":
    sys.exit(main())
