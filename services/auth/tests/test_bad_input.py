"""Bad input of every kind: 4xx as the contract says, never a 500, never a value given back."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from services.auth.tests.people import PASSWORD, People

GOOD = {"name": "Ada", "email": "ada@example.test", "password": PASSWORD}
MARK = "canary-value-of-the-caller"


@pytest.mark.parametrize("path", ["register", "login", "refresh", "browser/login", "password/forgot", "verify-email"])
@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"null", 400),
        (b"[]", 400),
        (b'"text"', 400),
        (b"\xff\xfe", 400),
        (b'{"email": "\\ud800"}', 400),
        (b'{"a": ' * 200 + b"1" + b"}" * 200, 400),
        (b"{}", 422),
    ],
)
def test_body_that_is_none_is_refused(client: FlaskClient, path: str, data: bytes, status: int) -> None:
    headers = {"X-Requested-With": "muster"}
    answer = client.post(f"/api/auth/{path}", data=data, content_type="application/json", headers=headers)
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert answer.mimetype == "application/problem+json"


def test_body_of_another_type_is_refused(client: FlaskClient) -> None:
    assert client.post("/api/auth/register", data=GOOD).status_code == 415
    assert client.get("/api/auth/register").status_code == 405
    assert client.get("/api/auth/register").headers["Allow"] == "POST"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"name": None}, "/name"),
        ({"name": 7}, "/name"),
        ({"name": ""}, "/name"),
        ({"name": " "}, "/name"),
        ({"name": "x" * 121}, "/name"),
        ({"name": "a\nb"}, "/name"),
        ({"email": MARK}, "/email"),
        ({"email": "a@b@c"}, "/email"),
        ({"email": "ada@"}, "/email"),
        ({"email": "x" * 400 + "@example.test"}, "/email"),
        ({"email": ["ada@example.test"]}, "/email"),
        ({"email": "ada@example.test\r\nBcc: all@example.test"}, "/email"),
        ({"password": 123456789012}, "/password"),
        ({"password": ""}, "/password"),
        ({"password": "x" * 1001}, "/password"),
        ({"language": "xx"}, "/language"),
        ({"role": MARK}, "/role"),
        ({MARK: 1}, f"/{MARK}"),
    ],
)
def test_field_is_named_when_it_is_wrong(client: FlaskClient, change: dict[str, Any], pointer: str) -> None:
    answer = client.post("/api/auth/register", json={**GOOD, **change})
    assert answer.status_code == 422, answer.get_data(as_text=True)
    assert answer.json["errors"][0]["pointer"] == pointer
    if MARK in change.values():
        assert MARK not in answer.get_data(as_text=True)


@pytest.mark.parametrize("path", ["register", "login", "password/forgot"])
def test_nul_is_refused_alike_for_everybody(client: FlaskClient, path: str) -> None:
    bodies = {
        "register": {**GOOD, "password": "before\0after and so on"},
        "login": {"email": "ada@example.test", "password": "before\0after"},
        "password/forgot": {"email": "a\0da@example.test"},
    }
    assert client.post(f"/api/auth/{path}", json=bodies[path]).status_code in {400, 422}


@pytest.mark.parametrize(
    "password",
    [
        "a phrase of words with " + "é" * 25,
        "wörter über wörter " * 7,
        "🦀 crabs 🐙 squid 🦑 whale 🐳",
        " ".join(f"word{number}" for number in range(200))[:999],
        "\u202e right to left text",
    ],
    ids=["73 bytes", "133 characters", "emoji", "999 characters", "bidi"],
)
def test_unusual_password_registers_and_signs_in(people: People, password: str) -> None:
    people.new("Ada", email="ada@example.test", password=password)


@pytest.mark.parametrize(
    "email", ["jörg@example.test", "用户@例子.test", "ada+tag@example.test", "o'brien@example.test", "ada@münchen.test"]
)
def test_unicode_address_works_from_registering_to_resetting(people: People, client: FlaskClient, email: str) -> None:
    people.new("Ada", email=email)
    assert client.post("/api/auth/password/forgot", json={"email": email}).status_code == 202
    mail = people.mails(template="reset_password")[-1]
    body = {"token": people.token_of(mail), "password": "a quite different passphrase"}
    assert client.post("/api/auth/password/reset", json=body).status_code == 204


def test_lookalike_address_gets_no_mail_of_the_accounts(people: People, client: FlaskClient) -> None:
    people.new("Ada", email="fiona@example.test")
    client.post("/api/auth/password/forgot", json={"email": "\ufb01ona@example.test"})
    assert {mail["recipient"] for mail in people.mails(template="reset_password")} <= {"fiona@example.test"}


@pytest.mark.parametrize("path", ["not-a-uuid", "00000000-0000-0000-0000-000000000000", "%00", "..%2f..", "1"])
def test_odd_organisation_ids_are_not_found(people: People, path: str) -> None:
    ada = people.new("Ada")
    assert ada.get(f"/api/organizations/{path}").status_code == 404
    assert ada.get(f"/api/organizations/{path}/members").status_code == 404


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "cursor=x", "cursor=%00", "limit=1&limit=2", "unknown=1"]
)
def test_query_is_refused_when_wrong(people: People, query: str) -> None:
    answer = people.new("Ada").get(f"/api/organizations?{query}")
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"].startswith("?")


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer a.b.c", "Bearer " + "x" * 5000, "Bearer \u00e9", "bearer null"],
)
def test_credential_is_refused_when_it_is_none(client: FlaskClient, header: str) -> None:
    answer = client.get("/api/auth/me", headers={"Authorization": header.encode("utf-8").decode("latin-1")})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.mimetype == "application/problem+json"


def test_address_of_the_caller_is_no_way_to_an_error(people: People) -> None:
    client = people.app.test_client()
    body = {"email": "ada@example.test", "password": PASSWORD}
    for address in ("", "unknown", "::1", "2001:db8::1%eth0"):
        answer = client.post("/api/auth/login", json=body, environ_base={"REMOTE_ADDR": address})
        assert answer.status_code in {401, 429}
