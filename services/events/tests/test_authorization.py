"""Every route of events tried as everybody; crew's own are in `crew/test_authorization.py`."""

import time
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from muster_events.crew.routes import routes_list as crew_routes
from muster_shared.auth.internal import service_token
from muster_shared.auth.principal import SCOPES
from muster_shared.db import Database
from muster_shared.ids import new_id
from muster_shared.testing.authorization import (
    EVERYBODY,
    MEMBERS,
    SERVICES,
    SIGNED_IN,
    Actor,
    Row,
    World,
    findings,
    name_of,
    row,
    uncovered,
)
from muster_shared.testing.tokens import TestIssuer
from services.events.tests.support import MakeEvent, MakeKey, People, event_body, in_days

STAFF = MEMBERS | {Actor.KEY}
LISTERS = SIGNED_IN | {Actor.KEY, Actor.FOREIGN_KEY}
E = "/api/events"
O = f"{E}/<uuid:event_id>"  # noqa: E741  # an event of the organisation
T = "/t/staff/<token>"
HOOK = f"{E}/webhooks/<uuid:webhook_id>"
ONE = f"{O}/registrations/<uuid:registration_id>"
EVENT = event_body(org_id="<org_id>")
ENTRY = {
    "org_id": "<org_id>",
    "title": "Haul-out",
    "starts_at": in_days(5).isoformat(),
    "ends_at": in_days(6).isoformat(),
    "timezone": "Europe/Athens",
}
TABLE = [
    row(f"GET {E}", EVERYBODY, 200),
    row(f"POST {E}", STAFF, 201, EVENT),
    row(f"POST {E}/series", STAFF, 201, {**EVENT, "rrule": "FREQ=DAILY;COUNT=2"}),
    row(f"GET {E}/mine", LISTERS, 200),
    # Judged by what is in the answer: see the test below.
    row(f"GET {O}", EVERYBODY, (200, 401, 404)),
    row(f"PATCH {O}", STAFF, 200, {"title": "Other"}),
    row(f"DELETE {O}", STAFF, 409),
    row(f"POST {O}/publish", STAFF, 200),
    row(f"POST {O}/cancel", STAFF, 200, {}),
    row(f"POST {O}/complete", STAFF, 409),
    row(f"POST {O}/duplicate", STAFF, 201, {}),
    row(f"GET {O}/log", STAFF, 200),
    row(f"GET {O}/page-qr.svg", STAFF, 200),
    row(f"GET {O}/finance", STAFF, 200),
    row(f"PUT {O}/finance", STAFF, 200, {"currency": "EUR"}),
    # A private event: its staff may put people on the list, to others it is not there.
    row(f"POST {O}/registrations", EVERYBODY, (201, 401, 404, 409), {"name": "Eve", "email": "eve@example.org"}),
    row(f"GET {O}/registrations", STAFF, 200),
    row(f"DELETE {ONE}", STAFF, 200),
    row(f"POST {ONE}/resend", STAFF, 202),
    row(f"GET {O}/registrations/me", SIGNED_IN, 404),
    row(f"DELETE {O}/registrations/me", SIGNED_IN, 404),
    row(f"GET {E}/registered", SIGNED_IN, 200),
    row(f"GET {E}/registrations/<token>", EVERYBODY, 404),
    row(f"DELETE {E}/registrations/<token>", EVERYBODY, 404),
    row(f"POST {O}/check-ins", STAFF, (200, 409), {"code": "<code>"}),
    row(f"DELETE {O}/check-ins/<uuid:registration_id>", STAFF, 404),
    row(f"POST {O}/staff-links", STAFF, 201, {"label": "Gate"}),
    row(f"GET {O}/staff-links", STAFF, 200),
    row(f"DELETE {O}/staff-links/<uuid:link_id>", STAFF, (204, 404)),
    # A link is the right itself: without a good one there is nothing, whoever one is.
    row(f"GET {T}", EVERYBODY, 404),
    row(f"GET {T}/tickets", EVERYBODY, 404),
    row(f"POST {T}/check-ins", EVERYBODY, 404, {"code": "<code>"}),
    row(f"DELETE {T}/check-ins/<uuid:registration_id>", EVERYBODY, 404),
    row(f"POST {T}/sync", EVERYBODY, 404, {"scans": []}),
    row("GET /t/<code>", EVERYBODY, 200),
    row("GET /t/<code>.svg", EVERYBODY, 200),
    row("GET /t/<code>.ics", EVERYBODY, 200),
    row(f"POST {E}/webhooks", STAFF, 422, {"org_id": "<org_id>", "url": "https://127.0.0.1/"}),
    row(f"GET {E}/webhooks", LISTERS, 200),
    row(f"DELETE {HOOK}", STAFF, (204, 404)),
    row(f"GET {HOOK}/deliveries", STAFF, 200),
    row(f"POST {HOOK}/deliveries/<uuid:delivery_id>/replay", STAFF, 202),
    row("GET /api/calendar/entries", LISTERS, 200),
    row("POST /api/calendar/entries", STAFF, 201, ENTRY),
    row("DELETE /api/calendar/entries/<uuid:entry_id>", STAFF, (204, 404)),
    row("POST /api/calendar/feeds", MEMBERS, 201, {"org_id": "<org_id>"}),
    row("GET /api/calendar/feeds", SIGNED_IN, 200),
    row("DELETE /api/calendar/feeds/<uuid:feed_id>", MEMBERS, (204, 404)),
    row("GET /calendar/<token>.ics", EVERYBODY, 404),
    row("GET /internal/events/<uuid:event_id>", SERVICES, 200),
    row("GET /internal/guest-pages/<code>", SERVICES, 404),
]


@pytest.fixture
def credentials(people: People, issuer: TestIssuer, make_key: MakeKey) -> dict[Actor, dict[str, str]]:
    good, long_ago = issuer.token(people.alice_id), int(time.time()) - 3600
    expired = issuer.headers(people.alice_id, iat=long_ago, nbf=long_ago, exp=long_ago + 600)
    secret = "test-internal-secret-of-32-characters"
    return {
        Actor.ANONYMOUS: {},
        Actor.EXPIRED: expired,
        Actor.TAMPERED: {"Authorization": f"Bearer {good[:-8]}AAAAAAAA"},
        Actor.NOBODY: issuer.headers(new_id()),
        Actor.MANAGER: people.bob,
        Actor.OWNER: people.alice,
        Actor.FOREIGN_OWNER: people.charlie,
        Actor.FOREIGN_KEY: make_key(*SCOPES, org_id=people.other_org_id),
        Actor.SERVICE: {"Authorization": f"Bearer {service_token(secret=secret, service='media')}"},
    }


@pytest.fixture
def world(
    app: Flask,
    client: FlaskClient,
    people: People,
    make_event: MakeEvent,
    make_key: MakeKey,
    credentials: dict[Actor, dict[str, str]],
    database: Database,
) -> World:
    event = make_event(visibility="private", crew_notes="n0tes", finance={"currency": "EUR", "revenue": 5})
    base = f"{E}/{event['id']}"

    def made(path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = client.post(path, json=body, headers=people.alice)
        assert answer.status_code == 201, answer.text
        created: dict[str, Any] = answer.get_json()
        return created

    registration = made(f"{base}/registrations", {"name": "Ada", "email": "ada@example.org"})
    hook_id, delivery_id = new_id(), new_id()
    with database.transaction() as session:
        session.execute(
            text(
                "INSERT INTO webhooks (id, org_id, url, secret, created_by, created_at)"
                " VALUES (:id, :org_id, 'https://example.org/', 'x', 'test', now())"
            ),
            {"id": hook_id, "org_id": people.org_id},
        )
        session.execute(
            text(
                "INSERT INTO webhook_deliveries (id, org_id, webhook_id, type, payload, created_at)"
                " VALUES (:id, :org_id, :hook_id, 'event.created', '{}', now())"
            ),
            {"id": delivery_id, "org_id": people.org_id, "hook_id": hook_id},
        )
    values = {
        "org_id": str(people.org_id),
        "event_id": event["id"],
        "registration_id": registration["id"],
        "code": registration["ticket"]["code"],
        "link_id": made(f"{base}/staff-links", {"label": "Gate"})["id"],
        "webhook_id": str(hook_id),
        "delivery_id": str(delivery_id),
        "entry_id": made("/api/calendar/entries", {**ENTRY, "org_id": str(people.org_id)})["id"],
        "feed_id": made("/api/calendar/feeds", {"org_id": str(people.org_id)})["id"],
        "token": "x.y.z",
    }
    keys = {scope: make_key(scope) for scope in sorted(SCOPES)}
    return World(app=app, credentials=credentials, keys=keys, values=values)


def test_the_table_names_every_route(app: Flask) -> None:
    missing, unknown = uncovered(app, TABLE)
    assert missing == {name_of(operation) for routes in crew_routes() for operation in routes.operations}
    assert unknown == set()


@pytest.mark.parametrize("tried", TABLE, ids=lambda tried: tried.route)
def test_nobody_gets_more_than_the_table_says(world: World, tried: Row) -> None:
    assert findings(world, tried) == []


def test_a_private_event_is_whole_for_its_staff_and_nothing_for_others(world: World) -> None:
    def seen(headers: Any) -> str:
        return world.app.test_client().get(f"{E}/{world.values['event_id']}", headers=headers).text

    staff = {Actor.MANAGER, Actor.OWNER}
    for actor, headers in world.credentials.items():
        assert ("n0tes" in seen(headers)) == (actor in staff), actor
        assert ("Sunset" in seen(headers)) == (actor in staff), actor
    for scope, headers in world.keys.items():
        assert ("n0tes" in seen(headers)) == (scope == "events:read"), scope


def test_only_staff_puts_people_on_a_private_list(world: World) -> None:
    path, staff = f"{E}/{world.values['event_id']}/registrations", {Actor.MANAGER, Actor.OWNER}
    for number, (actor, headers) in enumerate(world.credentials.items()):
        body = {"name": "N", "email": f"n{number}@example.org"}
        status = world.app.test_client().post(path, json=body, headers=headers).status_code
        assert (status == 201) == (actor in staff), (actor, status)
