"""Refresh tokens: rotation, grace, reuse, ends."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from muster_shared import clock
from services.auth.tests.people import People


def refresh(client: FlaskClient, token: str) -> Any:
    return client.post("/api/auth/refresh", json={"refresh_token": token})


def test_token_is_replaced_when_used(people: People, client: FlaskClient) -> None:
    ada = people.new("Ada")
    answer = refresh(client, ada.tokens["refresh_token"])
    assert answer.status_code == 200
    assert answer.json["refresh_token"] != ada.tokens["refresh_token"]
    headers = {"Authorization": f"Bearer {answer.json['access_token']}"}
    assert client.get("/api/auth/me", headers=headers).status_code == 200


def test_racing_tabs_get_one_successor_when_they_use_a_token_at_once(people: People) -> None:
    token = people.new("Ada").tokens["refresh_token"]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: refresh(people.app.test_client(), token), range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json["refresh_token"] for answer in answers}) == 1


def test_newest_token_is_given_when_an_old_one_comes_within_the_grace(people: People, client: FlaskClient) -> None:
    first = people.new("Ada").tokens["refresh_token"]
    second = refresh(client, first).json["refresh_token"]
    third = refresh(client, second).json["refresh_token"]
    assert refresh(client, first).json["refresh_token"] == third
    assert len({first, second, third}) == 3


def test_family_ends_when_a_token_is_used_again_after_the_grace(people: People, client: FlaskClient) -> None:
    ada = people.new("Ada")
    first = ada.tokens["refresh_token"]
    second = refresh(client, first).json
    with clock.frozen(clock.now() + timedelta(seconds=11)):
        assert refresh(client, first).status_code == 401
    assert refresh(client, second["refresh_token"]).status_code == 401
    headers = {"Authorization": f"Bearer {second['access_token']}"}
    assert client.get("/api/auth/me", headers=headers).status_code == 401
    assert len(people.messages("session.revoked.v1")) == 1
    assert [mail["template"] for mail in people.mails(to=ada.email)][-1] == "refresh_reuse"


def test_other_sessions_go_on_when_one_family_ends(people: People, client: FlaskClient) -> None:
    ada = people.new("Ada")
    other = people.again(ada.email)
    first = ada.tokens["refresh_token"]
    refresh(client, first)
    with clock.frozen(clock.now() + timedelta(seconds=11)):
        refresh(client, first)
    assert other.get("/api/auth/me").status_code == 200
    assert ada.get("/api/auth/me").status_code == 401


def test_owner_is_told_once_when_a_stolen_token_comes_again_and_again(people: People, client: FlaskClient) -> None:
    ada = people.new("Ada")
    refresh(client, ada.tokens["refresh_token"])
    with clock.frozen(clock.now() + timedelta(seconds=11)):
        for _ in range(3):
            refresh(client, ada.tokens["refresh_token"])
    assert len(people.mails(template="refresh_reuse")) == 1


@pytest.mark.parametrize(("days", "status"), [(6.9, 200), (7.1, 401)])
def test_idle_session_ends_after_seven_days(people: People, client: FlaskClient, days: float, status: int) -> None:
    token = people.new("Ada").tokens["refresh_token"]
    with clock.frozen(clock.now() + timedelta(days=days)):
        assert refresh(client, token).status_code == status


def test_session_ends_after_thirty_days_however_often_it_is_used(people: People, client: FlaskClient) -> None:
    token = people.new("Ada").tokens["refresh_token"]
    begin = clock.now()
    for day in range(6, 30, 6):
        with clock.frozen(begin + timedelta(days=day)):
            token = refresh(client, token).json["refresh_token"]
    with clock.frozen(begin + timedelta(days=29, hours=23)):
        token = refresh(client, token).json["refresh_token"]
    with clock.frozen(begin + timedelta(days=30, minutes=1)):
        assert refresh(client, token).status_code == 401


def test_no_usable_token_rests_in_the_table(people: People, client: FlaskClient) -> None:
    first = people.new("Ada").tokens["refresh_token"]
    second = refresh(client, first).json["refresh_token"]
    with people.database.read() as connection:
        rows = connection.execute(text("SELECT hash, successor FROM refresh_tokens")).all()
    kept = b"".join(bytes(row.hash) + bytes(row.successor or b"") for row in rows)
    assert first.encode() not in kept
    assert second.encode() not in kept


def test_signing_out_ends_the_session_at_once(people: People, client: FlaskClient) -> None:
    ada = people.new("Ada")
    answer = client.post("/api/auth/logout", json={"refresh_token": ada.tokens["refresh_token"]})
    assert answer.status_code == 204
    assert ada.get("/api/auth/me").status_code == 401
    assert refresh(client, ada.tokens["refresh_token"]).status_code == 401
    revoked = people.messages("session.revoked.v1")
    assert [(row["user_id"], row["session_id"] is not None) for row in revoked] == [(str(ada.id), True)]


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "\u00e9" * 43, "A" * 512])
def test_made_up_token_signs_nobody_out_and_nobody_in(people: People, client: FlaskClient, token: str) -> None:
    ada = people.new("Ada")
    assert refresh(client, token).status_code == 401
    assert client.post("/api/auth/logout", json={"refresh_token": token}).status_code == 204
    assert ada.get("/api/auth/me").status_code == 200


def test_access_token_is_no_refresh_token(people: People, client: FlaskClient) -> None:
    ada = people.new("Ada")
    assert refresh(client, ada.tokens["access_token"][:512]).status_code == 401
