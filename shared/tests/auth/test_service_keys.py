"""Service keys from the local copy, from auth on a miss, and the wrong ones."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from bcrypt import hashpw
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event as sqlalchemy_event

from muster_shared import clock
from muster_shared.auth import replication
from muster_shared.auth.internal import InternalClient, InternalUnavailable
from muster_shared.auth.service_keys import KeyTags, ServiceKeys, _Pace, format_key, hash_secret
from muster_shared.db import Database
from muster_shared.ids import new_id
from muster_shared.messages.auth import ServiceKeyChanged
from muster_shared.testing.settings import INTERNAL_SECRET
from muster_shared.wiring import Wiring

THINGS = "/api/sample/things"
TAGS = KeyTags(INTERNAL_SECRET)


def made_up() -> str:
    """A secret as long as a real one."""
    return secrets.token_urlsafe(32)


def key_made(database: Database, *, secret: str | None = None, **values: Any) -> tuple[str, ServiceKeyChanged]:
    key_id = new_id()
    secret = secret or TAGS.new_secret(key_id)
    message = ServiceKeyChanged(
        **{
            "key_id": key_id,
            "org_id": new_id(),
            "name": "booking engine",
            "secret_hash": hash_secret(secret),
            "scopes": ["events:write"],
            "expires_at": None,
            "revoked_at": None,
            "version": 1,
            **values,
        }
    )
    with database.transaction() as session:
        replication.service_key_changed(session, message)
    return format_key(key_id=message.key_id, secret=secret), message


def post(client: FlaskClient, key: str, *, header: str = "Authorization") -> int:
    value = f"Bearer {key}" if header == "Authorization" else key
    return client.post(THINGS, json={"name": "a"}, headers={header: value}).status_code


class FakeAuth(InternalClient):
    """Answers from a table, or not at all."""

    def __init__(self, answers: dict[str, dict[str, Any]]) -> None:
        self.answers = answers
        self.calls: list[str] = []
        self.away = False

    def get(self, path: str) -> dict[str, Any] | None:
        self.calls.append(path)
        if self.away:
            raise InternalUnavailable(path)
        return self.answers.get(path)

    def new_key(self) -> str:
        """A key that auth has made and no copy has yet."""
        key_id = new_id()
        secret = TAGS.new_secret(key_id)
        self.answers[f"/internal/service-keys/{key_id}"] = {
            "org_id": str(new_id()),
            "name": "new",
            "secret_hash": hash_secret(secret),
            "scopes": ["events:write"],
            "expires_at": None,
            "revoked_at": None,
            "version": 1,
        }
        return format_key(key_id=key_id, secret=secret)


@pytest.fixture
def asked(app: Flask, wiring: Wiring) -> FakeAuth:
    fake = FakeAuth({})
    wiring.authenticator.service_keys._auth = fake
    return fake


@dataclass
class Spent:
    """What checking keys has cost: statements and hashes."""

    statements: int = 0
    hashes: int = 0


@pytest.fixture
def spent(wiring: Wiring, monkeypatch: pytest.MonkeyPatch) -> Iterator[Spent]:
    """What is spent from here on."""
    found = Spent()

    def note(*_: object) -> None:
        found.statements += 1

    def checked(password: bytes, hashed: bytes) -> bool:
        found.hashes += 1
        return hashpw(password, hashed) == hashed

    monkeypatch.setattr("muster_shared.auth.service_keys.bcrypt.checkpw", checked)
    sqlalchemy_event.listen(wiring.database.engine, "before_cursor_execute", note)
    yield found
    sqlalchemy_event.remove(wiring.database.engine, "before_cursor_execute", note)


@pytest.fixture
def flooded(wiring: Wiring) -> None:
    """Made-up keys have just used up what is let through of them."""
    wiring.authenticator.service_keys._untagged = _Pace(a_second=0)


@pytest.mark.parametrize("header", ["Authorization", "X-Dashboard-Token"])
def test_key_is_let_in_when_it_holds(client: FlaskClient, database: Database, header: str) -> None:
    key, _ = key_made(database)
    assert post(client, key, header=header) == 201
    assert post(client, key, header=header) == 201


def test_key_is_refused_when_scope_is_missing(client: FlaskClient, database: Database) -> None:
    key, _ = key_made(database, scopes=["events:read"])
    assert post(client, key) == 403


def test_key_is_refused_when_route_is_for_people(client: FlaskClient, database: Database) -> None:
    key, _ = key_made(database)
    answer = client.post(f"{THINGS}/secret", json={"name": "a"}, headers={"X-Dashboard-Token": key})
    assert answer.status_code == 403


def test_key_is_refused_when_two_credentials_are_sent(client: FlaskClient, database: Database) -> None:
    key, _ = key_made(database)
    headers = {"Authorization": f"Bearer {key}", "X-Dashboard-Token": key}
    assert client.post(THINGS, json={"name": "a"}, headers=headers).status_code == 401


def test_key_is_refused_when_wrong_in_any_way(client: FlaskClient, database: Database, asked: FakeAuth) -> None:
    key, message = key_made(database)
    other, _ = key_made(database)
    _, key_id, secret = key.split("_", 2)
    wrong = [
        f"msk_{key_id}_{made_up()}",
        f"msk_{key_id}_{TAGS.new_secret(message.key_id)}",
        f"msk_{other.split('_', 2)[1]}_{secret}",
        f"msk_{new_id().hex}_{secret}",
        key[:-1],
        key + "A",
        key.upper(),
        f"msk_{message.key_id}_{secret}",
        "msk_",
    ]
    assert [post(client, text) for text in wrong] == [401] * len(wrong)
    assert len(asked.calls) == 1
    assert post(client, key) == 201


def test_key_is_refused_when_expired(client: FlaskClient, database: Database) -> None:
    key, _ = key_made(database, expires_at=clock.now() - timedelta(seconds=1))
    assert post(client, key) == 401


def test_key_stops_within_seconds_when_revoked(client: FlaskClient, database: Database, wiring: Wiring) -> None:
    key, message = key_made(database)
    assert post(client, key) == 201
    with database.transaction() as session:
        replication.service_key_changed(session, message.model_copy(update={"revoked_at": clock.now(), "version": 2}))
        replication.service_key_changed(session, message)
    keys = wiring.authenticator.service_keys
    assert keys._rows._seconds <= 2
    keys._rows.clear()
    assert post(client, key) == 401


def test_key_is_fetched_once_when_the_copy_has_it_not_yet(client: FlaskClient, asked: FakeAuth) -> None:
    key = asked.new_key()
    assert post(client, key) == 201
    assert post(client, key) == 201
    assert len(asked.calls) == 1


def test_made_up_key_asks_auth_once_when_sent_again_and_again(client: FlaskClient, asked: FakeAuth) -> None:
    key = format_key(key_id=new_id(), secret=made_up())
    assert [post(client, key) for _ in range(5)] == [401] * 5
    assert len(asked.calls) == 1


def test_made_up_keys_cost_nothing_when_they_are_many(
    client: FlaskClient, database: Database, asked: FakeAuth, spent: Spent, flooded: None
) -> None:
    key, message = key_made(database)
    guessed = [format_key(key_id=message.key_id, secret=made_up()) for _ in range(5)]
    unknown = [format_key(key_id=new_id(), secret=made_up()) for _ in range(5)]
    another = format_key(key_id=message.key_id, secret=TAGS.new_secret(new_id()))
    answers = [
        client.post(THINGS, json={"name": "a"}, headers={"X-Dashboard-Token": text})
        for text in guessed + unknown + [another]
    ]
    assert {answer.status_code for answer in answers} == {503}
    assert {answer.headers["Retry-After"] for answer in answers} == {"2"}
    assert (spent.statements, spent.hashes, asked.calls) == (0, 0, [])
    assert post(client, key) == 201, "nobody locks the right one out"
    assert spent.statements > 0
    assert spent.hashes == 1


def test_new_key_is_fetched_when_made_up_ones_are_many(client: FlaskClient, asked: FakeAuth, flooded: None) -> None:
    assert post(client, asked.new_key()) == 201


def test_key_without_a_tag_is_let_in_when_it_was_issued_before(
    client: FlaskClient, database: Database, request: pytest.FixtureRequest
) -> None:
    key, _ = key_made(database, secret=made_up())
    other, _ = key_made(database, secret=made_up())
    assert post(client, key) == 201
    request.getfixturevalue("flooded")
    assert post(client, key) == 201, "it has been seen"
    assert post(client, other) == 503


def test_tag_alone_lets_nobody_in(client: FlaskClient, database: Database, asked: FakeAuth, spent: Spent) -> None:
    _, message = key_made(database)
    forged = format_key(key_id=message.key_id, secret=TAGS.new_secret(message.key_id))
    assert [post(client, forged) for _ in range(3)] == [401] * 3
    assert spent.hashes == 1
    assert post(client, format_key(key_id=message.org_id, secret=TAGS.new_secret(message.org_id))) == 401
    assert len(asked.calls) == 1


def test_tag_holds_for_its_key_and_secret_alone() -> None:
    key_id = new_id()
    secret = TAGS.new_secret(key_id)
    assert TAGS.hold(key_id, secret)
    assert KeyTags(INTERNAL_SECRET).hold(key_id, secret), "every process of ours knows it"
    assert not TAGS.hold(new_id(), secret)
    assert not KeyTags(INTERNAL_SECRET + "x").hold(key_id, secret)
    for place, character in enumerate(secret):
        changed = secret[:place] + ("A" if character != "A" else "B") + secret[place + 1 :]
        assert not TAGS.hold(key_id, changed)


def test_key_is_refused_as_ever_when_it_is_revoked_or_expired_and_tagged(
    client: FlaskClient, database: Database, spent: Spent
) -> None:
    now = clock.now()
    for key, _ in (key_made(database, revoked_at=now), key_made(database, expires_at=now - timedelta(seconds=1))):
        assert [post(client, key) for _ in range(3)] == [401] * 3
    assert spent.hashes == 0


def test_unknown_key_gets_503_and_known_one_goes_on_when_auth_is_away(
    client: FlaskClient, asked: FakeAuth, database: Database
) -> None:
    asked.away = True
    known, _ = key_made(database)
    assert post(client, known) == 201
    assert post(client, format_key(key_id=new_id(), secret=made_up())) == 503


def test_secret_is_not_kept_in_the_clear(wiring: Wiring, database: Database) -> None:
    key, message = key_made(database)
    keys: ServiceKeys = wiring.authenticator.service_keys
    found = keys.verify(key)
    secret = key.split("_", 2)[2]
    assert found.id == message.key_id
    assert secret not in message.model_dump_json()
    assert isinstance(found.id, UUID)
    assert all(secret.encode() not in digest for digest in keys._seen._entries)
