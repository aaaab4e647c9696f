"""fairness: one organisation has twenty thousand mails waiting, another wants ten; they do not wait for the others."""

import statistics
import sys
from dataclasses import dataclass
from uuid import UUID

from muster_shared.testing.ses import Telling
from tests.experiments.checker import Verdict, compare
from tests.experiments.mail_stage import ORGANIZATION, MailStage, event_of, mail_stage

SMALL_ONE = UUID("01900000-0000-7000-8000-0000000000bb")
_P95_LIMIT_SECONDS = 10.0
_BACKLOG = """
INSERT INTO deliveries (id, dedupe_key, lane, org_id, event_id, assignment_id, link_version, template, language,
    recipient, recipient_key, context, due_at, created_at, updated_at)
SELECT gen_random_uuid(), 'backlog:' || n, :org, :org, gen_random_uuid(), gen_random_uuid(), 1, 'crew_request', 'en',
    'a' || n || '@x.test', 'a' || n || '@x.test',
    jsonb_build_object('event', CAST(:event AS jsonb), 'role', 'captain', 'notes', '', 'others', '[]'::jsonb),
    now(), now(), now()
FROM generate_series(1, :mails) n
"""


@dataclass(frozen=True)
class Scale:
    """How many wait, and how many are wanted by the small one."""

    backlog: int
    wanted: int
    rate_per_second: int
    time_limit_seconds: float


FULL = Scale(backlog=20_000, wanted=10, rate_per_second=100, time_limit_seconds=60)
SHORT = Scale(backlog=2_000, wanted=10, rate_per_second=100, time_limit_seconds=40)


def run(scale: Scale) -> Verdict:
    """Queues the big one's mails, sets a worker to them, then asks for the small one's."""
    with mail_stage(MUSTER_SES_RATE_PER_SECOND=str(scale.rate_per_second)) as stage:
        stage.ses.telling = Telling.NEVER
        stage.ses.answer_seconds = 0.005
        _queue_backlog(stage, scale.backlog)
        stage.run(
            "INSERT INTO organization_copies (id, name, slug, version) VALUES (:id, 'Small One', 'small', 1)",
            id=SMALL_ONE,
        )
        stage.start_worker()
        stage.wait_for("SELECT count(*) FROM deliveries WHERE status = 'sent'", 50, seconds=scale.time_limit_seconds)
        addresses = [f"b{number}@x.test" for number in range(scale.wanted)]
        stage.ask(addresses, org_id=SMALL_ONE)
        sent = f"SELECT count(*) FROM deliveries WHERE status = 'sent' AND org_id = '{SMALL_ONE}'"
        stage.wait_for(sent, scale.wanted, seconds=scale.time_limit_seconds)
        waits = stage.rows(
            "SELECT extract(epoch FROM sent_at - created_at)::float AS seconds FROM deliveries WHERE org_id = :org",
            org=SMALL_ONE,
        )
        left = int(
            stage.value("SELECT count(*) FROM deliveries WHERE status = 'queued' AND org_id = :o", o=ORGANIZATION)
        )
        effects = [address for address in stage.ses.recipients() if address.startswith("b")]
        verdict = compare("fairness", attempted=scale.wanted, accepted=addresses, effects=effects)
        p95 = statistics.quantiles([row.seconds for row in waits], n=20)[-1]
        verdict.facts["the small one's p95, at most 10 s"] = f"{p95:.2f} s"
        verdict.facts["of the big one's still waiting"] = f"{left} of {scale.backlog}"
        verdict.require(p95 <= _P95_LIMIT_SECONDS, "the small one waited too long")
        verdict.require(left > scale.backlog / 4, "the big one was through already: nothing was shown")
        return verdict


def _queue_backlog(stage: MailStage, mails: int) -> None:
    event = event_of().model_dump_json()
    stage.run(_BACKLOG, org=ORGANIZATION, event=event, mails=mails)


def main() -> int:
    """The full size."""
    return run(FULL).print()


if __name__ == "__main__":
    sys.exit(main())
