"""The same key gives the same answer, once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from muster_shared import clock
from muster_shared.db import Database
from muster_shared.ids import new_id
from muster_shared.testing.tokens import TestIssuer

THINGS = "/api/sample/things"


@pytest.fixture
def keyed(issuer: TestIssuer) -> dict[str, str]:
    return {**issuer.headers(new_id()), "Idempotency-Key": "key-1"}


def count(database: Database) -> int:
    with database.read() as connection:
        return connection.exec_driver_sql("SELECT count(*) FROM things").scalar_one()


def test_answer_is_replayed_when_key_and_body_are_the_same(
    client: FlaskClient, keyed: dict[str, str], database: Database
) -> None:
    first = client.post(THINGS, json={"name": "a", "count": 2}, headers=keyed)
    again = client.post(THINGS, data=b'{"count":2,  "name":"a"}', content_type="application/json", headers=keyed)
    assert (again.status_code, again.data) == (201, first.data)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert count(database) == 1


def test_key_is_refused_when_body_is_another(client: FlaskClient, keyed: dict[str, str], database: Database) -> None:
    client.post(THINGS, json={"name": "a"}, headers=keyed)
    answer = client.post(THINGS, json={"name": "b"}, headers=keyed)
    assert answer.status_code == 422
    assert count(database) == 1


def test_keys_do_not_meet_when_callers_differ(
    client: FlaskClient, keyed: dict[str, str], issuer: TestIssuer, database: Database
) -> None:
    client.post(THINGS, json={"name": "a"}, headers=keyed)
    other = {**issuer.headers(new_id()), "Idempotency-Key": "key-1"}
    assert client.post(THINGS, json={"name": "b"}, headers=other).status_code == 201
    assert count(database) == 2


def test_failed_call_leaves_the_key_free(client: FlaskClient, keyed: dict[str, str], database: Database) -> None:
    assert client.post(THINGS, json={"name": "conflict"}, headers=keyed).status_code == 409
    assert count(database) == 0
    assert client.post(THINGS, json={"name": "a"}, headers=keyed).status_code == 201


def test_one_effect_when_the_same_call_comes_twenty_times_at_once(
    app: Flask, keyed: dict[str, str], database: Database
) -> None:
    def call(_number: int) -> tuple[int, bytes]:
        answer = app.test_client().post(THINGS, json={"name": "a"}, headers=keyed)
        return answer.status_code, answer.data

    with ThreadPoolExecutor(10) as pool:
        answers = set(pool.map(call, range(20)))
    assert len(answers) == 1
    assert next(iter(answers))[0] == 201
    assert count(database) == 1


def test_key_is_free_again_when_a_day_has_passed(
    client: FlaskClient, keyed: dict[str, str], database: Database
) -> None:
    with clock.frozen(clock.now() - timedelta(hours=25)):
        client.post(THINGS, json={"name": "a"}, headers={**keyed, "Authorization": keyed["Authorization"]})
    assert client.post(THINGS, json={"name": "b"}, headers=keyed).status_code == 201
    assert count(database) == 2


def test_secret_answer_is_not_readable_in_the_table(
    client: FlaskClient, keyed: dict[str, str], database: Database
) -> None:
    first = client.post(f"{THINGS}/secret", json={"name": "a"}, headers=keyed)
    with database.read() as connection:
        kept = bytes(connection.exec_driver_sql("SELECT body FROM idempotency_keys").scalar_one())
    assert b"very-secret" not in kept
    assert client.post(f"{THINGS}/secret", json={"name": "a"}, headers=keyed).data == first.data


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "ü"])
def test_key_is_refused_when_of_a_wrong_form(client: FlaskClient, keyed: dict[str, str], key: str) -> None:
    answer = client.post(THINGS, json={"name": "a"}, headers={**keyed, "Idempotency-Key": key})
    assert answer.status_code == 422
