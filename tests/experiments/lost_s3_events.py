"""lost-s3-events: S3's events dropped, doubled and reordered, the worker killed half way; every photo ends ready or
rejected, and is told of once.

The clock is compressed: what the reconciler would look at in a minute is due at once when the queue is empty.
"""

import random
import sys
from dataclasses import dataclass

from services.media.tests import images
from tests.experiments.checker import Verdict, compare
from tests.experiments.media_stage import MediaStage, media_stage
from tests.experiments.stage import wait_until

_DEAD = "UPDATE photos SET leased_until = now(), check_at = now() WHERE status = 'processing'"
_DUE = "UPDATE photos SET check_at = now() WHERE status = 'pending'"
_EXPIRED = "UPDATE photos SET expires_at = now() - interval '1 hour', check_at = now() WHERE status = 'pending'"
_OPEN = "SELECT id FROM photos WHERE status IN ('pending', 'processing')"


@dataclass(frozen=True)
class Scale:
    """How many photos; a tenth of the events is dropped, a tenth doubled, all are shuffled."""

    photos: int
    share: float
    seconds: float


FULL = Scale(photos=200, share=0.1, seconds=300)
SHORT = Scale(photos=24, share=0.1, seconds=90)


def run(scale: Scale) -> Verdict:
    """Uploads, mistreats the events, kills the worker once, waits for every photo's end."""
    dice = random.Random(20260718)  # the same maltreatment each time
    with media_stage() as stage:
        sent, never_sent = _upload(stage, scale)
        notices = stage.take_notices()
        dropped, doubled = _mistreat(stage, scale, notices, dice)
        stage.worker.start()
        wait_until(lambda: len(stage.rows(_OPEN)) < scale.photos - scale.photos // 4, seconds=scale.seconds)
        stage.worker.kill()
        stage.run(_DEAD)
        stage.worker.start()
        _let_time_pass(stage, scale, left=len(never_sent))
        stage.run(_EXPIRED)
        wait_until(lambda: not stage.rows(_OPEN), seconds=scale.seconds)
        wait_until(lambda: not stage.keys(stage.config.bucket_uploads), seconds=scale.seconds)
        stage.worker.stop()
        return _verdict(stage, sent, never_sent, facts={"events": len(notices), "dropped": dropped, "doubled": doubled})


def _upload(stage: MediaStage, scale: Scale) -> tuple[list[str], list[str]]:
    """Photos that arrive, one in ten of them no photo at all; and some that never do."""
    sent: list[str] = []
    never_sent: list[str] = []
    for number in range(scale.photos):
        data = images.SVG if number % 10 == 9 else images.jpeg(64 + number, 64, gps=True)
        asked = stage.ask(data)
        stage.send(asked["upload"], data)
        sent.append(asked["photo"]["id"])
    never_sent += [stage.ask(images.jpeg())["photo"]["id"] for _ in range(max(1, scale.photos // 20))]
    return sent, never_sent


def _mistreat(
    stage: MediaStage, scale: Scale, notices: list[dict[str, object]], dice: random.Random
) -> tuple[int, int]:
    dice.shuffle(notices)
    count = max(1, int(len(notices) * scale.share))
    kept = notices[count:]
    again = dice.sample(kept, count)
    told = [*kept, *again]
    dice.shuffle(told)
    for notice in told:
        stage.tell(notice)
    return count, count


def _let_time_pass(stage: MediaStage, scale: Scale, *, left: int) -> None:
    """A minute after the other, each as soon as nothing moves any more."""

    def moved_on() -> bool:
        stage.run(_DUE)
        return len(stage.rows(_OPEN)) <= left

    wait_until(moved_on, seconds=scale.seconds)


def _verdict(stage: MediaStage, sent: list[str], never_sent: list[str], *, facts: dict[str, object]) -> Verdict:
    told = [
        row.photo_id
        for row in stage.rows("SELECT payload ->> 'photo_id' AS photo_id FROM outbox WHERE type = 'photo.changed.v1'")
    ]
    verdict = compare("lost-s3-events", attempted=len(sent) + len(never_sent), accepted=sent + never_sent, effects=told)
    statuses = {str(row.id): row.status for row in stage.rows("SELECT id, status FROM photos")}
    verdict.facts |= facts
    verdict.facts["ready"] = sum(status == "ready" for status in statuses.values())
    verdict.facts["rejected"] = sum(status == "rejected" for status in statuses.values())
    bad = len([number for number in range(len(sent)) if number % 10 == 9])
    verdict.require(verdict.facts["ready"] == len(sent) - bad, "a good photo did not get ready")
    verdict.require(verdict.facts["rejected"] == bad + len(never_sent), "a bad photo was not rejected")
    verdict.require(not stage.keys(stage.config.bucket_uploads), "something is left in quarantine")
    originals = [key for key in stage.keys(stage.config.bucket_media) if key.startswith("o/")]
    verdict.require(len(originals) == verdict.facts["ready"], "originals were lost or left behind")
    return verdict


def main() -> int:
    """The full size."""
    return run(FULL).print()


if __name__ == "__main__":
    sys.exit(main())
