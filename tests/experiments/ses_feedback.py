"""ses-feedback: receipts come twice, early, late and in any order; all are matched, and nobody suppressed gets mail."""

import sys
from dataclasses import dataclass

from muster_shared.testing.ses import Telling
from tests.experiments.checker import Verdict, compare
from tests.experiments.mail_stage import mail_stage

_BOUNCES_EACH, _COMPLAINS_EACH = 20, 25


@dataclass(frozen=True)
class Scale:
    """How many addresses."""

    addresses: int
    late_seconds: float
    time_limit_seconds: float


FULL = Scale(addresses=2_000, late_seconds=3.0, time_limit_seconds=200)
SHORT = Scale(addresses=80, late_seconds=0.5, time_limit_seconds=60)


def run(scale: Scale) -> Verdict:
    """Two waves of mails to the same addresses; the second meets what the first one taught."""
    addresses = [f"crew{number}@x.test" for number in range(scale.addresses)]
    bouncing = frozenset(addresses[::_BOUNCES_EACH])
    complaining = frozenset(addresses[7::_COMPLAINS_EACH]) - bouncing
    expected = (
        dict.fromkeys(bouncing, "bounced")
        | dict.fromkeys(complaining, "complained")
        | {address: "delivered" for address in addresses if address not in bouncing | complaining}
    )
    with mail_stage() as stage:
        stage.ses.telling, stage.ses.copies = Telling.MIXED, 2
        stage.ses.late_seconds = scale.late_seconds
        stage.ses.bounces, stage.ses.complaints = bouncing, complaining
        stage.start_worker()
        stage.ask(addresses)
        settled = "SELECT count(*) FROM deliveries WHERE status IN ('delivered', 'bounced', 'complained')"
        stage.wait_for(settled, scale.addresses, seconds=scale.time_limit_seconds)
        # What was told late of a mail already settled: every kind but the greeting, once each.
        told = 2 * len(bouncing) + 3 * len(complaining) + 2 * (len(addresses) - len(bouncing) - len(complaining))
        stage.wait_for("SELECT count(*) FROM ses_events", told, seconds=scale.time_limit_seconds)
        verdict = compare("ses-feedback", attempted=len(addresses), accepted=addresses, effects=stage.ses.recipients())
        states = {row.recipient: row.status for row in stage.rows("SELECT recipient, status FROM deliveries")}
        verdict.unexpected += sum(1 for address, status in expected.items() if states[address] != status)
        unmatched = int(stage.value("SELECT count(*) FROM ses_events WHERE delivery_id IS NULL"))
        verdict.facts["events kept, each told twice"] = told
        verdict.facts["events not matched"] = unmatched
        verdict.require(unmatched == 0, "an event was not matched")

        first_wave = len(stage.ses.recipients())
        stage.ask(addresses)
        stage.wait_for(
            "SELECT count(*) FROM deliveries WHERE status = 'suppressed'",
            len(bouncing | complaining),
            seconds=scale.time_limit_seconds,
        )
        stage.wait_for(settled, 2 * len(addresses) - len(bouncing | complaining), seconds=scale.time_limit_seconds)
        second_wave = stage.ses.recipients()[first_wave:]
        wrong = [address for address in second_wave if address in bouncing | complaining]
        verdict.facts["second wave: sent, kept back"] = f"{len(second_wave)}, {len(bouncing | complaining)}"
        verdict.require(not wrong, "a suppressed address got mail")
        verdict.require(len(second_wave) == len(addresses) - len(bouncing | complaining), "somebody got no mail")
        return verdict


def main() -> int:
    """The full size."""
    return run(FULL).print()


if __name__ == "__main__":
    sys.exit(main())
