"""The relay: everything that commits gets out, whoever dies or is away meanwhile."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import orjson
from botocore.exceptions import ClientError
from sqlalchemy import text
from structlog.contextvars import bound_contextvars

from muster_shared.db import Database
from muster_shared.messaging import outbox
from muster_shared.messaging.envelope import decode
from muster_shared.messaging.listener import Listener
from muster_shared.messaging.queues import declare
from muster_shared.testing.aws import AwsStandIn
from muster_shared.testing.gate import open_gate
from shared.tests.messaging.conftest import Post, eventually, link_opened, photo_changed, running


class SqsWith:
    """SQS with one call replaced."""

    def __init__(self, sqs: Any, **calls: Any) -> None:
        self._sqs = sqs
        self._calls = calls

    def __getattr__(self, name: str) -> Any:
        return self._calls.get(name) or getattr(self._sqs, name)


def _ids(post: Post) -> list[str]:
    return [orjson.loads(body)["id"] for body in post.bodies()]


def test_messages_arrive_once_when_all_is_well(post: Post) -> None:
    with bound_contextvars(request_id="req-9"):
        sent = [str(message_id) for message_id in post.post(23)]
    bodies = post.bodies()
    envelopes = [decode(body) for body in bodies]
    assert sorted(str(e.id) for e in envelopes) == sorted(sent)
    assert {(e.type, e.source, e.request_id) for e in envelopes} == {("crew.link_opened.v1", "sample", "req-9")}
    assert post.rows("SELECT 1 FROM outbox WHERE sent_at IS NULL") == []


def test_a_row_is_sent_when_it_commits_after_later_ones_were(post: Post) -> None:
    with post.database.transaction() as slow:
        early = outbox.emit(slow, link_opened())
        late = post.post()[0]
        assert early < late
        assert _ids(post) == [str(late)]
    post.relay().drain_once()
    assert _ids(post) == [str(early)]


def test_each_row_is_sent_once_when_several_relays_run(post: Post) -> None:
    sent = post.emit(400)
    relays = [post.relay(rows_per_round=30) for _ in range(4)]

    def drain(relay: Any) -> None:
        while relay.drain_once()[0]:
            pass

    threads = [threading.Thread(target=drain, args=(relay,)) for relay in relays]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(_ids(post)) == sorted(map(str, sent))


def test_batches_stay_under_the_size_limit_when_messages_are_heavy(post: Post) -> None:
    with post.database.transaction() as session:
        for _ in range(12):
            outbox.emit(session, photo_changed("é" * 45_000))
    sizes: list[int] = []

    def send(**request: Any) -> Any:
        sizes.append(sum(len(entry["MessageBody"].encode()) for entry in request["Entries"]))
        return post.clients.sqs.send_message_batch(**request)

    post.relay(sqs=SqsWith(post.clients.sqs, send_message_batch=send)).drain_once()
    assert max(sizes) <= 256 * 1024
    assert sum(sizes) > 1024 * 1024
    assert len(post.bodies()) == 12


def test_only_the_failed_entries_stay_when_a_batch_fails_in_part(post: Post) -> None:
    sent = post.emit(10)
    refused = {str(sent[3]), str(sent[7])}

    def send(**request: Any) -> Any:
        entries = request["Entries"]
        bad = [entry for entry in entries if str(decode(entry["MessageBody"]).id) in refused]
        good = [entry for entry in entries if entry not in bad]
        answer = post.clients.sqs.send_message_batch(QueueUrl=request["QueueUrl"], Entries=good)
        answer["Failed"] = [{"Id": entry["Id"], "Code": "InternalError", "SenderFault": False} for entry in bad]
        return answer

    post.relay(sqs=SqsWith(post.clients.sqs, send_message_batch=send)).drain_once()
    unsent = post.rows("SELECT id, attempts FROM outbox WHERE sent_at IS NULL")
    assert {str(row.id) for row in unsent} == refused
    assert {row.attempts for row in unsent} == {1}
    relay = post.relay()
    eventually(lambda: relay.drain_once() and not post.rows("SELECT 1 FROM outbox WHERE sent_at IS NULL"))
    assert sorted(_ids(post)) == sorted(map(str, sent))


def test_the_others_get_through_when_sqs_refuses_a_batch_for_one_row(post: Post) -> None:
    sent = post.emit(6)

    def send(**request: Any) -> Any:
        if any(decode(entry["MessageBody"]).id == sent[2] for entry in request["Entries"]):
            raise ClientError({"Error": {"Code": "InvalidMessageContents"}}, "SendMessageBatch")
        return post.clients.sqs.send_message_batch(**request)

    post.relay(sqs=SqsWith(post.clients.sqs, send_message_batch=send)).drain_once()
    assert [row.id for row in post.rows("SELECT id FROM outbox WHERE sent_at IS NULL")] == [sent[2]]
    assert sorted(_ids(post)) == sorted(str(message_id) for message_id in sent if message_id != sent[2])


def test_text_that_sqs_does_not_take_arrives_unchanged(post: Post) -> None:
    odd = "bell \x07, not a character \uffff and \ufffe, smile 😀"
    with post.database.transaction() as session:
        outbox.emit(session, photo_changed(odd))
    post.relay().drain_once()
    (body,) = post.bodies()
    assert decode(body).data["public_path"] == odd
    assert not {"\x07", "\uffff", "\ufffe"} & set(body)


def test_one_consumer_is_served_when_the_queue_of_another_is_missing(post: Post) -> None:
    routes = {"crew.link_opened.v1": ("sample", "absent")}
    (sent,) = post.emit()
    post.relay(routes=routes).drain_once()
    (row,) = post.rows("SELECT sent_at, attempts, delivered_to FROM outbox")
    assert (row.sent_at, row.attempts, row.delivered_to) == (None, 1, ["sample"])
    declare(post.clients.sqs, [f"{post.prefix}-absent"])
    relay = post.relay(routes=routes)
    eventually(lambda: relay.drain_once() and post.rows("SELECT 1 FROM outbox WHERE sent_at IS NOT NULL"))
    assert [decode(body).id for body in post.bodies(f"{post.prefix}-absent")] == [sent]
    assert _ids(post) == [str(sent)]


def test_a_type_without_a_route_stays_when_another_release_wrote_it(post: Post) -> None:
    post.emit()
    post.relay(routes={}).drain_once()
    assert len(post.rows("SELECT 1 FROM outbox WHERE sent_at IS NULL")) == 1


def test_a_type_that_nobody_consumes_is_done_with(post: Post) -> None:
    post.emit()
    post.relay(routes={"crew.link_opened.v1": ()}).drain_once()
    assert len(post.rows("SELECT 1 FROM outbox WHERE sent_at IS NOT NULL")) == 1


def test_nothing_is_lost_when_sqs_goes_away_and_comes_back(post: Post, aws_stand_in: AwsStandIn) -> None:
    with open_gate(("127.0.0.1", aws_stand_in.port)) as gate:
        sqs = AwsStandIn(port=gate.port).clients().sqs
        relay = post.relay(sqs=sqs)
        first = post.emit(3)
        relay.drain_once()
        gate.shut()
        second = post.emit(30)
        claimed, away = relay.drain_once()
        assert (claimed, away) == (30, True)
        assert {row.attempts for row in post.rows("SELECT attempts FROM outbox WHERE sent_at IS NULL")} == {0}
        gate.open()
        eventually(lambda: relay.drain_once() == (0, False))
    # A connection cut after the request and before the answer may have delivered: twice is allowed, lost is not.
    assert set(_ids(post)) == set(map(str, first + second))


def test_the_relay_goes_on_when_the_database_was_away(post: Post, database: Database) -> None:
    stop, wake = threading.Event(), threading.Event()
    socket_folder = database.engine.url.query["host"]
    with open_gate(Path(str(socket_folder)) / ".s.PGSQL.5432") as gate:
        url = database.engine.url.set(host="127.0.0.1", port=gate.port, query={})
        through_gate = Database(url.render_as_string(hide_password=False), pool_size=2)
        thread = threading.Thread(target=post.relay(database=through_gate).run, args=(stop, wake))
        thread.start()
        post.emit()
        wake.set()
        eventually(lambda: len(post.rows("SELECT 1 FROM outbox WHERE sent_at IS NOT NULL")) == 1)
        gate.shut()
        post.emit()
        wake.set()
        gate.open()
        eventually(lambda: len(post.rows("SELECT 1 FROM outbox WHERE sent_at IS NOT NULL")) == 2)
        stop.set()
        wake.set()
        thread.join(30)
        assert not thread.is_alive()
        through_gate.close()


_KILLED_RELAY = """
import os, signal, sys
from muster_shared.db import Database
from muster_shared.messaging.relay import Relay
from muster_shared.aws.clients import Clients

class Dying(Relay):
    def _settle(self, outcome):
        os.kill(os.getpid(), signal.SIGKILL)

Dying(database=Database(sys.argv[1]), sqs=Clients().sqs, service="sample", queue_prefix=sys.argv[2],
      routes={"crew.link_opened.v1": ("sample",)}, lease_seconds=0.5).drain_once()
"""


def test_each_message_has_one_effect_when_a_relay_is_killed_between_send_and_mark(
    post: Post, aws_stand_in: AwsStandIn
) -> None:
    sent = post.emit(25)
    killed = subprocess.run(
        [sys.executable, "-c", _KILLED_RELAY, post.database.url, post.prefix],
        env={**os.environ, **aws_stand_in.environment},
        check=False,
        timeout=60,
    )
    assert killed.returncode == -signal.SIGKILL
    assert len(post.rows("SELECT 1 FROM outbox WHERE sent_at IS NULL")) == 25
    relay = post.relay()
    eventually(lambda: relay.drain_once() and not post.rows("SELECT 1 FROM outbox WHERE sent_at IS NULL"))
    with running(post.consumer()):
        eventually(lambda: len(post.effects()) >= 25 and post.is_empty())
    assert sorted(post.effects()) == sorted(map(str, sent))


def test_a_claimed_row_is_left_alone_until_its_claim_runs_out(post: Post) -> None:
    post.emit()
    with post.database.read() as connection:
        connection.execute(text("UPDATE outbox SET claimed_until = now() + interval '1 hour'"))
    assert post.relay().drain_once()[0] == 0
    with post.database.read() as connection:
        connection.execute(text("UPDATE outbox SET claimed_until = now() - interval '1 second'"))
    assert post.relay().drain_once()[0] == 1


def test_a_row_that_did_not_notify_is_sent_in_the_round_after_the_one_that_did(post: Post) -> None:
    stop, wake = threading.Event(), threading.Event()
    sent: list[int] = []

    def send(**request: Any) -> Any:
        if not sent:
            # Commits while the first row is on its way, when nothing may ring the relay for it.
            post.emit()
            wake.clear()
        sent.append(len(request["Entries"]))
        return post.clients.sqs.send_message_batch(**request)

    post.emit()
    relay = post.relay(sqs=SqsWith(post.clients.sqs, send_message_batch=send))
    wake.wait = lambda timeout=None: stop.set() or True  # type: ignore[method-assign]
    relay.run(stop, wake)
    assert sent == [1, 1]


def test_the_listener_wakes_the_relay_also_when_its_connection_was_cut(post: Post) -> None:
    stop, wake = threading.Event(), threading.Event()
    listener = Listener(post.database, {"outbox": wake})
    thread = threading.Thread(target=listener.run, args=(stop,))
    thread.start()
    assert wake.wait(10)
    wake.clear()
    post.post()
    assert wake.wait(10)
    wake.clear()
    assert post.rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE query LIKE 'LISTEN%' AND datname = current_database()"
    )
    assert wake.wait(10)
    wake.clear()
    post.emit()
    assert wake.wait(10)
    stop.set()
    listener.interrupt()
    thread.join(10)
    assert not thread.is_alive()
