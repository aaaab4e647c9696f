"""The statement that registers: how many are sent, and what it says of each thing that may stand in the way."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy import text

from muster_events.errors import AlreadyRegistered, EventNotFound, RegistrationClosed
from muster_events.events.facts import facts_of
from muster_events.events.models import Event
from muster_events.registrations import registering
from muster_events.registrations.registering import Register, Registered
from muster_shared.db import Database, Prepared
from muster_shared.ids import new_id
from muster_shared.messages.events import RegistrationChanged
from muster_shared.problems import Invalid, TooManyRequests
from muster_shared.testing.tokens import TestIssuer
from muster_shared.web.rate_limit import Limit
from muster_shared.wiring import Wiring
from services.events.tests.support import MakeEvent, People, messages_of

ADA = Register(name="Ada", email="Ada@example.org")
FOOD = {"id": "food", "label": "Food", "type": "choice", "options": ["fish", "none"], "required": True}


def come(database: Database, event: dict[str, Any], command: Register = ADA, **more: Any) -> Registered:
    how: dict[str, Any] = {"is_staff": False, "limit": None, **more}
    return registering.register(database, None, event_id=UUID(event["id"]), command=command, **how)


def change(database: Database, event: dict[str, Any], assignment: str) -> None:
    with database.transaction() as session:
        session.execute(text(f"UPDATE events SET {assignment} WHERE id = :id"), {"id": event["id"]})


def count(database: Database, table: str) -> int:
    with database.read() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


@contextmanager
def sent(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """What is sent inside the block: `begin`, `statement`, `commit`."""
    seen: Counter[str] = Counter()
    engines = [database.engine, database._reads]
    listeners = [
        ("before_cursor_execute", lambda *_: seen.update(["statement"])),
        ("begin", lambda *_: seen.update(["begin"])),
        ("commit", lambda *_: seen.update(["commit"])),
    ]
    alone, rows = Prepared.alone, database.rows
    with monkeypatch.context() as patch:
        patch.setattr(Prepared, "alone", lambda *given: (seen.update(["statement"]), alone(*given))[1])
        patch.setattr(database, "rows", lambda *given: (seen.update(["statement"]), rows(*given))[1])
        for engine in engines:
            for name, listener in listeners:
                sqlalchemy_event.listen(engine, name, listener)
        yield seen
        for engine in engines:
            for name, listener in listeners:
                sqlalchemy_event.remove(engine, name, listener)


def test_a_stranger_costs_one_statement_and_no_transaction_around_it(
    client: FlaskClient, wiring: Wiring, make_event: MakeEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, asking = make_event(), make_event(questions=[FOOD])
    for event, statements in ((plain, 1), (asking, 2)):
        answers = {"answers": {"food": "fish"}} if event is asking else {}
        body = {"name": "Ada", "email": "ada@example.org", **answers}
        with sent(wiring.database, monkeypatch) as seen:
            answer = client.post(f"/api/events/{event['id']}/registrations", json=body)
        assert (answer.status_code, seen) == (201, Counter(statement=statements))


def test_an_account_costs_a_look_at_the_event_more(
    client: FlaskClient,
    wiring: Wiring,
    make_event: MakeEvent,
    issuer: TestIssuer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    headers, first, second = issuer.headers(new_id(), name="Vera"), make_event(), make_event()
    url = "/api/events/{}/registrations"
    client.post(url.format(first["id"]), json={"email": "vera@example.org"}, headers=headers)
    with sent(wiring.database, monkeypatch) as seen:
        answer = client.post(url.format(second["id"]), json={"email": "vera@example.org"}, headers=headers)
    assert (answer.status_code, seen) == (201, Counter(statement=2))


def test_the_message_and_the_webhook_say_what_the_event_is(
    people: People, make_event: MakeEvent, database: Database
) -> None:
    with database.transaction() as session:
        session.execute(
            text(
                "INSERT INTO webhooks (id, org_id, url, types, secret, created_by, created_at)"
                " VALUES (gen_random_uuid(), :org_id, 'https://example.org', '{}', '', 'x', now())"
            ),
            {"org_id": people.org_id},
        )
    event = make_event(capacity=1, venue={"type": "online", "url": "https://example.org/call"})
    change(database, event, "photos_open_before_hours = 5, photos_reveal_at = now(), guest_slug = 'a-slug'")
    made = [come(database, event), come(database, event, Register(name="Ben", email="ben@example.org"))]
    with database.transaction() as session:
        facts = facts_of(session.get_one(Event, UUID(event["id"])))
    messages = [RegistrationChanged.model_validate(m) for m in messages_of(database, RegistrationChanged.type)]
    for message, one in zip(messages, made, strict=True):
        waits = one.status == "waitlisted"
        assert message == RegistrationChanged(
            event=facts,
            registration_id=one.id,
            link_version=1,
            name=one.name,
            email=one.email,
            status="waitlisted" if waits else "confirmed",
            reason="waitlisted" if waits else "registered",
            ticket_code=None if waits else one.ticket_code,
            position=1 if waits else None,
            request_key=f"{one.id}:{'waitlisted' if waits else 'registered'}:1",
        )
    with database.read() as connection:
        told = connection.execute(
            text("SELECT payload FROM webhook_deliveries WHERE type = 'registration.created' ORDER BY created_at")
        ).scalars()
        assert [(one["type"], one["data"]["id"], one["data"]["status"]) for one in told] == [
            ("registration.created", str(made[0].id), "confirmed"),
            ("registration.created", str(made[1].id), "waitlisted"),
        ]


@pytest.mark.parametrize(
    ("assignment", "refused"),
    [
        ("status = 'draft', published_at = NULL", EventNotFound),
        ("visibility = 'private'", EventNotFound),
        ("status = 'cancelled'", RegistrationClosed),
        ("starts_at = now() - interval '2 hours', ends_at = now() - interval '1 hour'", RegistrationClosed),
        ('questions = \'[{"id": "x", "label": "X", "type": "text", "required": true}]\'', Invalid),
    ],
)
def test_nothing_is_written_when_the_event_takes_nobody(
    make_event: MakeEvent, database: Database, assignment: str, refused: type[Exception]
) -> None:
    event = make_event()
    change(database, event, assignment)
    with pytest.raises(refused):
        come(database, event, limit=Limit("test", calls=9, seconds=60))
    tables = ("registrations", "rate_limits", "webhook_deliveries")
    assert [count(database, table) for table in tables] == [0, 0, 0]
    assert messages_of(database, RegistrationChanged.type) == []


def test_the_second_of_one_address_or_account_is_counted_and_takes_no_seat(
    make_event: MakeEvent, database: Database
) -> None:
    event, user_id, limit = make_event(capacity=5), new_id(), Limit("test", calls=2, seconds=3600)
    come(database, event, Register(name="Ada", email="ada@example.org", user_id=user_id), limit=limit)
    with pytest.raises(AlreadyRegistered):
        come(database, event, ADA, limit=limit)
    with pytest.raises(AlreadyRegistered):
        come(database, event, Register(name="Ada", email="another@example.org", user_id=user_id), limit=limit)
    with pytest.raises(TooManyRequests) as limited:
        come(database, event, ADA, limit=limit)
    assert 1 < int(limited.value.headers["Retry-After"]) <= 1802
    assert count(database, "registrations") == 1
    with database.read() as connection:
        names = {"id": event["id"]}
        taken = connection.execute(text("SELECT registered_count FROM events WHERE id = :id"), names).scalar_one()
    assert taken == 1


def test_an_answer_nobody_asked_for_is_refused_when_there_are_no_questions(
    make_event: MakeEvent, database: Database
) -> None:
    with pytest.raises(Invalid):
        come(database, make_event(), Register(name="Ada", email="ada@example.org", answers={"food": "fish"}))
    assert count(database, "registrations") == 0


@pytest.mark.parametrize(
    ("assignment", "refused"),
    [
        ("status = 'cancelled'", RegistrationClosed),
        ("visibility = 'private'", EventNotFound),
        ('questions = \'[{"id": "x", "label": "X", "type": "text", "required": true}]\'', Invalid),
    ],
)
def test_what_changed_while_waiting_for_the_row_is_judged_anew(
    make_event: MakeEvent, database: Database, assignment: str, refused: type[Exception]
) -> None:
    event = make_event()
    with ThreadPoolExecutor(1) as pool:
        with database.transaction() as session:
            names = {"id": event["id"]}
            session.execute(text(f"UPDATE events SET {assignment} WHERE id = :id"), names)
            coming = pool.submit(come, database, event)
            wait_for_a_waiter(database)
        with pytest.raises(refused):
            coming.result(30)
    assert count(database, "registrations") == 0


def test_one_of_two_is_refused_when_an_address_comes_twice_at_once(make_event: MakeEvent, database: Database) -> None:
    event = make_event()
    with ThreadPoolExecutor(2) as pool:
        with database.transaction() as session:
            session.execute(text("SELECT 1 FROM events WHERE id = :id FOR UPDATE"), {"id": event["id"]})
            coming = [pool.submit(come, database, event) for _ in range(2)]
            wait_for_a_waiter(database, waiters=2)
        failed = [one.exception(30) for one in coming]
    assert sorted(type(error) for error in failed if error) == [AlreadyRegistered]
    assert count(database, "registrations") == 1


def wait_for_a_waiter(database: Database, *, waiters: int = 1) -> None:
    """Until so many statements of this database wait for a lock."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    for _ in range(100_000):
        with database.read() as connection:
            if connection.execute(waiting).scalar_one() >= waiters:
                return
    raise AssertionError("nobody waits")


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    capacity=st.one_of(st.none(), st.integers(1, 12)),
    people=st.lists(st.integers(0, 14), min_size=1, max_size=30),
    threads=st.integers(2, 12),
)
def test_seats_and_queue_add_up_whoever_comes_at_once(
    make_event: MakeEvent, database: Database, capacity: int | None, people: list[int], threads: int
) -> None:
    event = make_event(capacity=capacity)

    def one(number: int) -> Registered | None:
        try:
            return come(database, event, Register(name="P", email=f"p{number}@example.org"))
        except AlreadyRegistered:
            return None

    with ThreadPoolExecutor(threads) as pool:
        made = [done for done in pool.map(one, people) if done is not None]
    seats = len(set(people)) if capacity is None else min(capacity, len(set(people)))
    waiting = len(set(people)) - seats
    assert Counter(done.status for done in made) == Counter(confirmed=seats, waitlisted=waiting)
    assert sorted(done.position for done in made if done.position is not None) == list(range(1, waiting + 1))
    with database.read() as connection:
        names = {"id": event["id"]}
        row = connection.execute(
            text("SELECT registered_count, waitlisted_count FROM events WHERE id = :id"), names
        ).one()
    assert tuple(row) == (seats, waiting)
