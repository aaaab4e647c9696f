"""Emitting: in the caller's transaction, or not at all."""

import select
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from structlog.contextvars import bound_contextvars

from muster_shared.db import Database
from muster_shared.messages.events import EventChanged
from muster_shared.messages.media import PhotoChanged
from muster_shared.messaging import outbox
from muster_shared.messaging.envelope import Message
from muster_shared.messaging.errors import MessageTooLarge, UnroutedMessage
from shared.tests.messaging.conftest import Post, link_opened, photo_changed


class _Unrouted(Message):
    type = "test.unrouted.v1"


class _Rollback(Exception):
    pass


def _listening(post: Post) -> Any:
    pooled = post.database.engine.raw_connection()
    raw: Any = pooled.dbapi_connection
    pooled.detach()
    raw.autocommit = True
    with raw.cursor() as cursor:
        cursor.execute('LISTEN "sample_outbox"')
    return raw


def _times_notified(post: Post, listening: Any) -> int:
    """How often the outbox notified since the last call. A notice of our own comes after all those committed before."""
    with post.database.transaction() as session:
        session.execute(text("SELECT pg_notify('sample_outbox', 'last')"))
    payloads: list[str] = []
    while "last" not in payloads:
        assert select.select([listening], [], [], 10)[0], "no notice came"
        listening.poll()
        payloads += [notice.payload for notice in listening.notifies]
        listening.notifies.clear()
    return len(payloads) - 1


def test_nothing_is_emitted_when_the_transaction_rolls_back(post: Post) -> None:
    with pytest.raises(_Rollback), post.database.transaction() as session:  # the block is the case
        outbox.emit(session, link_opened())
        raise _Rollback
    assert post.rows("SELECT 1 FROM outbox") == []
    post.emit()
    assert len(post.rows("SELECT 1 FROM outbox")) == 1


def test_the_row_holds_request_id_and_key_when_there_are_any(post: Post) -> None:
    key = uuid4()
    with bound_contextvars(request_id="req-1"), post.database.transaction() as session:
        message_id = outbox.emit(session, link_opened(7), key=key)
    (row,) = post.rows("SELECT id, type, payload, headers FROM outbox")
    assert (row.id, row.type) == (message_id, "crew.link_opened.v1")
    assert row.payload["link_version"] == 7
    assert row.headers == {"request_id": "req-1", "key": str(key)}


def test_emitting_is_refused_when_no_route_names_the_type(post: Post) -> None:
    with pytest.raises(UnroutedMessage), post.database.transaction() as session:
        outbox.emit(session, _Unrouted())


def test_emitting_is_refused_when_no_queue_would_take_the_size(post: Post) -> None:
    with pytest.raises(MessageTooLarge), post.database.transaction() as session:
        outbox.emit(session, photo_changed("x" * 260_000))
    assert post.rows("SELECT 1 FROM outbox") == []


def test_listeners_are_told_only_when_the_transaction_commits(post: Post) -> None:
    listening = _listening(post)
    with post.database.transaction() as session:
        outbox.emit(session, link_opened())
        session.flush()
        assert _times_notified(post, listening) == 0
    assert _times_notified(post, listening) == 1
    listening.close()


def test_a_second_transaction_does_not_notify_while_a_fresh_row_waits(post: Post) -> None:
    listening = _listening(post)
    post.emit()
    post.emit()
    assert _times_notified(post, listening) == 1
    post.relay().drain_once()
    post.emit()
    assert _times_notified(post, listening) == 1
    listening.close()


def test_unsent_rows_are_found_by_their_partial_index_when_many_are_sent(database: Database) -> None:
    with database.read() as connection:
        connection.execute(
            text(
                "INSERT INTO outbox (id, type, payload, sent_at)"
                " SELECT gen_random_uuid(), 'x', '{}', now() FROM generate_series(1, 2000)"
            )
        )
        plan = connection.execute(
            text("EXPLAIN SELECT id FROM outbox WHERE sent_at IS NULL ORDER BY id LIMIT 10")
        ).scalars()
        assert "ix_outbox_unsent" in "\n".join(plan)


def test_every_message_is_routed_when_it_is_a_type_of_ours() -> None:
    from muster_shared.messaging.envelope import registered_types
    from muster_shared.messaging.routing import routing

    ours = {name for name, kind in registered_types().items() if kind.__module__.startswith("muster_shared.messages")}
    assert EventChanged.type in ours
    assert PhotoChanged.type in ours
    assert ours == set(routing())


def test_several_are_emitted_as_one_by_one_when_they_go_together(post: Post) -> None:
    listening, key = _listening(post), uuid4()
    with bound_contextvars(request_id="req-2"), post.database.transaction() as session:
        outbox.emit_all(session, [(link_opened(1), key), (link_opened(2), None)])
        outbox.emit_all(session, [])
    assert _times_notified(post, listening) == 1
    rows = post.rows("SELECT type, payload, headers FROM outbox ORDER BY id")
    assert [(row.type, row.payload["link_version"], row.headers) for row in rows] == [
        ("crew.link_opened.v1", 1, {"request_id": "req-2", "key": str(key)}),
        ("crew.link_opened.v1", 2, {"request_id": "req-2"}),
    ]
    listening.close()
