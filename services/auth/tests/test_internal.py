"""What other services ask."""

import pytest
from flask.testing import FlaskClient

from muster_shared.auth.internal import service_token
from muster_shared.ids import new_id
from services.auth.tests.people import People


def test_stranger_is_nobody_and_nothing_is_not_found(people: People, client: FlaskClient) -> None:
    headers = people.as_service()
    unknown = new_id()
    membership = client.get(f"/internal/memberships/{unknown}/{unknown}", headers=headers)
    assert (membership.status_code, membership.json["role"]) == (200, None)
    for path in (f"/internal/service-keys/{unknown}", f"/internal/organizations/{unknown}"):
        assert client.get(path, headers=headers).status_code == 404
    assert client.post(f"/internal/action-tokens/{unknown}/mint", json={}, headers=headers).status_code == 404


def test_token_is_minted_until_the_action_is_done(people: People, client: FlaskClient) -> None:
    people.register("ada@example.test")
    path = f"/internal/action-tokens/{people.mails()[-1]['action_id']}/mint"
    minted = client.post(path, json={}, headers=people.as_service())
    assert minted.status_code == 200
    assert len(minted.json["token"]) == 43
    assert client.post("/api/auth/verify-email", json={"token": minted.json["token"]}).status_code == 204
    assert client.post(path, json={}, headers=people.as_service()).status_code == 404


@pytest.mark.parametrize("secret", ["another-secret-of-more-than-32-characters", "x" * 32])
def test_caller_is_refused_when_it_does_not_have_the_secret(client: FlaskClient, secret: str) -> None:
    headers = {"Authorization": f"Bearer {service_token(secret=secret, service='events')}"}
    assert client.get(f"/internal/organizations/{new_id()}", headers=headers).status_code == 401


def test_person_is_no_service(people: People, client: FlaskClient) -> None:
    ada = people.new("Ada")
    assert client.get(f"/internal/organizations/{new_id()}", headers=ada.headers).status_code == 401
    assert client.get("/api/auth/me", headers=people.as_service()).status_code == 401


def test_removed_member_is_nobody(people: People, client: FlaskClient) -> None:
    owner = people.new("Olga")
    org = owner.make_organization()
    manager = people.join(owner, org["id"], role="manager")
    path = f"/internal/memberships/{org['id']}/{manager.id}"
    assert client.get(path, headers=people.as_service()).json["role"] == "manager"
    owner.delete(f"/api/organizations/{org['id']}/members/{manager.id}")
    assert client.get(path, headers=people.as_service()).json["role"] is None
