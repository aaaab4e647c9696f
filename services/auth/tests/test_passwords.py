"""Which passwords are taken; forgetting, resetting and changing one."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from muster_auth.passwords.policy import require_good
from muster_shared import clock
from muster_shared.problems import Invalid
from services.auth.tests.people import PASSWORD, People

NEW = "a quite different passphrase"


@pytest.mark.parametrize(
    "password",
    [
        "lantern-kept-by-the-quay",
        "aller guten dinge sind drei",
        "xk2vprw9qzt4",
        "🦀🐙🦑🐠🐡🐬🐳🐋🦈🐚🪸🦞",
        "пароль который никто не знает",
        "x" * 6 + "tolerably" + "y" * 113,
    ],
)
def test_password_is_taken_when_it_is_long_and_not_common(password: str) -> None:
    require_good(password, name="Ada", email="ada@example.test")


@pytest.mark.parametrize(
    "password",
    [
        "password1234",
        "Password123!",
        "P@ssw0rd1234",
        "passwordpassword",
        "123456789012",
        "qwertyuiop12",
        "qwertyuiop[]",
        "aaaaaaaaaaaa",
        "abababababab",
        "abcabcabcabc",
        "iloveyou1234",
        "letmeinplease",
        "administrator",
        "Administrator2026",
        "welcome2026!!",
        "1q2w3e4r5t6y",
        "abcdefghijklm",
        "zyxwvutsrqpon",
        "0987654321098",
        "ab cd ef gh ij kl",
        "correcthorsebatterystaple",
        "ada@example.test",
        "ada lovelace",
        "short",
        "",
        "x" * 11,
    ],
)
def test_password_is_refused_when_it_is_short_common_or_ones_own(password: str) -> None:
    with pytest.raises(Invalid) as refused:
        require_good(password, name="Ada Lovelace", email="ada@example.test")
    assert refused.value.errors[0].pointer == "/password"


def test_length_is_counted_in_characters_when_they_take_several_bytes() -> None:
    with pytest.raises(Invalid):
        require_good("🦀🐙🦑🐠🐡🐬🐳🐋🦈🐚🪸", name="Ada", email="ada@example.test")


@pytest.mark.parametrize("length", [73, 128, 1000])
def test_long_password_signs_in_when_registered(people: People, length: int) -> None:
    password = ("a long line of words that goes on " * 40)[: length - 1] + "!"
    people.new("Ada", email="ada@example.test", password=password)
    assert people.sign_in("ada@example.test", password=password[:-1] + "?").status_code == 401


def test_thousand_and_one_characters_are_refused_unread(client: FlaskClient) -> None:
    body = {"name": "Ada", "email": "ada@example.test", "password": "x" * 1001}
    answer = client.post("/api/auth/register", json=body)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "/password"
    assert "xxx" not in answer.get_data(as_text=True)


def test_forgetting_answers_the_same_when_the_address_is_unknown(people: People, client: FlaskClient) -> None:
    people.new("Ada", email="ada@example.test")
    known = client.post("/api/auth/password/forgot", json={"email": "ada@example.test"})
    unknown = client.post("/api/auth/password/forgot", json={"email": "nobody@example.test"})
    assert (known.status_code, known.json) == (unknown.status_code, unknown.json) == (202, {})
    assert [mail["recipient"] for mail in people.mails(template="reset_password")] == ["ada@example.test"]


def test_sessions_end_and_only_the_new_password_holds_when_reset(people: People, client: FlaskClient) -> None:
    ada = people.new("Ada")
    client.post("/api/auth/password/forgot", json={"email": ada.email})
    token = people.token_of(people.mails(template="reset_password")[-1])
    assert client.post("/api/auth/password/reset", json={"token": token, "password": NEW}).status_code == 204
    assert ada.get("/api/auth/me").status_code == 401
    refreshed = client.post("/api/auth/refresh", json={"refresh_token": ada.tokens["refresh_token"]})
    assert refreshed.status_code == 401
    assert people.sign_in(ada.email).status_code == 401
    assert people.again(ada.email, password=NEW).get("/api/auth/me").status_code == 200
    assert people.mails(to=ada.email)[-1]["template"] == "password_changed"


def test_session_begun_in_the_same_second_holds_when_a_password_was_reset(people: People, client: FlaskClient) -> None:
    ada = people.new("Ada")
    client.post("/api/auth/password/forgot", json={"email": ada.email})
    token = people.token_of(people.mails(template="reset_password")[-1])
    moment = clock.now().replace(microsecond=500_000)
    with clock.frozen(moment):
        client.post("/api/auth/password/reset", json={"token": token, "password": NEW})
        fresh = people.again(ada.email, password=NEW)
    assert fresh.get("/api/auth/me").status_code == 200


def test_one_of_many_wins_when_a_reset_is_used_at_once(people: People, client: FlaskClient) -> None:
    ada = people.new("Ada")
    client.post("/api/auth/password/forgot", json={"email": ada.email})
    token = people.token_of(people.mails(template="reset_password")[-1])

    def reset(number: int) -> int:
        body = {"token": token, "password": f"{NEW} number {number}"}
        return people.app.test_client().post("/api/auth/password/reset", json=body).status_code

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(reset, range(6))) == [204] + [422] * 5


def test_token_stays_good_when_the_password_offered_was_refused(people: People, client: FlaskClient) -> None:
    ada = people.new("Ada")
    client.post("/api/auth/password/forgot", json={"email": ada.email})
    token = people.token_of(people.mails(template="reset_password")[-1])
    refused = client.post("/api/auth/password/reset", json={"token": token, "password": "password1234"})
    assert refused.status_code == 422
    assert client.post("/api/auth/password/reset", json={"token": token, "password": NEW}).status_code == 204


def test_reset_is_refused_when_half_an_hour_old(people: People, client: FlaskClient) -> None:
    ada = people.new("Ada")
    client.post("/api/auth/password/forgot", json={"email": ada.email})
    token = people.token_of(people.mails(template="reset_password")[-1])
    with clock.frozen(clock.now() + timedelta(minutes=30, seconds=1)):
        answer = client.post("/api/auth/password/reset", json={"token": token, "password": NEW})
    assert answer.status_code == 422
    assert people.sign_in(ada.email).status_code == 200


def test_reset_opens_the_account_again_when_it_was_locked(people: People, client: FlaskClient) -> None:
    ada = people.new("Ada")
    for _ in range(6):
        people.sign_in(ada.email, password="wrong wrong wrong")
    client.post("/api/auth/password/forgot", json={"email": ada.email})
    token = people.token_of(people.mails(template="reset_password")[-1])
    client.post("/api/auth/password/reset", json={"token": token, "password": NEW})
    with people.database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM failed_sign_ins")).scalar() == 1, "the network's stays"


def test_other_sessions_end_and_this_one_goes_on_when_a_password_is_changed(people: People) -> None:
    ada = people.new("Ada")
    other = people.again(ada.email)
    body = {"current_password": PASSWORD, "new_password": NEW}
    assert ada.post("/api/auth/password/change", body).status_code == 204
    assert ada.get("/api/auth/me").status_code == 200
    assert other.get("/api/auth/me").status_code == 401
    assert people.sign_in(ada.email).status_code == 401
    assert people.sign_in(ada.email, password=NEW).status_code == 200


def test_change_is_refused_and_counted_when_the_present_password_is_wrong(people: People) -> None:
    ada = people.new("Ada")
    body = {"current_password": "not this one at all", "new_password": NEW}
    answers = [ada.post("/api/auth/password/change", body) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [422] * 5 + [429]
    assert answers[0].json["errors"][0]["pointer"] == "/current_password"
