"""Messages of several threads in one transaction: each has its own effect, and none pays for another."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from sqlalchemy.orm import Session

from muster_shared.messages.events import CrewLinkOpened
from muster_shared.messaging import inbox
from muster_shared.messaging.dispatch import TypedDispatcher
from muster_shared.messaging.errors import Permanent, Retry
from muster_shared.messaging.inbox import Context
from muster_shared.messaging.spec import Handler, SharedTransaction
from shared.tests.messaging.conftest import PATIENCE_SECONDS, Post, eventually, record_effect, running


class Company:
    """Holds whoever comes first until `size` others wait, so that these share a transaction."""

    def __init__(self, post: Post, handler: Handler, *, size: int) -> None:
        self._handler = handler
        self._go = threading.Event()
        self._held = threading.Lock()
        self.dispatcher = TypedDispatcher(post.queue, {CrewLinkOpened: SharedTransaction(self._handle)})
        self._size = size
        self.consumer = post.consumer(dispatcher=self.dispatcher, threads=size + 1)

    def _handle(self, session: Session, messages: Sequence[tuple[Any, Context]]) -> None:
        if not self._go.is_set() and self._held.acquire(blocking=False):
            assert self._go.wait(PATIENCE_SECONDS)
        for message, context in messages:
            self._handler(session, message, context)

    def gather(self) -> None:
        """Lets the first one go once the others wait."""
        eventually(lambda: len(self.dispatcher._share._waiting) == self._size)
        self._go.set()


def _run(post: Post, handler: Handler, *, size: int, until: Callable[[], bool]) -> None:
    company = Company(post, handler, size=size)
    with running(company.consumer):
        company.gather()
        eventually(until)


def test_what_waits_at_the_same_time_is_handled_in_one_transaction(post: Post) -> None:
    sent = [str(message_id) for message_id in post.post(5)]
    _run(post, record_effect, size=4, until=post.is_empty)
    assert sorted(post.effects()) == sorted(sent)
    assert len(post.rows("SELECT DISTINCT xmin FROM effects")) == 2


def test_the_others_have_their_effect_when_one_of_them_fails(post: Post) -> None:
    def refuse(session: Session, message: Any, context: Context) -> None:
        record_effect(session, message, context)
        if message.link_version == 99:
            raise Permanent("no good")

    good = [str(message_id) for message_id in post.post(4)]
    post.post(1, first_version=99)
    _run(post, refuse, size=4, until=lambda: len(post.effects()) >= 4 and post.is_empty())
    assert sorted(post.effects()) == sorted(good)
    assert [letter["reason"] for letter in post.dead_letters()] == ["no good"]


def test_a_message_has_one_effect_when_it_comes_twice_into_one_transaction(post: Post) -> None:
    sent = [str(message_id) for message_id in post.post(2)]
    for body in 2 * post.bodies():
        post.send_raw(body)
    _run(post, record_effect, size=3, until=post.is_empty)
    assert sorted(post.effects()) == sorted(sent)


def test_a_message_that_another_release_works_on_is_left_to_it(post: Post) -> None:
    theirs, ours = Context(queue=post.queue, message_id="theirs"), Context(queue=post.queue, message_id="ours")
    assert inbox.claim(post.database, theirs, seconds=60) is inbox.Claim.OURS
    with pytest.raises(Retry), post.database.transaction() as session:
        inbox.record_all(session, [ours, theirs])
    inbox.settle(post.database, theirs)
    with post.database.transaction() as session:
        assert inbox.record_all(session, [ours, theirs, ours]) == [True, False, False]
