"""Service keys: made, shown once, rotated, revoked, seen used."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from muster_auth.worker import build_worker
from muster_shared import clock
from muster_shared.clock import rfc3339
from muster_shared.ids import new_id
from muster_shared.messages.auth import ServiceKeyUsed
from muster_shared.wiring import Wiring
from services.auth.tests.people import People, Person


def make(person: Person, org_id: str, name: str = "booking", **rest: Any) -> Any:
    body = {"name": name, "scopes": ["events:write", "crew:read"], **rest}
    return person.post(f"/api/organizations/{org_id}/service-keys", body)


def test_key_is_shown_once_and_kept_as_a_hash(people: People) -> None:
    ada = people.new("Ada")
    org = ada.make_organization()["id"]
    made = make(ada, org).json
    assert made["key"].startswith("msk_")
    assert made["key"][:-43] == f"msk_{made['id'].replace('-', '')}_"
    assert made["scopes"] == ["crew:read", "events:write"]
    listed = ada.get(f"/api/organizations/{org}/service-keys")
    assert "key" not in listed.json["items"][0]
    secret = made["key"][-43:]
    assert secret not in listed.get_data(as_text=True)
    with people.database.read() as connection:
        kept = connection.execute(text("SELECT secret_hash FROM service_keys")).scalar_one()
        answers = connection.execute(text("SELECT payload::text FROM outbox")).scalars().all()
    assert kept.startswith("$2b$")
    assert not [row for row in answers if secret in row]


def test_same_key_is_given_when_a_keyed_call_is_repeated_and_nothing_rests_readable(people: People) -> None:
    ada = people.new("Ada")
    path = f"/api/organizations/{ada.make_organization()['id']}/service-keys"
    body = {"name": "booking", "scopes": ["events:write"]}
    answers = [ada.post(path, body, **{"Idempotency-Key": "once"}) for _ in range(2)]
    assert answers[0].json == answers[1].json
    with people.database.read() as connection:
        kept = connection.execute(text("SELECT body FROM idempotency_keys")).scalars().all()
    assert not [row for row in kept if row and answers[0].json["key"].encode() in bytes(row)]


def test_two_keys_of_a_name_live_for_rotation_and_no_third(people: People) -> None:
    ada = people.new("Ada")
    org = ada.make_organization()["id"]
    first, second = make(ada, org).json, make(ada, org, "Booking").json
    refused = make(ada, org)
    assert refused.status_code == 409
    assert refused.json["type"].endswith("/two-live-keys")
    assert make(ada, org, "another").status_code == 201
    assert ada.delete(f"/api/organizations/{org}/service-keys/{first['id']}").status_code == 204
    assert make(ada, org).status_code == 201
    statuses = {item["id"]: item["status"] for item in ada.get(f"/api/organizations/{org}/service-keys").json["items"]}
    assert (statuses[first["id"]], statuses[second["id"]]) == ("revoked", "live")


def test_no_third_lives_when_keys_of_a_name_are_made_at_once(people: People) -> None:
    ada = people.new("Ada")
    org = ada.make_organization()["id"]
    with ThreadPoolExecutor(6) as pool:
        answers = [answer.status_code for answer in pool.map(lambda _: make(ada, org), range(6))]
    assert sorted(answers) == [201, 201, 409, 409, 409, 409]


def test_expired_key_makes_room(people: People) -> None:
    ada = people.new("Ada")
    org = ada.make_organization()["id"]
    soon = rfc3339(clock.now() + timedelta(minutes=5))
    for _ in range(2):
        assert make(ada, org, expires_at=soon).status_code == 201
    with clock.frozen(clock.now() + timedelta(minutes=6)):
        assert make(ada, org).status_code == 201
        statuses = [item["status"] for item in ada.get(f"/api/organizations/{org}/service-keys").json["items"]]
    assert statuses == ["live", "expired", "expired"]


def test_key_lives_a_year_when_nothing_is_said(people: People) -> None:
    ada = people.new("Ada")
    made = make(ada, ada.make_organization()["id"]).json
    with people.database.read() as connection:
        row = connection.execute(text("SELECT expires_at - created_at AS life FROM service_keys")).one()
    assert row.life == timedelta(days=365)
    assert made["expires_at"] is not None


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"expires_at": "2020-01-01T00:00:00Z"}, "/expires_at"),
        ({"expires_at": "2150-01-01T00:00:00Z"}, "/expires_at"),
        ({"expires_at": "2030-01-01T00:00:00"}, "/expires_at"),
        ({"scopes": []}, "/scopes"),
        ({"scopes": ["events:all"]}, "/scopes/0"),
        ({"scopes": "events:read"}, "/scopes"),
        ({"name": ""}, "/name"),
        ({"name": "   "}, "/name"),
        ({"name": "x" * 81}, "/name"),
        ({"admin": True}, "/admin"),
    ],
)
def test_key_is_refused_when_its_body_is_wrong(people: People, body: dict[str, Any], pointer: str) -> None:
    ada = people.new("Ada")
    answer = make(ada, ada.make_organization()["id"], **body)
    assert answer.status_code == 422, answer.json
    assert answer.json["errors"][0]["pointer"] == pointer


def test_key_of_one_organisation_cannot_be_revoked_through_another(people: People) -> None:
    ada, bob = people.new("Ada"), people.new("Bob")
    org, other = ada.make_organization()["id"], bob.make_organization()["id"]
    key = make(ada, org).json["id"]
    assert bob.delete(f"/api/organizations/{other}/service-keys/{key}").status_code == 404
    assert bob.delete(f"/api/organizations/{org}/service-keys/{key}").status_code == 404
    assert ada.delete(f"/api/organizations/{org}/service-keys/{new_id()}").status_code == 404
    assert ada.delete(f"/api/organizations/{org}/service-keys/{key}").status_code == 204
    assert ada.delete(f"/api/organizations/{org}/service-keys/{key}").status_code == 204, "again changes nothing"
    assert len(people.messages("service_key.changed.v1")) == 2


def test_key_is_known_and_has_no_way_into_accounts(people: People, client: FlaskClient) -> None:
    ada = people.new("Ada")
    org = ada.make_organization()["id"]
    made = make(ada, org).json
    for headers in ({"Authorization": f"Bearer {made['key']}"}, {"X-Dashboard-Token": made["key"]}):
        assert client.get(f"/api/organizations/{org}/service-keys", headers=headers).status_code == 403


def test_key_is_refused_when_it_carries_anothers_id(people: People, client: FlaskClient) -> None:
    ada = people.new("Ada")
    org = ada.make_organization()["id"]
    one, two = make(ada, org).json["key"], make(ada, org).json["key"]
    for mixed in (f"{one[:36]}_{two[-43:]}", one[:-1], one + "x", one.upper(), "msk_", "msk__", "msk_" + "0" * 32):
        assert client.get("/api/auth/me", headers={"X-Dashboard-Token": mixed}).status_code == 401
    assert client.get("/api/auth/me", headers={"X-Dashboard-Token": one}).status_code == 403


def test_last_use_is_shown_when_the_worker_was_told(people: People, client: FlaskClient, wiring: Wiring) -> None:
    ada = people.new("Ada")
    org = ada.make_organization()["id"]
    made = make(ada, org).json
    for _ in range(3):
        client.get("/api/auth/me", headers={"X-Dashboard-Token": made["key"]})
    told = people.messages("service_key.used.v1")
    assert [row["key_id"] for row in told] == [made["id"]], "once a minute"
    spec = build_worker(people.core.settings, wiring)
    handler: Any = spec.handlers[ServiceKeyUsed]
    message = ServiceKeyUsed.model_validate(told[0])
    late = message.model_copy(update={"used_at": message.used_at - timedelta(hours=1)})
    for one in (message, late, message):
        with people.database.transaction() as session:
            handler(session, one, None)
    shown = ada.get(f"/api/organizations/{org}/service-keys").json["items"][0]
    assert shown["last_used_at"] == rfc3339(message.used_at)


def test_wrong_keys_leave_no_trace_of_use(people: People, client: FlaskClient) -> None:
    ada = people.new("Ada")
    made = make(ada, ada.make_organization()["id"]).json
    client.get("/api/auth/me", headers={"X-Dashboard-Token": made["key"][:-43] + "A" * 43})
    assert people.messages("service_key.used.v1") == []
