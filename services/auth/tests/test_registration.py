"""Registering and confirming an address."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from muster_shared import clock
from services.auth.tests.people import PASSWORD, People


def body(email: str = "ada@example.test", **rest: object) -> dict[str, object]:
    return {"name": "Ada", "email": email, "password": PASSWORD, **rest}


def test_answer_is_the_same_when_the_address_is_known(people: People, client: FlaskClient) -> None:
    people.new("Ada", email="ada@example.test")
    known = client.post("/api/auth/register", json=body())
    unknown = client.post("/api/auth/register", json=body("new@example.test"))
    assert (known.status_code, known.json) == (unknown.status_code, unknown.json) == (202, {})
    varying = {"X-Request-Id", "Date"}
    assert {k: v for k, v in known.headers if k not in varying} == {
        k: v for k, v in unknown.headers if k not in varying
    }
    assert [mail["template"] for mail in people.mails(to="ada@example.test")] == ["verify_email", "already_registered"]
    assert people.mails(to="ada@example.test")[-1]["action_id"] is None


def test_address_is_one_account_when_written_in_another_case(people: People, client: FlaskClient) -> None:
    people.new("Ada", email="ada@example.test")
    assert client.post("/api/auth/register", json=body("ADA@Example.TEST")).status_code == 202
    mail = people.mails(template="already_registered")[-1]
    assert mail["recipient"] == "ada@example.test"
    assert people.sign_in("Ada@EXAMPLE.test").status_code == 200


def test_no_account_is_there_when_the_mail_was_not_answered(people: People) -> None:
    people.register("ada@example.test")
    with people.database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM users")).scalar() == 0


def test_two_at_once_make_one_account_when_both_mails_are_answered(people: People) -> None:
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: people.register("ada@example.test"), range(2)))
    mails = people.mails(to="ada@example.test", template="verify_email")
    assert len(mails) == 2
    tokens = [people.token_of(mail) for mail in mails]

    def verify(token: str) -> int:
        return people.app.test_client().post("/api/auth/verify-email", json={"token": token}).status_code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(verify, tokens)) == [204, 422]
    with people.database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM users")).scalar() == 1


def test_strangers_password_is_not_the_accounts_when_they_registered_the_address_first(people: People) -> None:
    people.register("ada@example.test", password="a strangers long password")
    people.register("ada@example.test", password=PASSWORD)
    people.verify("ada@example.test")
    assert people.sign_in("ada@example.test", password="a strangers long password").status_code == 401
    assert people.sign_in("ada@example.test", password=PASSWORD).status_code == 200


def test_token_works_once_when_used_twenty_times_at_once(people: People) -> None:
    people.register("ada@example.test")
    token = people.token_of(people.mails()[-1])

    def verify(_: int) -> int:
        return people.app.test_client().post("/api/auth/verify-email", json={"token": token}).status_code

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(verify, range(20))) == [204] + [422] * 19


def test_token_is_refused_when_it_is_thirty_minutes_old(people: People, client: FlaskClient) -> None:
    people.register("ada@example.test")
    token = people.token_of(people.mails()[-1])
    with clock.frozen(clock.now() + timedelta(minutes=30, seconds=1)):
        answer = client.post("/api/auth/verify-email", json={"token": token})
    assert answer.status_code == 422
    assert answer.json["type"].endswith("/token-invalid")
    assert client.post("/api/auth/verify-email", json={"token": token}).status_code == 204


def test_several_mails_tokens_hold_when_one_action_was_mailed_twice(people: People, client: FlaskClient) -> None:
    people.register("ada@example.test")
    mail = people.mails()[-1]
    first, second = people.token_of(mail), people.token_of(mail)
    assert first != second
    assert client.post("/api/auth/verify-email", json={"token": second}).status_code == 204
    assert client.post("/api/auth/verify-email", json={"token": first}).status_code == 422


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "é" * 43, "A" * 500])
def test_made_up_token_is_refused_without_a_word_of_it(client: FlaskClient, token: str) -> None:
    answer = client.post("/api/auth/verify-email", json={"token": token})
    assert answer.status_code == 422
    assert len(token) < 2 or token not in answer.get_data(as_text=True)


def test_token_of_another_purpose_is_refused(people: People, client: FlaskClient) -> None:
    people.new("Ada", email="ada@example.test")
    client.post("/api/auth/password/forgot", json={"email": "ada@example.test"})
    token = people.token_of(people.mails(template="reset_password")[-1])
    assert client.post("/api/auth/verify-email", json={"token": token}).status_code == 422


def test_at_most_three_mails_go_to_an_address_in_fifteen_minutes(people: People) -> None:
    for _ in range(5):
        people.register("ada@example.test")
    assert len(people.mails(to="ada@example.test")) == 3
    with clock.frozen(clock.now() + timedelta(minutes=15, seconds=1)):
        people.register("ada@example.test")
    assert len(people.mails(to="ada@example.test")) == 4


def test_mails_of_one_address_are_counted_exactly_when_asked_for_at_once(people: People) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: people.register("ada@example.test"), range(12)))
    assert len(people.mails(to="ada@example.test")) == 3


def test_no_token_or_password_is_in_any_table_or_message_when_registering(people: People) -> None:
    people.register("ada@example.test")
    token = people.token_of(people.mails()[-1])
    with people.database.read() as connection:
        names = connection.execute(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'auth' AND tablename NOT LIKE 'alembic%'")
        ).scalars()
        rows = [
            row
            for name in names.all()
            for row in connection.execute(text(f"SELECT t::text FROM {name} AS t")).scalars()
        ]
    assert rows
    assert not [row for row in rows if token in row or PASSWORD in row]
