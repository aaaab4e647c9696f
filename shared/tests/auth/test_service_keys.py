"""Service keys from the local copy, from auth on a miss, and the wrong ones."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient

from muster_shared import clock
from muster_shared.auth import replication
from muster_shared.auth.internal import InternalClient, InternalUnavailable
from muster_shared.auth.service_keys import ServiceKeys, format_key, hash_secret, new_secret
from muster_shared.db import Database
from muster_shared.ids import new_id
from muster_shared.messages.auth import ServiceKeyChanged
from muster_shared.wiring import Wiring

THINGS = "/api/sample/things"


def key_made(database: Database, **values: Any) -> tuple[str, ServiceKeyChanged]:
    secret = new_secret()
    message = ServiceKeyChanged(
        **{
            "key_id": new_id(),
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


@pytest.fixture
def asked(app: Flask, wiring: Wiring) -> Iterator[FakeAuth]:
    fake = FakeAuth({})
    wiring.authenticator.service_keys._auth = fake
    return fake


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
        f"msk_{key_id}_{new_secret()}",
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
    secret, key_id = new_secret(), new_id()
    asked.answers[f"/internal/service-keys/{key_id}"] = {
        "org_id": str(new_id()),
        "name": "new",
        "secret_hash": hash_secret(secret),
        "scopes": ["events:write"],
        "expires_at": None,
        "revoked_at": None,
        "version": 1,
    }
    key = format_key(key_id=key_id, secret=secret)
    assert post(client, key) == 201
    assert post(client, key) == 201
    assert len(asked.calls) == 1


def test_made_up_key_asks_auth_once_when_sent_again_and_again(client: FlaskClient, asked: FakeAuth) -> None:
    key = format_key(key_id=new_id(), secret=new_secret())
    assert [post(client, key) for _ in range(5)] == [401] * 5
    assert len(asked.calls) == 1


def test_unknown_key_gets_503_and_known_one_goes_on_when_auth_is_away(
    client: FlaskClient, asked: FakeAuth, database: Database
) -> None:
    asked.away = True
    known, _ = key_made(database)
    assert post(client, known) == 201
    assert post(client, format_key(key_id=new_id(), secret=new_secret())) == 503


def test_secret_is_not_kept_in_the_clear(wiring: Wiring, database: Database) -> None:
    key, message = key_made(database)
    keys: ServiceKeys = wiring.authenticator.service_keys
    found = keys.verify(key)
    secret = key.split("_", 2)[2]
    assert found.id == message.key_id
    assert secret not in message.model_dump_json()
    assert isinstance(found.id, UUID)
    assert all(secret.encode() not in digest for digest in keys._seen._entries)
