"""Dead letters: shown without their contents, sent back for one effect."""

from typing import Any

import orjson
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from muster_shared.aws.clients import Clients
from muster_shared.db import Database
from muster_shared.dlq import DeadLetters, main
from muster_shared.messaging.dispatch import RawDispatcher
from muster_shared.messaging.errors import Permanent
from muster_shared.messaging.inbox import Context
from muster_shared.messaging.queues import declare, queue_names
from muster_shared.messaging.spec import OutsideTransaction
from muster_shared.testing.aws import free_port
from shared.tests.messaging.conftest import Post, eventually, record_effect, running


def _refuse(session: Session, message: Any, context: Context) -> None:
    raise Permanent("the venue burnt down")


@pytest.fixture
def letters(post: Post) -> DeadLetters:
    return DeadLetters(post.clients.sqs, prefix=post.prefix)


def _bury(post: Post, count: int) -> list[str]:
    sent = [str(message_id) for message_id in post.post(count)]
    with running(post.consumer(_refuse)):
        eventually(post.is_empty)
    return sent


def test_a_redriven_message_has_one_effect_also_when_it_is_redriven_twice(post: Post, letters: DeadLetters) -> None:
    sent = _bury(post, 4)
    # As an operator leaves it whose redrive was cut between sending and deleting.
    post.send_raw(orjson.dumps({"id": sent[0]}).decode(), name=f"{post.queue}-dlq")
    (copy,) = [dead for dead in post.dead_letters() if dead["body"] == orjson.dumps({"id": sent[0]}).decode()]
    assert copy
    sent = _bury(post, 3)
    for letter in letters.show("sample", limit=10):
        post.send_raw(letter.body)
    assert letters.redrive("sample", limit=10) == 3
    with running(post.consumer(record_effect)):
        eventually(post.is_empty)
    assert sorted(post.effects()) == sorted(sent)
    assert post.dead_letters() == []


def test_the_attributes_are_as_before_when_a_message_is_sent_back(post: Post, letters: DeadLetters) -> None:
    _bury(post, 1)
    letters.redrive("sample", limit=1)
    (message,) = post.clients.sqs.receive_message(QueueUrl=post.url(), MessageAttributeNames=["All"])["Messages"]
    assert set(message["MessageAttributes"]) == {"type", "message_id"}


def test_only_the_named_message_is_sent_back(post: Post, letters: DeadLetters) -> None:
    sent = _bury(post, 3)
    assert letters.redrive("sample", limit=10, only=[sent[1]]) == 1
    assert [orjson.loads(body)["id"] for body in post.bodies()] == [sent[1]]
    assert len(letters.show("sample", limit=10)) == 2


def test_no_more_than_the_limit_are_sent_back(post: Post, letters: DeadLetters) -> None:
    _bury(post, 5)
    assert letters.redrive("sample", limit=2) == 2
    assert len(post.bodies()) == 2


def test_a_raw_message_has_one_effect_when_its_redrive_was_cut_in_between(post: Post, letters: DeadLetters) -> None:
    broken = [True]

    def handle(database: Database, body: dict[str, Any], context: Context) -> None:
        if broken:
            raise Permanent("not yet")
        with database.transaction() as session:
            context.record(session)
            session.execute(
                text("INSERT INTO effects (message_id, version) VALUES (:id, 1)"), {"id": context.message_id}
            )

    sqs_id = post.send_raw('{"Records": []}')
    with running(post.consumer(dispatcher=RawDispatcher(post.queue, OutsideTransaction(handle)))):
        eventually(post.is_empty)
    broken.clear()
    url = post.url(f"{post.queue}-dlq")
    (dead,) = post.clients.sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"], VisibilityTimeout=0)[
        "Messages"
    ]
    assert dead["MessageAttributes"]["message_id"]["StringValue"] == sqs_id
    copied: Any = {name: dict(value) for name, value in dead["MessageAttributes"].items()}
    post.clients.sqs.send_message(QueueUrl=post.url(), MessageBody=dead["Body"], MessageAttributes=copied)
    assert letters.redrive("sample", limit=10) == 1
    with running(post.consumer(dispatcher=RawDispatcher(post.queue, OutsideTransaction(handle)))):
        eventually(post.is_empty)
    assert post.effects() == [sqs_id]


def test_the_command_lists_shows_and_redrives_without_printing_bodies(
    post: Post, letters: DeadLetters, capsys: pytest.CaptureFixture[str]
) -> None:
    declare(post.clients.sqs, queue_names(post.prefix))
    (sent,) = _bury(post, 1)
    assert main(["list"], letters=letters) == 0
    listed = capsys.readouterr().out
    assert f"{post.prefix}-events\twaiting 0\tdead 0" in listed
    assert main(["show", "sample"], letters=letters) == 0
    shown = capsys.readouterr().out
    assert sent in shown
    assert "the venue burnt down" in shown
    assert "assignment_id" not in shown
    assert main(["show", "sample", "--body"], letters=letters) == 0
    assert "assignment_id" in capsys.readouterr().out
    assert main(["redrive", "sample", "--id", sent], letters=letters) == 0
    assert capsys.readouterr().out == "1 sent back\n"
    assert len(post.bodies()) == 1


def test_one_line_says_so_when_sqs_is_away(post: Post, capsys: pytest.CaptureFixture[str]) -> None:
    nowhere = Clients(endpoint_url=f"http://127.0.0.1:{free_port()}", credentials=("a", "b"))
    assert main(["list"], letters=DeadLetters(nowhere.sqs, prefix=post.prefix)) == 1
    assert capsys.readouterr().err == "muster dlq: SQS does not answer: EndpointConnectionError\n"
