"""The cookie flow and its protection against other sites."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from muster_auth.app import build_app
from muster_auth.config import AuthSettings
from muster_auth.keyring import KeyRing
from muster_shared.db import Database
from muster_shared.testing.settings import make_settings
from muster_shared.wiring import wire
from services.auth.tests.people import PASSWORD, People, Person

OURS = {"X-Requested-With": "muster", "Origin": "http://localhost:8080", "Sec-Fetch-Site": "same-origin"}


def sign_in(client: FlaskClient, person: Person, headers: dict[str, str] | None = None) -> TestResponse:
    body = {"email": person.email, "password": PASSWORD}
    return client.post("/api/auth/browser/login", json=body, headers=OURS if headers is None else headers)


def test_cookie_is_out_of_scripts_reach_when_signed_in(people: People, client: FlaskClient) -> None:
    answer = sign_in(client, people.new("Ada"))
    assert answer.status_code == 200
    assert "refresh_token" not in (answer.json or {})
    cookie = answer.headers["Set-Cookie"]
    for part in ("muster_refresh=", "HttpOnly", "SameSite=Lax", "Path=/api/auth/browser", "Max-Age=604800"):
        assert part in cookie
    assert "Domain" not in cookie
    assert "Secure" not in cookie, "plain localhost"


def test_cookie_is_host_bound_and_secure_when_served_over_tls(
    database: Database, keys_file: Path, keys: KeyRing, people: People
) -> None:
    ada = people.new("Ada")
    settings = make_settings(
        AuthSettings,
        database_url=database.url,
        password_pepper="test-pepper-of-thirty-two-characters-",
        jwt_keys_file=keys_file,
        bcrypt_cost=4,
        public_origin="https://muster.example",
    )
    client = build_app(settings, wire(settings, service="auth", keys=keys), keys).test_client()
    answer = sign_in(client, ada, {**OURS, "Origin": "https://muster.example"})
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-muster_refresh=")
    for part in ("Secure", "HttpOnly", "Path=/;", "SameSite=Lax"):
        assert part in cookie + ";"
    assert "Domain" not in cookie


def test_session_goes_on_and_ends_with_the_cookie(people: People, client: FlaskClient) -> None:
    sign_in(client, people.new("Ada"))
    renewed = client.post("/api/auth/browser/refresh", json={}, headers=OURS)
    assert renewed.status_code == 200
    headers = {"Authorization": f"Bearer {renewed.json['access_token']}"}
    assert client.get("/api/auth/me", headers=headers).status_code == 200
    out = client.post("/api/auth/browser/logout", json={}, headers=OURS)
    assert out.status_code == 204
    assert "Max-Age=0" in out.headers["Set-Cookie"]
    assert client.get("/api/auth/me", headers=headers).status_code == 401
    assert client.post("/api/auth/browser/refresh", json={}, headers=OURS).status_code == 401


@pytest.mark.parametrize("action", ["login", "refresh", "logout"])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://localhost:8080"},
        {**OURS, "Origin": "http://evil.example"},
        {**OURS, "Origin": "null"},
        {**OURS, "Origin": "http://localhost:8080.evil.example"},
        {**OURS, "Sec-Fetch-Site": "cross-site"},
        {**OURS, "Sec-Fetch-Site": "same-site"},
    ],
    ids=["bare", "no custom header", "another origin", "null", "prefix", "cross-site", "same-site"],
)
def test_cookie_call_is_refused_when_it_may_come_from_another_site(
    people: People, client: FlaskClient, action: str, headers: dict[str, str]
) -> None:
    ada = people.new("Ada")
    sign_in(client, ada)
    body = {"email": ada.email, "password": PASSWORD} if action == "login" else {}
    refused = client.post(f"/api/auth/browser/{action}", json=body, headers=headers)
    assert refused.status_code == 403
    assert "Set-Cookie" not in refused.headers
    assert client.post("/api/auth/browser/refresh", json={}, headers=OURS).status_code == 200


def test_own_page_is_let_in_when_the_browser_sends_no_fetch_metadata(people: People, client: FlaskClient) -> None:
    assert sign_in(client, people.new("Ada"), {"X-Requested-With": "muster"}).status_code == 200


def test_tokens_of_one_flow_are_refused_by_the_other(people: People, client: FlaskClient) -> None:
    ada = people.new("Ada")
    client.set_cookie("muster_refresh", ada.tokens["refresh_token"], path="/api/auth/browser")
    assert client.post("/api/auth/browser/refresh", json={}, headers=OURS).status_code == 401
    signed_in = people.app.test_client()
    cookie = sign_in(signed_in, ada).headers["Set-Cookie"].split("=", 1)[1].split(";")[0]
    assert client.post("/api/auth/refresh", json={"refresh_token": cookie}).status_code == 401


def test_dead_cookie_is_cleared_when_refused(people: People, client: FlaskClient) -> None:
    client.set_cookie("muster_refresh", "A" * 43, path="/api/auth/browser")
    answer = client.post("/api/auth/browser/refresh", json={}, headers=OURS)
    assert answer.status_code == 401
    assert "Max-Age=0" in answer.headers["Set-Cookie"]
