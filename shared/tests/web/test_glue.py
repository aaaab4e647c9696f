"""What every route gets from the glue: problems, bodies, queries, pages, ETags, headers."""

from uuid import UUID

import orjson
import pytest
from flask import Flask
from flask.testing import FlaskClient
from openapi_spec_validator import validate

from muster_shared.auth.guards import internal, public
from muster_shared.auth.internal import service_token
from muster_shared.db import Database
from muster_shared.ids import new_id
from muster_shared.testing.tokens import TestIssuer
from muster_shared.web import Body, Routes
from muster_shared.web.app import AppSpec, create_app
from muster_shared.web.openapi import document
from muster_shared.wiring import Wiring

THINGS = "/api/sample/things"


@pytest.fixture
def alice(issuer: TestIssuer) -> dict[str, str]:
    return issuer.headers(new_id())


def count(database: Database) -> int:
    with database.read() as connection:
        return connection.exec_driver_sql("SELECT count(*) FROM things").scalar_one()


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        (b"{", 400, None),
        (b"null", 400, None),
        (b"[]", 400, None),
        (b"\xff\xfe", 400, None),
        (b'{"name": "a", "name2": 1}', 422, "/name2"),
        (b"{}", 422, "/name"),
        (b'{"name": 5}', 422, "/name"),
        (b'{"name": null}', 422, "/name"),
        (b'{"name": "a", "count": "1"}', 422, "/count"),
        (b'{"name": "a", "count": true}', 422, "/count"),
        (b'{"name": "a", "at": "2026-06-01T10:00:00"}', 422, "/at"),
        (b'{"name": "a", "at": 1780000000}', 422, "/at"),
        (b'{"name": "a", "at": "2026-02-30T10:00:00Z"}', 422, "/at"),
        (b'{"name": "a", "zone": "Mars/Base"}', 422, "/zone"),
        (b'{"name": "a", "email": "not an address"}', 422, "/email"),
        (b'{"name": "a", "parts": ["x"]}', 422, "/parts/0"),
        (b'{"name": "a\\u0000"}', 422, "/name"),
        (b'{"name": "a\\u0007b"}', 422, "/name"),
        (b'{"name": "\\ud800"}', 400, None),
        (b'{"name": "' + b"x" * 41 + b'"}', 422, "/name"),
        (b'{"name": ' + b"[" * 500 + b"]" * 500 + b"}", 400, None),
    ],
)
def test_body_is_refused_naming_the_field_and_never_the_value_when_wrong(
    client: FlaskClient,
    alice: dict[str, str],
    database: Database,
    body: bytes,
    status: int,
    pointer: str | None,
) -> None:
    answer = client.post(THINGS, data=body, content_type="application/json", headers=alice)
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    problem = orjson.loads(answer.data)
    assert problem["status"] == status
    if pointer is not None:
        assert pointer in [error["pointer"] for error in problem["errors"]]
    assert "Mars" not in answer.text
    assert "not an address" not in answer.text
    assert count(database) == 0


def test_body_is_refused_when_of_another_type_or_too_large(client: FlaskClient, alice: dict[str, str]) -> None:
    assert client.post(THINGS, data=b"name=a", content_type="text/plain", headers=alice).status_code == 415
    large = client.post(THINGS, data=b"x" * 300_000, content_type="application/json", headers=alice)
    assert large.status_code == 413
    assert large.mimetype == "application/problem+json"


def test_times_and_zone_are_taken_when_valid(client: FlaskClient, alice: dict[str, str]) -> None:
    body = {
        "name": " a ",
        "at": "2026-06-01T10:00:00+02:00",
        "zone": "Europe/Berlin",
        "email": "Grüße@Exämple.com",
    }
    answer = client.post(THINGS, json=body, headers=alice)
    assert answer.status_code == 201
    assert answer.json is not None
    assert answer.json["name"] == "a"
    assert UUID(answer.json["id"]).version == 7


def test_credential_is_needed_when_route_is_guarded(client: FlaskClient) -> None:
    for headers in (
        {},
        {"Authorization": "Bearer x"},
        {"Authorization": "Basic eDp5"},
        {"X-Dashboard-Token": "x"},
    ):
        answer = client.post(THINGS, json={"name": "a"}, headers=headers)
        assert answer.status_code == 401
        assert answer.mimetype == "application/problem+json"
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_internal_route_is_refused_when_caller_is_no_service(client: FlaskClient, alice: dict[str, str]) -> None:
    assert client.get("/internal/sample/ping", headers=alice).status_code == 401
    forged = service_token(secret="another-secret-of-at-least-32-characters", service="auth")
    assert client.get("/internal/sample/ping", headers={"Authorization": f"Bearer {forged}"}).status_code == 401
    good = service_token(secret="test-internal-secret-of-32-characters", service="auth")
    answer = client.get("/internal/sample/ping", headers={"Authorization": f"Bearer {good}"})
    assert answer.json == {"service": "auth"}


def test_optional_route_refuses_a_bad_credential_when_one_is_sent(client: FlaskClient) -> None:
    assert client.get(f"{THINGS}/whoami").json == {"kind": "anonymous"}
    assert client.get(f"{THINGS}/whoami", headers={"Authorization": "Bearer x"}).status_code == 401


def test_pages_follow_each_other_when_cursor_is_passed_on(client: FlaskClient, alice: dict[str, str]) -> None:
    names = [f"t{number}" for number in range(5)]
    for name in names:
        client.post(THINGS, json={"name": name}, headers=alice)
    seen, cursor, pages = [], "", 0
    while cursor is not None:
        answer = client.get(f"{THINGS}?limit=2" + (f"&cursor={cursor}" if cursor else "")).json
        assert answer is not None
        seen += [item["name"] for item in answer["items"]]
        cursor = answer["next_cursor"]
        pages += 1
    assert seen == names
    assert pages == 3


def test_cursor_is_refused_when_altered_in_any_character(client: FlaskClient, alice: dict[str, str]) -> None:
    for name in ("a", "b"):
        client.post(THINGS, json={"name": name}, headers=alice)
    page = client.get(f"{THINGS}?limit=1").json
    assert page is not None
    cursor = page["next_cursor"]
    assert client.get(f"{THINGS}?cursor={cursor}").status_code == 200
    for place, character in enumerate(cursor[:-1]):
        altered = cursor[:place] + ("A" if character != "A" else "B") + cursor[place + 1 :]
        assert client.get(f"{THINGS}?cursor={altered}").status_code == 422, place


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "unknown=1", "limit=1&limit=2", "cursor=%00"])
def test_query_is_refused_naming_the_parameter_when_wrong(client: FlaskClient, query: str) -> None:
    answer = client.get(f"{THINGS}?{query}")
    assert answer.status_code == 422
    assert orjson.loads(answer.data)["errors"][0]["pointer"] == "?" + query.split("=")[0]


def test_unknown_path_and_method_are_problems_when_asked(client: FlaskClient) -> None:
    answer = client.get("/api/sample/nothing")
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    answer = client.delete(THINGS)
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD, POST"


def test_error_tells_nothing_of_the_inside_when_code_breaks(client: FlaskClient) -> None:
    answer = client.get(f"{THINGS}/boom")
    assert answer.status_code == 500
    assert "4711" not in answer.text
    assert "Traceback" not in answer.text


def test_request_id_is_passed_on_when_sane_and_made_when_not(client: FlaskClient) -> None:
    assert client.get(THINGS, headers={"X-Request-Id": "abcdef-123"}).headers["X-Request-Id"] == "abcdef-123"
    made = client.get(THINGS, headers={"X-Request-Id": "a b\x7f<script>"}).headers["X-Request-Id"]
    assert UUID(made).version == 7


def test_read_answers_304_when_client_has_it(client: FlaskClient) -> None:
    first = client.get(THINGS)
    again = client.get(THINGS, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert set(again.headers.keys()) == {"ETag", "Cache-Control", "X-Request-Id"}
    assert client.get(THINGS, headers={"If-None-Match": '"other"'}).status_code == 200


def test_security_headers_stand_on_every_answer(client: FlaskClient) -> None:
    for path in (THINGS, "/nothing", "/livez", "/api/sample/openapi.json"):
        headers = client.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "default-src 'none'" in headers["Content-Security-Policy"]


def test_openapi_document_is_valid_and_leaves_internal_out(client: FlaskClient) -> None:
    described = client.get("/api/sample/openapi.json").json
    assert described is not None
    validate(described)
    assert set(described["paths"][THINGS]) == {"get", "post"}
    assert not [path for path in described["paths"] if "internal" in path]
    assert described["paths"][THINGS]["post"]["security"]


def test_openapi_names_what_is_no_json(client: FlaskClient) -> None:
    class Press(Body):
        pass

    routes = Routes("pages", prefix="/pages")
    routes.post("/press", guard=public(), body=Press, form=True, answers={303: None})(lambda *, body: None)
    routes.post("/table", guard=public(), takes="text/csv", answers={204: None})(lambda: None)
    routes.get("/keys", guard=public(), answers={200: "application/jwk-set+json"})(lambda: None)
    described = document(service="pages", title="pages", operations=routes.operations)
    press, table, keys = (next(iter(path.values())) for path in described["paths"].values())
    refusal = described["components"]["responses"][press["responses"]["404"]["$ref"].rpartition("/")[2]]
    assert set(refusal["content"]) == {"application/problem+json", "text/html"}
    assert table["responses"]["404"]["$ref"].endswith("/Problem")
    assert set(table["requestBody"]["content"]) == {"text/csv"}
    assert keys["responses"]["200"]["content"] == {"application/jwk-set+json": {"schema": {"type": "object"}}}


def test_docs_page_opens(client: FlaskClient) -> None:
    answer = client.get("/api/sample/docs")
    assert answer.status_code == 200
    assert THINGS in answer.text


def test_app_is_refused_when_internal_path_and_guard_do_not_agree(app: Flask, wiring: Wiring) -> None:
    for path, guard in (("/internal/x", public()), ("/api/sample/x", internal())):
        routes = Routes("wrong")
        routes.get(path, guard=guard)(lambda: None)
        spec: AppSpec = app.extensions["muster"].spec
        with pytest.raises(TypeError):
            create_app(
                AppSpec(
                    service="sample",
                    title="x",
                    settings=spec.settings,
                    database=wiring.database,
                    authenticator=wiring.authenticator,
                    routes=[routes],
                )
            )


def test_readiness_names_what_is_missing_and_stays_up_once_it_was_ready(app: Flask, client: FlaskClient) -> None:
    runtime = app.extensions["muster"]
    good = runtime.spec.database.ping

    def broken() -> None:
        raise ConnectionError

    runtime.spec.database.ping = broken
    first = client.get("/readyz")
    assert (first.status_code, first.json) == (503, {"status": "degraded", "missing": ["database"]})
    runtime.spec.database.ping = good
    assert client.get("/readyz").json == {"status": "ready", "missing": []}
    runtime.spec.database.ping = broken
    later = client.get("/readyz")
    assert (later.status_code, later.json) == (200, {"status": "degraded", "missing": ["database"]})
