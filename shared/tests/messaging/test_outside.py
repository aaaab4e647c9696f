"""Handlers that work outside a transaction: AWS's own messages, and those that talk to the network."""

import threading
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from muster_shared.db import Database
from muster_shared.messaging import inbox
from muster_shared.messaging.consumer import Consumer
from muster_shared.messaging.dispatch import RawDispatcher
from muster_shared.messaging.errors import AlreadyHandled, Permanent
from muster_shared.messaging.inbox import Context
from muster_shared.messaging.spec import OutsideTransaction
from shared.tests.messaging.conftest import Post, eventually, running


class Seen:
    """A raw handler that remembers, and writes one effect in the transaction that settles the message."""

    def __init__(self, *, failures: int = 0) -> None:
        self.bodies: list[dict[str, Any]] = []
        self._failures = failures

    def __call__(self, database: Database, body: dict[str, Any], context: Context) -> None:
        self.bodies.append(body)
        if len(self.bodies) <= self._failures:
            raise ConnectionError
        with database.transaction() as session:
            context.record(session)
            session.execute(
                text("INSERT INTO effects (message_id, version) VALUES (:id, 1)"), {"id": context.message_id}
            )


def _consumer(post: Post, handler: Any, **options: Any) -> Consumer:
    return post.consumer(dispatcher=RawDispatcher(post.queue, OutsideTransaction(handler)), **options)


def test_an_s3_notification_reaches_the_handler_as_it_is(post: Post) -> None:
    body = {"Records": [{"eventName": "ObjectCreated:Post", "s3": {"object": {"key": "quarantine/x"}}}]}
    sqs_id = post.send_raw(orjson.dumps(body).decode())
    seen = Seen()
    with running(_consumer(post, seen)):
        eventually(lambda: post.effects() and post.is_empty())
    assert seen.bodies == [body]
    assert post.effects() == [sqs_id]


def test_one_effect_when_sns_delivers_the_same_notification_twice(post: Post) -> None:
    wrapped = orjson.dumps(
        {
            "Type": "Notification",
            "MessageId": "sns-1",
            "TopicArn": "arn:aws:sns:eu-west-1:000000000000:ses",
            "Message": '{"eventType": "Delivery"}',
        }
    ).decode()
    post.send_raw(wrapped)
    post.send_raw(wrapped)
    seen = Seen()
    with running(_consumer(post, seen)):
        eventually(post.is_empty)
    assert seen.bodies == [{"eventType": "Delivery"}]
    assert post.effects() == ["sns-1"]


@pytest.mark.parametrize(
    "body", ["", "not json", "[1]", "null", '{"Type": "Notification", "TopicArn": "x", "Message": "no"}']
)
def test_what_is_no_object_is_buried_with_its_reason(post: Post, body: str) -> None:
    seen = Seen()
    post.send_raw(body or " ")
    with running(_consumer(post, seen)):
        eventually(post.is_empty)
    (dead,) = post.dead_letters()
    assert dead["reason"].startswith("invalid message")
    assert seen.bodies == []


def test_a_failed_handler_is_tried_again_at_once_when_the_message_comes_back(post: Post) -> None:
    post.send_raw("{}")
    seen = Seen(failures=3)
    with running(_consumer(post, seen)):
        eventually(lambda: post.effects() and post.is_empty())
    assert len(seen.bodies) == 4
    assert len(post.effects()) == 1


def test_a_handler_that_records_nothing_is_settled_after_it(post: Post) -> None:
    calls: list[str] = []

    def outside(database: Database, message: Any, context: Context) -> None:
        calls.append(context.message_id)

    sent = [str(message_id) for message_id in post.post(3)]
    bodies = post.bodies()
    for body in [*bodies, *bodies]:
        post.send_raw(body)
    with running(post.consumer(OutsideTransaction(outside))):
        eventually(post.is_empty)
    assert sorted(calls) == sorted(sent)


def test_the_second_copy_waits_when_the_first_is_still_at_work(post: Post) -> None:
    started, release = threading.Event(), threading.Event()
    calls: list[str] = []

    def slow(database: Database, message: Any, context: Context) -> None:
        calls.append(context.message_id)
        started.set()
        assert release.wait(20)

    post.post()
    (body,) = post.bodies()
    post.send_raw(body)
    consumer = post.consumer(OutsideTransaction(slow))
    with running(consumer):
        assert started.wait(20)
        post.send_raw(body)
        # Both other copies are put off; neither has begun.
        eventually(lambda: post.visible() == 0 and consumer.receipts.held() == 1)
        release.set()
        eventually(lambda: consumer.receipts.held() == 0)
    assert len(calls) == 1
    assert post.dead_letters() == []


def test_a_handler_whose_claim_was_lost_cannot_settle(post: Post) -> None:
    lost = Context(queue=post.queue, message_id="m-1")
    taken_over = Context(queue=post.queue, message_id="m-1")
    assert inbox.claim(post.database, lost, seconds=0) is inbox.Claim.OURS
    assert inbox.claim(post.database, taken_over, seconds=30) is inbox.Claim.OURS
    with pytest.raises(AlreadyHandled), post.database.transaction() as session:
        session.execute(text("INSERT INTO effects (message_id, version) VALUES ('lost', 1)"))
        lost.record(session)
    with post.database.transaction() as session:
        taken_over.record(session)
    assert post.effects() == []
    assert inbox.claim(post.database, lost, seconds=30) is inbox.Claim.HANDLED


def test_a_living_claim_is_respected_and_extended(post: Post) -> None:
    first = Context(queue=post.queue, message_id="m-2")
    second = Context(queue=post.queue, message_id="m-2")
    assert inbox.claim(post.database, first, seconds=1) is inbox.Claim.OURS
    inbox.extend(post.database, queue=post.queue, claims=[first.claim], seconds=60)
    (row,) = post.rows("SELECT claimed_until > now() + interval '30 seconds' AS held FROM inbox")
    assert row.held
    assert inbox.claim(post.database, second, seconds=1) is inbox.Claim.TAKEN


def test_a_message_is_buried_when_workers_die_at_it_again_and_again(post: Post) -> None:
    post.send_raw("{}")
    seen = Seen()
    sqs_id = eventually(lambda: post.clients.sqs.receive_message(QueueUrl=post.url(), VisibilityTimeout=0)["Messages"])[
        0
    ]["MessageId"]
    for _ in range(5):
        # As a killed worker leaves it: claimed, never settled, run out.
        context = Context(queue=post.queue, message_id=sqs_id)
        assert inbox.claim(post.database, context, seconds=0) is inbox.Claim.OURS
    with running(_consumer(post, seen)):
        eventually(post.is_empty)
    (dead,) = post.dead_letters()
    assert dead["reason"] == "workers died at it"
    assert seen.bodies == []


def test_permanent_buries_a_raw_message_too(post: Post) -> None:
    def refuse(database: Database, body: dict[str, Any], context: Context) -> None:
        raise Permanent("no such upload")

    post.send_raw("{}")
    with running(_consumer(post, refuse)):
        eventually(post.is_empty)
    assert [dead["reason"] for dead in post.dead_letters()] == ["no such upload"]
