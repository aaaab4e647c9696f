"""`make bench NAME=mail-rate`: mails a second from the outbox to SES's acceptance, SES being a stub of 5 ms.

As deployed: events' outbox and one relay process, the queue, and one worker of notifications with consumer, sender and
the relay of what it says itself. Baselines of the same run, on the same stand-in: what a bare SQS client receives and
deletes one message at a time, and, to see how far that is from the best, ten at a time.
"""

import sys
import time

from muster_shared import logs
from muster_shared.messaging.queues import QueueUrls, declare
from muster_shared.testing.ses import Telling
from tests.experiments.mail_stage import MailStage, event_of, mail_stage, request_for

MAILS = 3_000
BARE_MESSAGES = 1_000
ROUNDS = 3
PER_SECOND = 200.0
SHARE_OF_BARE = 0.5
_STUB_SECONDS = 0.005
_TIME_LIMIT_SECONDS = 120.0


def mails_per_second(stage: MailStage, round_number: int) -> float:
    """Queues the messages with the processes asleep, wakes them, and counts until the last mail is accepted."""
    addresses = [f"crew{round_number}-{number}@x.test" for number in range(MAILS)]
    stage.ses.taken.clear()
    stage.ask(addresses)
    stage.start_relay()
    stage.start_worker()
    stage.wait_for("SELECT (count(*) > 0)::int FROM deliveries WHERE status = 'sent'", 1, seconds=30)
    stage.wait_for("SELECT count(*) FROM deliveries WHERE status = 'sent'", MAILS, seconds=_TIME_LIMIT_SECONDS)
    moments = sorted(mail.at for mail in stage.ses.taken)
    stage.stop_workers()
    stage.run("DELETE FROM deliveries")
    return (len(moments) - 1) / (moments[-1] - moments[0])


def bare_per_second(stage: MailStage, *, at_a_time: int) -> float:
    """Messages of the same size received and deleted by one bare client."""
    sqs = stage.clients.sqs
    declare(sqs, ["bare"])
    url = QueueUrls(sqs).of("bare")
    body = request_for("crew@x.test", event_of()).model_dump_json()
    for _ in range(BARE_MESSAGES // 10):
        entries = [{"Id": str(number), "MessageBody": body} for number in range(10)]
        sqs.send_message_batch(QueueUrl=url, Entries=entries)  # type: ignore[arg-type]
    done, begun = 0, time.monotonic()
    while done < BARE_MESSAGES:
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=at_a_time).get("Messages", [])
        if messages:
            entries = [{"Id": str(n), "ReceiptHandle": m["ReceiptHandle"]} for n, m in enumerate(messages)]
            sqs.delete_message_batch(QueueUrl=url, Entries=entries)  # type: ignore[arg-type]
            done += len(messages)
    return done / (time.monotonic() - begun)


def main() -> int:
    """Prints the median beside its baseline; 1 when it falls short."""
    logs.configure(service="bench", role="bench", level="CRITICAL")
    ours, bare, batched = [], [], []
    with mail_stage(asking="events") as stage:
        stage.ses.telling = Telling.NEVER
        stage.ses.answer_seconds = _STUB_SECONDS
        for number in range(ROUNDS):
            bare.append(bare_per_second(stage, at_a_time=1))
            batched.append(bare_per_second(stage, at_a_time=10))
            ours.append(mails_per_second(stage, number))
    rate, baseline = sorted(ours)[ROUNDS // 2], sorted(bare)[ROUNDS // 2]
    least = max(PER_SECOND, SHARE_OF_BARE * baseline)
    good = rate >= least
    mark = "ok  " if good else "MISS"
    runs, bares = (", ".join(f"{value:.0f}" for value in values) for values in (ours, bare))
    sys.stdout.write(
        f"{mark} mails accepted: {rate:.0f}/s, at least {PER_SECOND:.0f}/s and {SHARE_OF_BARE:.0%} of the bare client\n"
        f"    baseline: bare SQS receive and delete {baseline:.0f}/s; share {rate / baseline:.2f};"
        f" ten at a time {sorted(batched)[ROUNDS // 2]:.0f}/s\n"
        f"    runs: {runs}; bare: {bares}\n"
    )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
