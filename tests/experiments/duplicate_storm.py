"""duplicate-storm: every message three times, shuffled and delayed; one effect each, and the same end state."""

import random
import sys
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.orm import Session

from muster_shared.messaging import outbox
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
    """How much. Each of `subjects` changes `changes` times."""

    subjects: int
    changes: int
    longest_delay_seconds: int
    time_limit_seconds: float


FULL = Scale(subjects=500, changes=10, longest_delay_seconds=10, time_limit_seconds=300)
SHORT = Scale(subjects=10, changes=6, longest_delay_seconds=1, time_limit_seconds=60)
COPIES = 3


def _apply(session: Session, message: Any, context: Context) -> None:
    record_effect(session, message, context)
    session.execute(
        text(
            "INSERT INTO state (subject, version) VALUES (:subject, :version)"
            " ON CONFLICT (subject) DO UPDATE SET version = excluded.version WHERE state.version < excluded.version"
        ),
        {"subject": message.assignment_id, "version": message.link_version},
    )


class _Storm:
    """SQS in a bad mood: keeps what it is sent, to deliver it several times, late and in another order."""

    def __init__(self, sqs: Any) -> None:
        self._sqs = sqs
        self.kept: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sqs, name)

    def send_message_batch(self, **request: Any) -> Any:
        self.kept += [entry["MessageBody"] for entry in request["Entries"]]
        return {"Successful": [{"Id": entry["Id"]} for entry in request["Entries"]]}

    def deliver(self, url: str, *, longest_delay_seconds: int) -> None:
        chance = random.Random(20260501)
        copies = self.kept * COPIES
        chance.shuffle(copies)
        for start in range(0, len(copies), 10):
            entries = [
                {"Id": str(number), "MessageBody": body, "DelaySeconds": chance.randint(0, longest_delay_seconds)}
                for number, body in enumerate(copies[start : start + 10])
            ]
            self._sqs.send_message_batch(QueueUrl=url, Entries=entries)


def run(scale: Scale) -> Verdict:
    """Emits, delivers everything three times, and looks at effects and end state."""
    with stage() as parts:
        parts.run("CREATE TABLE state (subject uuid PRIMARY KEY, version int NOT NULL)")
        subjects = [uuid4() for _ in range(scale.subjects)]
        sent = _emit(parts, subjects, scale.changes)
        storm = _Storm(parts.clients.sqs)
        with running(relaying(parts.relay(sqs=storm))):
            wait_until(lambda: len(storm.kept) >= len(sent), seconds=scale.time_limit_seconds)
        with running(*consuming(parts.consumer(_apply), parts.consumer(_apply))):
            storm.deliver(parts.url, longest_delay_seconds=scale.longest_delay_seconds)
            wait_until(parts.is_drained, seconds=scale.time_limit_seconds)
        effects = [row.message_id for row in parts.rows("SELECT message_id FROM effects")]
        verdict = compare("duplicate-storm", attempted=len(sent) * COPIES, accepted=sent, effects=effects)
        newest = parts.value("SELECT count(*) FROM state WHERE version = :newest", newest=scale.changes)
        verdict.facts["subjects in their newest state"] = f"{newest} of {scale.subjects}"
        verdict.require(newest == scale.subjects, "the end state is not that of the messages in order")
        return verdict


def _emit(parts: Stage, subjects: list[UUID], changes: int) -> list[str]:
    sent: list[str] = []
    for version in range(1, changes + 1):
        with parts.database.transaction() as session:
            sent += [str(outbox.emit(session, link_opened(version, about=subject))) for subject in subjects]
    return sent


def main() -> int:
    """The full size."""
    return run(FULL).print()


if __name__ == "__main__":
    sys.exit(main())
