"""Every route as everybody: the table has to name all of them, and says who gets in."""

from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask

from muster_shared.auth.internal import service_token
from muster_shared.ids import new_id
from muster_shared.web.app import operations_of
from services.media.tests.support import Stage, make_ready

_UPLOAD = {"filename": "a.jpg", "content_type": "image/jpeg", "size": 1000}
MEMBERS = frozenset({"owner", "manager"})
READERS = MEMBERS | {"key to read"}
WRITERS = MEMBERS | {"key to write"}
EVERYBODY = frozenset(
    {
        *("anonymous", "owner", "manager", "stranger", "attendee", "expired", "tampered"),
        *("key to read", "key to write", "key of another organisation", "key without scopes", "service"),
    }
)


@dataclass(frozen=True)
class Row:
    """One operation: whom it lets in, and how it is called. Names in braces are filled in by the test."""

    method: str
    rule: str
    allowed: frozenset[str]
    path: str
    body: dict[str, Any] | None = None


TABLE = [
    Row("POST", "/api/media/uploads", WRITERS, "/api/media/uploads", {**_UPLOAD, "event_id": "{event}"}),
    Row("GET", "/api/media/photos", READERS, "/api/media/photos?event_id={event}"),
    Row("GET", "/api/media/photos/<uuid:photo_id>", READERS, "/api/media/photos/{photo}"),
    Row("PATCH", "/api/media/photos/<uuid:photo_id>", WRITERS, "/api/media/photos/{photo}", {"caption": "x"}),
    Row("DELETE", "/api/media/photos/<uuid:photo_id>", WRITERS, "/api/media/photos/{photo}"),
    Row("POST", "/api/media/albums/<uuid:event_id>", WRITERS, "/api/media/albums/{event}?evidence=true"),
    Row("GET", "/api/media/albums/<uuid:event_id>", READERS, "/api/media/albums/{event}?evidence=true"),
    Row("GET", "/api/media/guest/<string:code>", EVERYBODY, "/api/media/guest/{code}"),
    Row("POST", "/api/media/guest/<string:code>/uploads", EVERYBODY, "/api/media/guest/{code}/uploads", _UPLOAD),
    Row("GET", "/api/media/guest/<string:code>/photos", EVERYBODY, "/api/media/guest/{code}/photos"),
    Row(
        "DELETE",
        "/api/media/guest/<string:code>/photos/<string:receipt>",
        EVERYBODY,
        "/api/media/guest/{code}/photos/{receipt}",
    ),
    Row(
        "POST",
        "/api/media/guest/<string:code>/photos/<uuid:photo_id>/report",
        EVERYBODY,
        "/api/media/guest/{code}/photos/{photo}/report",
        {"reason": "other"},
    ),
    Row("GET", "/api/media/guest/<string:code>/album", EVERYBODY, "/api/media/guest/{code}/album"),
    Row(
        "POST",
        "/internal/uploads",
        frozenset({"service"}),
        "/internal/uploads",
        {
            **_UPLOAD,
            "event_id": "{event}",
            "org_id": "{org}",
            "uploaded_by": {"type": "crew", "name": "K", "assignment_id": "{event}"},
            "request_key": "k",
        },
    ),
]


def credential(actor: str, stage: Stage) -> dict[str, str]:
    good = stage.issuer.token(stage.alice)
    header, payload, signature = good.split(".")
    other = "A" if signature[9] != "A" else "B"
    secret = "test-internal-secret-of-32-characters"
    return {
        "anonymous": dict,
        "owner": lambda: stage.owner,
        "manager": lambda: stage.issuer.headers(stage.bob),
        "stranger": lambda: stage.stranger,
        "attendee": lambda: stage.issuer.headers(new_id()),
        "expired": lambda: stage.issuer.headers(stage.alice, exp=1_000_000_000),
        "tampered": lambda: {"Authorization": f"Bearer {header}.{payload}.{signature[:9]}{other}{signature[10:]}"},
        "key to read": lambda: stage.key("media:read"),
        "key to write": lambda: stage.key("media:write"),
        "key of another organisation": lambda: stage.key("media:read", "media:write", org_id=new_id()),
        "key without scopes": lambda: stage.key("events:read", "events:write"),
        "service": lambda: {"Authorization": f"Bearer {service_token(secret=secret, service='events')}"},
    }[actor]()


def test_table_names_every_operation(app: Flask) -> None:
    assert {(row.method, row.rule) for row in TABLE} == {(each.method, each.path) for each in operations_of(app)}


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.method} {row.rule}")
def test_operation_lets_in_whom_it_should_and_nobody_else(stage: Stage, row: Row) -> None:
    wrong = {}
    for actor in sorted(EVERYBODY):
        status = status_of(stage, row, actor)
        # Members of its own organisation are told "not allowed"; everybody else learns nothing.
        refusals = {401, 403, 404} if actor.startswith("key") else {401, 404}
        if status not in ({200, 201, 202, 204} if actor in row.allowed else refusals):
            wrong[actor] = status
    assert wrong == {}


def status_of(stage: Stage, row: Row, actor: str) -> int:
    asked = stage.client.post(f"{stage.guest}/uploads", json=_UPLOAD).json
    names = {
        "event": str(stage.event.event_id),
        "org": str(stage.org_id),
        "code": str(stage.event.guest_code),
        "photo": make_ready(stage),
        "receipt": asked["receipt"],
    }

    def filled(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: filled(inner) for name, inner in value.items()}
        return value.format(**names) if isinstance(value, str) else value

    headers = credential(actor, stage)
    answer = stage.client.open(filled(row.path), method=row.method, json=filled(row.body), headers=headers)
    return answer.status_code
