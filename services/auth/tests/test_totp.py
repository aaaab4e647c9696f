"""The second factor."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pyotp
import pytest
from sqlalchemy import text

from muster_shared import clock
from services.auth.tests.people import PASSWORD, People, Person


def code_at(secret: str, moment: datetime) -> str:
    return pyotp.TOTP(secret).at(moment)


def turn_on(person: Person) -> tuple[str, list[str]]:
    """Turns the second factor on with a code of a minute ago's clock; the secret and the recovery codes."""
    secret = person.post("/api/auth/totp", {"password": PASSWORD}).json["secret"]
    answer = person.post("/api/auth/totp/confirm", {"otp": code_at(secret, clock.now() - timedelta(seconds=30))})
    assert answer.status_code == 200, answer.json
    return secret, answer.json["recovery_codes"]


def otp(people: People, person: Person, code: str | None) -> Any:
    return people.sign_in(person.email, otp=code)


def test_code_is_asked_for_only_after_the_right_password(people: People) -> None:
    ada = people.new("Ada")
    secret, _ = turn_on(ada)
    asked = otp(people, ada, None)
    assert asked.status_code == 401
    assert asked.json["type"].endswith("/otp-required")
    wrong = people.sign_in(ada.email, password="not the password", otp=code_at(secret, clock.now()))
    assert wrong.json["type"].endswith("/invalid-credentials")
    assert otp(people, ada, code_at(secret, clock.now())).status_code == 200


def test_code_is_refused_when_used_before(people: People) -> None:
    ada = people.new("Ada")
    secret, _ = turn_on(ada)
    code = code_at(secret, clock.now())
    assert otp(people, ada, code).status_code == 200
    again = otp(people, ada, code)
    assert again.status_code == 401
    assert again.json["type"].endswith("/otp-invalid")


def test_one_sign_in_succeeds_when_a_code_is_used_at_once(people: People) -> None:
    ada = people.new("Ada")
    secret, _ = turn_on(ada)
    code = code_at(secret, clock.now())
    with ThreadPoolExecutor(4) as pool:
        answers = [answer.status_code for answer in pool.map(lambda _: otp(people, ada, code), range(4))]
    assert sorted(answers) == [200, 401, 401, 401]


@pytest.mark.parametrize("seconds", [-120, -65, 65, 120])
def test_code_is_refused_when_the_clock_is_two_minutes_off(people: People, seconds: int) -> None:
    ada = people.new("Ada")
    secret, _ = turn_on(ada)
    with clock.frozen(clock.now().replace(second=15)):
        answer = otp(people, ada, code_at(secret, clock.now() + timedelta(seconds=seconds)))
    assert answer.status_code == 401


@pytest.mark.parametrize("code", ["000000", "", "abc", "１２３４５６", "12345", "1" * 64, "\u00e9" * 6, "aaaaa-aaaaa"])
def test_wrong_code_is_refused_and_never_an_error(people: People, code: str) -> None:
    ada = people.new("Ada")
    secret, _ = turn_on(ada)
    moment = clock.now()
    assert code not in {code_at(secret, moment + timedelta(seconds=30 * step)) for step in (-1, 0, 1)}
    assert otp(people, ada, code).status_code == 401


def test_guessing_codes_is_delayed_as_guessing_passwords_is(people: People) -> None:
    ada = people.new("Ada")
    turn_on(ada)
    answers = []
    for _ in range(6):
        assert otp(people, ada, None).status_code in {401, 429}, "the right password alone resets nothing"
        answers.append(otp(people, ada, "aaaaa-aaaaa").status_code)
    assert answers == [401] * 5 + [429]


def test_recovery_code_stands_in_once(people: People) -> None:
    ada = people.new("Ada")
    _, codes = turn_on(ada)
    assert len(set(codes)) == 10
    assert otp(people, ada, codes[3].upper().replace("-", " ")).status_code == 200
    assert otp(people, ada, codes[3]).status_code == 401
    assert otp(people, ada, codes[4]).status_code == 200
    shown = ada.get("/api/auth/totp").json
    assert shown == {"enabled": True, "recovery_codes_left": 8, "recommended": False}


def test_recovery_codes_of_another_account_are_worth_nothing(people: People) -> None:
    ada, bob = people.new("Ada"), people.new("Bob")
    turn_on(ada)
    _, codes = turn_on(bob)
    assert otp(people, ada, codes[0]).status_code == 401


def test_old_recovery_codes_hold_no_longer_when_renewed(people: People) -> None:
    ada = people.new("Ada")
    secret, codes = turn_on(ada)
    body = {"password": PASSWORD, "otp": code_at(secret, clock.now())}
    fresh = ada.post("/api/auth/totp/recovery-codes", body).json["recovery_codes"]
    assert not set(fresh) & set(codes)
    assert otp(people, ada, codes[0]).status_code == 401
    assert otp(people, ada, fresh[0]).status_code == 200


def test_factor_is_off_until_a_code_was_given(people: People) -> None:
    ada = people.new("Ada")
    ada.post("/api/auth/totp", {"password": PASSWORD})
    assert otp(people, ada, None).status_code == 200
    wrong = ada.post("/api/auth/totp/confirm", {"otp": "000000"})
    assert (wrong.status_code, wrong.json["errors"][0]["pointer"]) == (422, "/otp")
    assert ada.get("/api/auth/totp").json["enabled"] is False


def test_turning_off_takes_password_and_code(people: People) -> None:
    ada = people.new("Ada")
    secret, codes = turn_on(ada)
    wrong = {"password": "not the password", "otp": codes[0]}
    assert ada.post("/api/auth/totp/disable", wrong).status_code == 422
    assert ada.post("/api/auth/totp/disable", {"password": PASSWORD, "otp": "000000"}).status_code == 422
    body = {"password": PASSWORD, "otp": code_at(secret, clock.now())}
    assert ada.post("/api/auth/totp/disable", body).status_code == 204
    assert otp(people, ada, None).status_code == 200
    assert [mail["variables"]["state"] for mail in people.mails(template="totp_changed")] == ["on", "off"]


def test_second_secret_is_refused_while_one_counts(people: People) -> None:
    ada = people.new("Ada")
    turn_on(ada)
    assert ada.post("/api/auth/totp", {"password": PASSWORD}).status_code == 409
    assert people.new("Bob").post("/api/auth/totp/confirm", {"otp": "123456"}).status_code == 409


def test_secret_is_encrypted_and_codes_are_hashed_at_rest(people: People) -> None:
    ada = people.new("Ada")
    secret, codes = turn_on(ada)
    with people.database.read() as connection:
        kept = bytes(connection.execute(text("SELECT totp_secret FROM users")).scalar_one())
        hashes = b"".join(bytes(row) for row in connection.execute(text("SELECT hash FROM recovery_codes")).scalars())
    assert secret.encode() not in kept
    assert codes[0].replace("-", "").encode() not in hashes


def test_members_are_nudged_when_the_factor_is_off(people: People) -> None:
    ada = people.new("Ada")
    assert ada.get("/api/auth/totp").json["recommended"] is False
    ada.make_organization()
    assert ada.get("/api/auth/totp").json["recommended"] is True


def test_drawing_is_an_image_for_the_page(people: People) -> None:
    answer = people.new("Ada").post("/api/auth/totp", {"password": PASSWORD}).json
    assert answer["qr_svg"].startswith("<svg")
    assert answer["uri"].startswith("otpauth://totp/Muster:")


def test_deleting_the_account_takes_a_code_too(people: People) -> None:
    ada = people.new("Ada")
    secret, _ = turn_on(ada)
    needed = ada.delete("/api/auth/me", {"password": PASSWORD})
    assert (needed.status_code, needed.json["type"].rsplit("/", 1)[1]) == (422, "otp-required")
    assert ada.delete("/api/auth/me", {"password": PASSWORD, "otp": "aaaaa-aaaaa"}).status_code == 422
    body = {"password": PASSWORD, "otp": code_at(secret, clock.now())}
    assert ada.delete("/api/auth/me", body).status_code == 204
