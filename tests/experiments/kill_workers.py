"""kill-workers: a random worker is killed every two seconds while thousands of mails go through relay, queue and SES.

With SES's events none is lost and none sent twice. Without them nobody can tell a mail SES took from one it never
saw: then no more are sent twice than kills fell between the call and its record.
"""

import random
import sys
import threading
from dataclasses import dataclass

from muster_shared.testing.ses import Telling
from tests.experiments.checker import Verdict, compare
from tests.experiments.mail_stage import MailStage, mail_stage
from tests.experiments.stage import TooSlowError

# A killed worker takes the events in its hand out of sight for the queue's 30 seconds and the inbox's: the wait for
# them has to outlast both. Without events there is nothing to wait for.
_UNKNOWN_SECONDS = {Telling.EARLY: 75, Telling.NEVER: 8}
_DONE = "SELECT count(*) FROM deliveries WHERE status IN ('sent', 'delivered')"


@dataclass(frozen=True)
class Scale:
    """How many mails, how often a worker dies, and for how long. `kills` is when it stops, None: never."""

    mails: int
    mails_without_events: int
    workers: int
    kills: int | None
    kill_every_seconds: float
    time_limit_seconds: float


FULL = Scale(
    mails=10_000, mails_without_events=2_000, workers=3, kills=None, kill_every_seconds=2.0, time_limit_seconds=600
)
# A mail whose call a kill left open waits longer than it takes to send all the others: nobody has to die meanwhile.
SHORT = Scale(mails=100, mails_without_events=60, workers=2, kills=8, kill_every_seconds=2.0, time_limit_seconds=240)


def run(scale: Scale) -> Verdict:
    """Both halves; the verdict is of the one with events, the facts hold the other."""
    verdict = _half("kill-workers", scale, mails=scale.mails, telling=Telling.EARLY)
    without = _half("without events", scale, mails=scale.mails_without_events, telling=Telling.NEVER)
    verdict.facts["without events: lost, sent twice, calls left unknown by a kill"] = (
        f"{without.lost}, {without.duplicated}, {without.facts['calls left unknown by a kill']}"
    )
    verdict.require(without.lost == 0, "without events a mail was lost")
    unknown = without.facts["calls left unknown by a kill"]
    verdict.require(isinstance(unknown, int) and without.duplicated <= unknown, "without events too many went twice")
    return verdict


def _half(name: str, scale: Scale, *, mails: int, telling: Telling) -> Verdict:
    settings = {"MUSTER_SEND_LEASE_SECONDS": "5", "MUSTER_SES_UNKNOWN_SECONDS": str(_UNKNOWN_SECONDS[telling])}
    with mail_stage(**settings) as stage:
        stage.ses.telling = telling
        stage.ses.answer_seconds = 0.01
        addresses = [f"crew{number}@x.test" for number in range(mails)]
        for _ in range(scale.workers):
            stage.start_worker()
        stop = threading.Event()
        kills: list[int] = []
        killer = threading.Thread(target=_kill, args=(stage, stop, scale, kills))
        asker = threading.Thread(target=stage.ask, args=(addresses,))
        killer.start()
        asker.start()
        timed_out = ""
        try:
            stage.wait_for(_DONE, mails, seconds=scale.time_limit_seconds)
        except TooSlowError as error:
            timed_out = str(error)
        finally:
            stop.set()
            killer.join()
            asker.join()
        verdict = compare(name, attempted=mails, accepted=addresses, effects=stage.ses.recipients())
        verdict.facts["workers killed"] = len(kills)
        verdict.facts["calls left unknown by a kill"] = int(
            stage.value("SELECT count(*) FROM attempts WHERE outcome = 'unknown'")
        )
        verdict.require(not timed_out, timed_out)
        verdict.require(bool(kills), "nothing was killed")
        return verdict


def _kill(stage: MailStage, stop: threading.Event, scale: Scale, kills: list[int]) -> None:
    chance = random.Random(11)
    while len(kills) != scale.kills and not stop.wait(scale.kill_every_seconds):
        stage.kill_one(chance)
        kills.append(1)


def main() -> int:
    """The full size."""
    return run(FULL).print()


if __name__ == "__main__":
    sys.exit(main())
