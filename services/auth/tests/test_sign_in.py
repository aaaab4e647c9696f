"""Signing in: the same for unknown addresses, slower for guesses, and never in the way of the rest."""

import threading
from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from muster_auth.app import build_app
from muster_auth.config import AuthSettings
from muster_auth.keyring import KeyRing
from muster_auth.passwords.hashing import Passwords
from muster_shared.db import Database
from muster_shared.testing.settings import make_settings
from muster_shared.wiring import wire
from services.auth.tests.people import PASSWORD, People

WRONG = "not the right password"


def forget_delays(people: People) -> None:
    with people.database.read() as connection:
        connection.execute(text("UPDATE failed_sign_ins SET locked_until = clock_timestamp()"))


def test_tokens_say_who_and_for_whom_when_signing_in(people: People, keys: KeyRing) -> None:
    ada = people.new("Ada")
    assert ada.tokens["token_type"] == "Bearer"
    assert ada.tokens["expires_in"] == 600
    key = keys.key("k-1")
    assert key is not None
    access = jwt.decode(ada.tokens["access_token"], key, algorithms=["ES256"], audience="muster-api")
    assert {"iss", "aud", "sub", "sid", "iat", "nbf", "exp", "jti", "name"} == set(access)
    assert access["exp"] - access["iat"] == 600
    assert jwt.get_unverified_header(ada.tokens["access_token"]) == {"alg": "ES256", "kid": "k-1", "typ": "at+jwt"}
    identity = jwt.decode(ada.tokens["id_token"], key, algorithms=["ES256"], audience="muster-dashboard")
    assert (identity["email"], identity["name"], identity["sub"]) == (ada.email, "Ada", str(ada.id))


def test_id_token_is_no_access_token(people: People, client: FlaskClient) -> None:
    ada = people.new("Ada")
    headers = {"Authorization": f"Bearer {ada.tokens['id_token']}"}
    assert client.get("/api/auth/me", headers=headers).status_code == 401


def test_answer_is_the_same_when_the_address_is_unknown(people: People) -> None:
    ada = people.new("Ada")
    people.register("waiting@example.test")
    answers = [
        people.sign_in(email, password=WRONG) for email in (ada.email, "no@example.test", "waiting@example.test")
    ]
    bodies = [{**answer.json, "request_id": ""} for answer in answers]
    assert [answer.status_code for answer in answers] == [401, 401, 401]
    assert bodies[0] == bodies[1] == bodies[2]
    assert bodies[0]["type"].endswith("/invalid-credentials")


def test_nobodys_password_is_checked_at_the_same_cost(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[bytes] = []
    import bcrypt

    real = bcrypt.checkpw
    monkeypatch.setattr(bcrypt, "checkpw", lambda given, kept: checked.append(kept[:7]) or real(given, kept))
    ada = people.new("Ada")
    checked.clear()
    people.sign_in(ada.email, password=WRONG)
    people.sign_in("nobody@example.test", password=WRONG)
    assert len(checked) == 2
    assert checked[0] == checked[1]


def test_unconfirmed_address_is_told_only_to_whoever_knows_the_password(people: People) -> None:
    people.register("ada@example.test")
    assert people.sign_in("ada@example.test", password=WRONG).json["type"].endswith("/invalid-credentials")
    answer = people.sign_in("ada@example.test")
    assert answer.status_code == 403
    assert answer.json["type"].endswith("/email-not-verified")
    mails = people.mails(to="ada@example.test", template="verify_email")
    assert len(mails) == 2
    people.verify("ada@example.test")
    assert people.sign_in("ada@example.test").status_code == 200


def test_guessing_is_delayed_when_an_account_failed_five_times(people: People) -> None:
    ada = people.new("Ada")
    answers = [people.sign_in(ada.email, password=WRONG).status_code for _ in range(6)]
    assert answers == [401] * 5 + [429]
    locked = people.sign_in(ada.email)
    assert locked.status_code == 429, "the right password has to wait as well"
    assert int(locked.headers["Retry-After"]) >= 1
    forget_delays(people)
    assert people.sign_in(ada.email).status_code == 200


def test_delay_doubles_when_failures_go_on(people: People) -> None:
    waits = []
    for _ in range(9):
        people.sign_in("nobody@example.test", password=WRONG)
        with people.database.read() as connection:
            row = connection.execute(text("SELECT failures, locked_until - last_at AS wait FROM failed_sign_ins"))
            waits.append(max(found.wait.total_seconds() for found in row))
        forget_delays(people)
    assert [round(wait) for wait in waits] == [0, 0, 0, 0, 1, 2, 4, 8, 16]


def test_an_unknown_address_is_delayed_as_a_known_one(people: People) -> None:
    answers = [people.sign_in("nobody@example.test", password=WRONG).status_code for _ in range(6)]
    assert answers == [401] * 5 + [429]


def test_network_is_delayed_when_it_tries_many_accounts(people: People) -> None:
    answers = [people.sign_in(f"n{number}@example.test", password=WRONG).status_code for number in range(6)]
    assert answers == [401] * 5 + [429]


def test_success_forgets_the_accounts_failures_and_not_the_networks(people: People) -> None:
    ada = people.new("Ada")
    for _ in range(4):
        people.sign_in(ada.email, password=WRONG)
    assert people.sign_in(ada.email).status_code == 200
    with people.database.read() as connection:
        assert connection.execute(text("SELECT failures FROM failed_sign_ins")).scalars().all() == [4]
    assert people.sign_in(ada.email, password=WRONG).status_code == 401
    assert people.sign_in(ada.email).status_code == 429


def test_flood_of_sign_ins_leaves_other_requests_alone(
    database: Database, keys: KeyRing, keys_file: object, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = people.new("Ada")
    settings = make_settings(
        AuthSettings,
        database_url=database.url,
        password_pepper="test-pepper-of-thirty-two-characters-",
        jwt_keys_file=keys_file,
        bcrypt_cost=4,
        hashing_at_once=1,
        hashing_waiting=1,
    )
    app: Flask = build_app(settings, wire(settings, service="auth", keys=keys), keys)
    import bcrypt

    hold, begun = threading.Event(), threading.Event()
    real = bcrypt.checkpw

    def slow(given: bytes, kept: bytes) -> bool:
        begun.set()
        assert hold.wait(20)
        return real(given, kept)

    monkeypatch.setattr(bcrypt, "checkpw", slow)

    def sign_in(_: int) -> int:
        answer = app.test_client().post("/api/auth/login", json={"email": ada.email, "password": PASSWORD})
        assert answer.status_code != 503 or answer.headers["Retry-After"]
        return answer.status_code

    with ThreadPoolExecutor(6) as pool:
        running = [pool.submit(sign_in, number) for number in range(6)]
        assert begun.wait(20)
        # Four are turned away at once while one hashes and one waits; a read goes on as ever.
        while sum(one.done() for one in running) < 4:
            assert app.test_client().get("/api/auth/me", headers=ada.headers).status_code == 200
        hold.set()
        assert sorted(one.result() for one in running) == [200, 200, 503, 503, 503, 503]


@pytest.mark.parametrize(
    "password",
    ["ä" * 36 + "x", "x" * 73, "long " * 200, "🦀" * 40, "a" * 60 + "\u0301 composed é"],
    ids=["73 bytes", "73 characters", "1,000 characters", "emoji", "combining"],
)
def test_every_character_counts_when_a_password_is_long(password: str) -> None:
    passwords = Passwords(pepper="p" * 32, cost=4, at_once=1, waiting=0)
    kept = passwords.hash(password)
    assert passwords.check(password, kept)
    assert not passwords.check(password[:-1], kept)
    assert not passwords.check(password + "x", kept)
    assert not passwords.check(password[:-1] + "!", kept)


def test_nul_does_not_end_a_password_when_hashed() -> None:
    passwords = Passwords(pepper="p" * 32, cost=4, at_once=1, waiting=0)
    assert not passwords.check("before\0other", passwords.hash("before\0after"))


def test_password_is_one_when_typed_in_another_unicode_form() -> None:
    passwords = Passwords(pepper="p" * 32, cost=4, at_once=1, waiting=0)
    assert passwords.check("cafe\u0301 at the corner", passwords.hash("caf\u00e9 at the corner"))


def test_table_is_worth_nothing_without_the_pepper() -> None:
    kept = Passwords(pepper="p" * 32, cost=4, at_once=1, waiting=0).hash(PASSWORD)
    assert not Passwords(pepper="q" * 32, cost=4, at_once=1, waiting=0).check(PASSWORD, kept)
