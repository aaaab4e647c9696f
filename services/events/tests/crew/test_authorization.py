"""Every route of crew tried by everybody; the table below has to list every one of them."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from muster_events.crew.routes import routes_list
from muster_shared.ids import new_id
from muster_shared.testing.tokens import TestIssuer
from services.events.tests.crew.support import CrewWorld
from services.events.tests.support import MakeKey

OK = "2xx"
CALLERS = ("anonymous", "attendee", "stranger", "manager", "owner", "key", "reading_key", "key_of_others", "crew_link")
_READ = (401, 404, 404, OK, OK, OK, OK, 404, 401)
_WRITE = (401, 404, 404, OK, OK, OK, 403, 404, 401)
_ANYBODY = (404,) * 9
_CREW, _ONE = "/api/crew", "/api/crew/<uuid:crew_member_id>"
_PLACES = "/api/events/<uuid:event_id>/assignments"
_PLACE = f"{_PLACES}/<uuid:assignment_id>"
_SHOTS = "/api/events/<uuid:event_id>/shot-list"

# Per route, what each caller gets, in the order of CALLERS; those that take something away come last.
TABLE: dict[tuple[str, str], tuple[object, ...]] = {
    ("GET", _CREW): (401, OK, OK, OK, OK, OK, OK, OK, 401),
    ("POST", _CREW): _WRITE,
    ("POST", f"{_CREW}/import"): _WRITE,
    ("GET", _ONE): _READ,
    ("PATCH", _ONE): _WRITE,
    ("GET", f"{_ONE}/record"): _READ,
    ("GET", _PLACES): _READ,
    ("POST", _PLACES): _WRITE,
    ("GET", _PLACE): _READ,
    ("PATCH", _PLACE): _WRITE,
    ("POST", f"{_PLACE}/remind"): _WRITE,
    ("GET", f"{_PLACE}/history"): _READ,
    ("GET", _SHOTS): _READ,
    ("PUT", _SHOTS): _WRITE,
    # The link is the right: without a good one there is nothing, whoever else one is.
    ("GET", "/api/crew/links/<token>"): _ANYBODY,
    ("GET", "/c/<token>"): _ANYBODY,
    ("POST", "/c/<token>/confirm"): _ANYBODY,
    ("POST", "/c/<token>/decline"): _ANYBODY,
    ("POST", "/c/<token>/status"): _ANYBODY,
    ("POST", "/c/<token>/photos"): _ANYBODY,
    ("DELETE", _PLACE): _WRITE,
    ("DELETE", _ONE): _WRITE,
}
_PHOTO = {"filename": "a.jpg", "content_type": "image/jpeg", "size": 1, "purpose": "job_before"}


@pytest.fixture
def job(crew: CrewWorld) -> dict[str, Any]:
    return crew.event(kind="job")


@pytest.fixture
def assignment(crew: CrewWorld, job: dict[str, Any]) -> dict[str, Any]:
    return crew.assign(job, crew.member("Kostas", email="kostas@example.org"))


@pytest.fixture
def headers_of(
    crew: CrewWorld, assignment: dict[str, Any], make_key: MakeKey, issuer: TestIssuer
) -> Callable[[str], dict[str, str]]:
    makers: dict[str, Callable[[], dict[str, str]]] = {
        "anonymous": dict,
        "attendee": lambda: issuer.headers(new_id()),
        "stranger": lambda: crew.people.charlie,
        "manager": lambda: crew.people.bob,
        "owner": lambda: crew.people.alice,
        "key": lambda: make_key("crew:read", "crew:write"),
        "reading_key": lambda: make_key("crew:read", "events:write", "media:write"),
        "key_of_others": lambda: make_key("crew:read", "crew:write", org_id=crew.people.other_org_id),
        "crew_link": lambda: {"Authorization": f"Bearer {crew.token(assignment)}"},
    }
    return lambda caller: makers[caller]()


def test_table_lists_every_route_when_compared() -> None:
    assert {(o.method, o.path) for routes in routes_list() for o in routes.operations} == set(TABLE)


@pytest.mark.parametrize("caller", CALLERS)
def test_nobody_gets_more_than_the_table_says_when_trying(
    crew: CrewWorld,
    job: dict[str, Any],
    assignment: dict[str, Any],
    headers_of: Callable[[str], dict[str, str]],
    caller: str,
) -> None:
    free = crew.member("Free")
    headers = headers_of(caller)
    for (method, path), expected in TABLE.items():
        address = path.replace("<uuid:event_id>", job["id"]).replace("<uuid:assignment_id>", assignment["id"])
        address = address.replace("<uuid:crew_member_id>", free["id"]).replace("<token>", "x.y.z")
        answer = crew.client.open(address, method=method, headers=headers, **_request(crew, method, path))
        got: object = OK if 200 <= answer.status_code < 300 else answer.status_code
        assert got == expected[CALLERS.index(caller)], (method, path, answer.status_code)
        if expected[CALLERS.index(caller)] != OK or (path == _CREW and caller in {"stranger", "key_of_others"}):
            assert "kostas@example.org" not in answer.text
        if (method, path) == ("POST", _PLACES) and got == OK:
            # Whoever may assign may also take off again, so that the roster's removal below is free to work.
            crew.remove(answer.get_json())


def _request(crew: CrewWorld, method: str, path: str) -> dict[str, Any]:
    if path == f"{_CREW}/import":
        query = {"org_id": str(crew.people.org_id)}
        return {"data": b"name,email\nA,a@example.org\n", "content_type": "text/csv", "query_string": query}
    bodies: dict[tuple[str, str], dict[str, Any]] = {
        ("POST", _CREW): {"org_id": str(crew.people.org_id), "name": "N", "email": "n@example.org"},
        ("PATCH", _ONE): {"name": "Free again"},
        ("POST", _PLACES): {"crew_member_id": crew.member()["id"], "role": "Cook"},
        ("PATCH", _PLACE): {"role": "Deckhand"},
        ("PUT", _SHOTS): {"before": 0, "after": 0},
        ("POST", "/c/<token>/status"): {"status": "done"},
        ("POST", "/c/<token>/photos"): _PHOTO,
    }
    body = bodies.get((method, path))
    if body is None and path.startswith("/c/") and method == "POST":
        body = {}
    return {} if body is None else {"json": body}


@pytest.mark.parametrize(
    "spoil", [{"exp": 1_000_000_000}, {"aud": "somebody-else"}, {"iss": "https://elsewhere.test"}, {"jti": None}]
)
def test_token_opens_nothing_when_it_does_not_hold(
    client: FlaskClient, crew: CrewWorld, issuer: TestIssuer, spoil: dict[str, Any]
) -> None:
    good = issuer.headers(crew.people.alice_id)
    assert client.get("/api/crew", headers=good).status_code == 200, "the control"
    assert client.get("/api/crew", headers=issuer.headers(crew.people.alice_id, **spoil)).status_code == 401
