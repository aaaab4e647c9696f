"""The worker as it runs: a message in a real queue becomes a mail, SES's event about it the state delivered."""

import threading
from typing import Any

import pytest

from muster_notifications.config import NotificationsSettings
from muster_notifications.sending.provider import Ses
from muster_notifications.worker import build_worker
from muster_shared.messaging import outbox
from muster_shared.messaging.queues import QueueUrls, declare, queue_name
from muster_shared.messaging.relay import Relay
from muster_shared.testing.aws import AwsStandIn
from muster_shared.testing.ses import SesStandIn, Telling, ses_stand_in, to_queue
from muster_shared.wiring import Wiring
from muster_shared.worker import run
from services.notifications.tests.support import Desk, assigned


@pytest.mark.parametrize("telling", [Telling.EARLY, Telling.LATE])
def test_a_message_becomes_a_delivered_mail_when_the_worker_runs(
    settings: NotificationsSettings,
    wiring: Wiring,
    desk: Desk,
    aws_stand_in: AwsStandIn,
    queue_prefix: str,
    telling: Telling,
) -> None:
    settings = settings.model_copy(update={"queue_prefix": queue_prefix})
    clients = aws_stand_in.clients()
    names = [queue_name(queue_prefix, suffix) for suffix in ("notifications", "notifications-ses", "events")]
    declare(clients.sqs, names)
    desk.organization()
    events_url = QueueUrls(clients.sqs).of(names[1])
    with ses_stand_in(publish=to_queue(clients, events_url), telling=telling, copies=2) as stand_in:
        ses = Ses(stand_in.clients(), configuration_set=settings.ses_configuration_set)
        spec = build_worker(settings, wiring, clients=clients, provider=ses)
        stop = threading.Event()
        worker = threading.Thread(target=run, args=(spec,), kwargs={"stop": stop, "drain_seconds": 5})
        worker.start()
        try:
            with desk.database.transaction() as session:
                outbox.emit(session, assigned())
            _relay(desk, clients, queue_prefix)
            _until(desk, "delivered", stand_in)
        finally:
            stop.set()
            worker.join(20)
        assert not worker.is_alive()
        assert stand_in.recipients() == ["ana@crew.test"]


def _relay(desk: Desk, clients: Any, prefix: str) -> None:
    Relay(database=desk.database, sqs=clients.sqs, service="events", queue_prefix=prefix).drain_once()


def _until(desk: Desk, status: str, stand_in: SesStandIn) -> None:
    pause = threading.Event()
    for _ in range(400):
        if desk.statuses() == [status]:
            return
        pause.wait(0.05)
    raise AssertionError((desk.statuses(), stand_in.calls))
