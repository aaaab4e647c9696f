"""The consumer: one effect per message, whatever comes twice, late, broken or slowly."""

import threading
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session
from structlog.contextvars import bound_contextvars, get_contextvars

from muster_shared.db import Database
from muster_shared.messaging.errors import Permanent, Retry
from muster_shared.messaging.inbox import Context
from muster_shared.problems import Unavailable
from muster_shared.testing.aws import AwsStandIn
from muster_shared.testing.gate import open_gate
from shared.tests.messaging.conftest import Post, eventually, record_effect, running


def _resend(post: Post, bodies: list[str]) -> None:
    for body in bodies:
        post.send_raw(body)


def test_each_message_has_one_effect_when_each_comes_three_times_and_shuffled(post: Post) -> None:
    sent = [str(message_id) for message_id in post.post(20)]
    bodies = post.bodies()
    _resend(post, [*reversed(bodies), *bodies, *bodies[10:], *bodies[:10]])
    with running(post.consumer()):
        eventually(lambda: len(post.effects()) >= 20 and post.is_empty())
    assert sorted(post.effects()) == sorted(sent)
    assert post.dead_letters() == []


def test_the_newest_state_wins_when_messages_come_in_another_order(post: Post) -> None:
    with post.database.read() as connection:
        connection.execute(text("INSERT INTO effects (message_id, version) VALUES ('state', 0)"))

    def keep_newest(session: Session, message: Any, context: Context) -> None:
        session.execute(
            text("UPDATE effects SET version = :version WHERE message_id = 'state' AND version < :version"),
            {"version": message.link_version},
        )

    post.post(8)
    bodies = post.bodies()
    _resend(post, [*bodies[4:], *reversed(bodies[:4])])
    with running(post.consumer(keep_newest)):
        eventually(post.is_empty)
    assert [row.version for row in post.rows("SELECT version FROM effects")] == [8]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("not json", "invalid message"),
        ("null", "invalid message"),
        ("[]", "invalid message"),
        ("{}", "invalid message: id: missing"),
        (
            orjson.dumps(
                {
                    "id": str(uuid4()),
                    "type": "crew.link_opened.v1",
                    "occurred_at": "2026-05-01T12:00:00Z",
                    "source": "x",
                    "data": {"secret": "hunter2"},
                }
            ).decode(),
            "invalid message: assignment_id: missing",
        ),
        (
            orjson.dumps(
                {
                    "id": str(uuid4()),
                    "type": "no.such.v1",
                    "occurred_at": "2026-05-01T12:00:00Z",
                    "source": "x",
                    "data": {},
                }
            ).decode(),
            "unknown message type",
        ),
    ],
)
def test_a_message_is_buried_with_its_reason_when_it_cannot_be_read(post: Post, body: str, reason: str) -> None:
    post.send_raw(body)
    (good,) = post.post()
    with running(post.consumer()):
        eventually(lambda: len(post.effects()) == 1 and post.is_empty())
    (dead,) = post.dead_letters()
    assert dead["body"] == body
    assert dead["reason"].startswith(reason)
    assert dead["receives"] == "1"
    assert dead["failed_at"].endswith("Z")
    assert "hunter2" not in dead["reason"]
    assert post.effects() == [str(good)]


def test_a_message_is_buried_at_once_when_its_handler_says_permanent(post: Post) -> None:
    def refuse(session: Session, message: Any, context: Context) -> None:
        record_effect(session, message, context)
        raise Permanent("the event is gone")

    post.post()
    with running(post.consumer(refuse)):
        eventually(post.is_empty)
    (dead,) = post.dead_letters()
    assert (dead["reason"], dead["receives"], dead["type"]) == ("the event is gone", "1", "crew.link_opened.v1")
    assert post.effects() == []


def test_a_poison_message_is_buried_after_five_receives_and_the_others_are_not_kept(post: Post) -> None:
    tries: list[int] = []

    def fail_on_three(session: Session, message: Any, context: Context) -> None:
        record_effect(session, message, context)
        if message.link_version == 3:
            tries.append(context.receive_count)
            raise KeyError("hunter2")

    sent = post.post(10)
    with running(post.consumer(fail_on_three)):
        eventually(lambda: len(post.effects()) == 9 and post.is_empty(), seconds=60)
    assert tries == [1, 2, 3, 4, 5]
    (dead,) = post.dead_letters()
    assert dead["reason"] == "KeyError in the handler, 5 receives"
    assert sorted(post.effects()) == sorted(str(m) for m in sent if m != sent[2])
    assert post.rows("SELECT count(*) FROM inbox")[0][0] == 9


def test_a_message_comes_again_when_its_handler_asks_for_it(post: Post) -> None:
    tries: list[int] = []

    def later(session: Session, message: Any, context: Context) -> None:
        tries.append(context.receive_count)
        if context.receive_count < 7:
            raise Retry(0, max_receives=10)
        record_effect(session, message, context)

    (sent,) = post.post()
    with running(post.consumer(later)):
        eventually(lambda: post.effects() and post.is_empty())
    assert tries == [1, 2, 3, 4, 5, 6, 7]
    assert post.effects() == [str(sent)]


def test_a_message_is_kept_when_a_dependency_is_unavailable(post: Post) -> None:
    def unavailable(session: Session, message: Any, context: Context) -> None:
        raise Unavailable

    post.post()
    consumer = post.consumer(unavailable)
    with running(consumer):
        eventually(lambda: not post.is_empty() and consumer.receipts.held() == 0)
    assert post.dead_letters() == []
    assert not post.is_empty()


def test_the_message_stays_invisible_when_its_handler_takes_longer_than_its_visibility(post: Post) -> None:
    started, release = threading.Event(), threading.Event()
    starts: list[float] = []

    def slow(session: Session, message: Any, context: Context) -> None:
        starts.append(time.monotonic())
        started.set()
        assert release.wait(20)
        record_effect(session, message, context)

    post.post()
    first = post.consumer(slow, visibility_seconds=2)
    second = post.consumer(slow, visibility_seconds=2)
    with running(first, second):
        assert started.wait(20)
        # Twice the visibility: without the heartbeat the other consumer would have it by now.
        assert not release.wait(4)
        assert len(starts) == 1
        release.set()
        eventually(lambda: post.effects() and post.is_empty())
    assert len(starts) == 1
    assert len(post.effects()) == 1


def test_no_two_handlers_have_an_effect_when_the_heartbeat_is_dead(post: Post) -> None:
    at_work: set[int] = set()
    most: list[int] = []
    started, release = threading.Event(), threading.Event()

    def slow(session: Session, message: Any, context: Context) -> None:
        at_work.add(threading.get_ident())
        most.append(len(at_work))
        started.set()
        assert release.wait(20)
        record_effect(session, message, context)
        at_work.discard(threading.get_ident())

    (sent,) = post.post()
    consumers = [post.consumer(slow, visibility_seconds=1) for _ in range(2)]
    for consumer in consumers:
        consumer.receipts._extend = lambda deliveries: None  # type: ignore[method-assign]
    with running(*consumers):
        assert started.wait(20)
        # The second copy is received, and waits at the inbox for the first to end.
        eventually(lambda: sum(consumer.receipts.held() for consumer in consumers) >= 2)
        assert not release.wait(1)
        release.set()
        eventually(post.is_empty)
    assert max(most) == 1
    assert post.effects() == [str(sent)]


def test_the_effect_is_undone_when_the_handler_fails_after_it(post: Post) -> None:
    def fail_once(session: Session, message: Any, context: Context) -> None:
        record_effect(session, message, context)
        if context.receive_count == 1:
            raise RuntimeError

    (sent,) = post.post()
    with running(post.consumer(fail_once)):
        eventually(lambda: post.effects() and post.is_empty())
    assert post.effects() == [str(sent)]


def test_the_request_id_is_in_the_logs_context_while_the_handler_runs(post: Post) -> None:
    seen: list[dict[str, Any]] = []

    def look(session: Session, message: Any, context: Context) -> None:
        seen.append(dict(get_contextvars()))

    with bound_contextvars(request_id="req-42"):
        (sent,) = post.post()
    with running(post.consumer(look)):
        eventually(lambda: seen and post.is_empty())
    assert seen == [{"request_id": "req-42", "message_id": str(sent), "message_type": "crew.link_opened.v1"}]


def test_what_is_begun_is_finished_and_the_rest_given_back_when_it_is_stopped(post: Post) -> None:
    started, release = threading.Event(), threading.Event()

    def slow(session: Session, message: Any, context: Context) -> None:
        started.set()
        assert release.wait(20)
        record_effect(session, message, context)

    post.post(6)
    consumer = post.consumer(slow, threads=1, prefetch=10)
    with running(consumer) as stop:
        assert started.wait(20)
        eventually(lambda: consumer.receipts.held() == 6)
        stop.set()
        release.set()
    assert len(post.effects()) == 1
    assert len(post.bodies()) == 5


def test_the_consumer_waits_and_goes_on_when_the_database_is_away(post: Post, database: Database) -> None:
    with open_gate(Path(str(database.engine.url.query["host"])) / ".s.PGSQL.5432") as gate:
        url = database.engine.url.set(host="127.0.0.1", port=gate.port, query={})
        through_gate = Database(url.render_as_string(hide_password=False), pool_size=6)
        with running(post.consumer(database=through_gate)):
            first = post.post(3)
            eventually(lambda: len(post.effects()) == 3)
            gate.shut()
            second = post.post(12)
            eventually(lambda: post.visible() == 0)
            gate.open()
            eventually(lambda: len(post.effects()) == 15 and post.is_empty())
        through_gate.close()
    assert sorted(post.effects()) == sorted(map(str, first + second))
    assert post.dead_letters() == []


def test_the_consumer_goes_on_when_the_queue_was_away(post: Post, aws_stand_in: AwsStandIn) -> None:
    with open_gate(("127.0.0.1", aws_stand_in.port)) as gate:
        sqs = AwsStandIn(port=gate.port).clients().sqs
        with running(post.consumer(sqs=sqs, visibility_seconds=2)):
            first = post.post(3)
            eventually(lambda: len(post.effects()) == 3)
            gate.shut()
            second = post.post(5)
            gate.open()
            eventually(lambda: len(post.effects()) == 8 and post.is_empty())
    assert sorted(post.effects()) == sorted(map(str, first + second))
