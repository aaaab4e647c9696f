"""Fixtures of the events service: an app on a real database, people with their roles, keys and events."""

from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert

from muster_events.app import build_app
from muster_events.config import EventsSettings
from muster_shared.auth.tables import memberships, organizations
from muster_shared.db import Database
from muster_shared.ids import new_id
from muster_shared.testing.accounts import add_key
from muster_shared.testing.postgres import Databases
from muster_shared.testing.settings import make_settings
from muster_shared.testing.tokens import TestIssuer
from muster_shared.wiring import Wiring, wire
from services.events.tests.support import LINK_SECRET, AuthKnowsNobody, MakeEvent, MakeKey, People, event_body


@pytest.fixture
def database(databases: Databases) -> Database:
    return databases.get("events")


@pytest.fixture
def settings(database: Database) -> EventsSettings:
    return make_settings(EventsSettings, database_url=database.url, link_secret=LINK_SECRET)


@pytest.fixture
def wiring(settings: EventsSettings, issuer: TestIssuer) -> Wiring:
    return wire(settings, service="events", keys=issuer.keys, auth=AuthKnowsNobody())


@pytest.fixture
def app(settings: EventsSettings, wiring: Wiring) -> Flask:
    return build_app(settings, wiring)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def people(database: Database, issuer: TestIssuer) -> People:
    org_id, other_org_id = new_id(), new_id()
    alice, bob, charlie = new_id(), new_id(), new_id()
    with database.transaction() as session:
        for org, name in ((org_id, "Blue Harbour Charters"), (other_org_id, "Elsewhere")):
            session.execute(insert(organizations).values(id=org, name=name, slug=f"org-{org}", version=1))
        for org, user, role in (
            (org_id, alice, "owner"),
            (org_id, bob, "manager"),
            (other_org_id, charlie, "owner"),
        ):
            session.execute(insert(memberships).values(org_id=org, user_id=user, role=role, version=1))
    return People(
        org_id=org_id,
        other_org_id=other_org_id,
        alice_id=alice,
        bob_id=bob,
        charlie_id=charlie,
        alice=issuer.headers(alice, name="Alice"),
        bob=issuer.headers(bob, name="Bob"),
        charlie=issuer.headers(charlie, name="Charlie"),
    )


@pytest.fixture
def make_key(database: Database, people: People) -> MakeKey:
    """Headers of a service key with the given scopes, of Alice's organisation unless another is named."""

    def make(*scopes: str, org_id: UUID | None = None) -> dict[str, str]:
        return add_key(database, org_id or people.org_id, *scopes)

    return make


@pytest.fixture
def make_event(client: FlaskClient, people: People) -> MakeEvent:
    """An event made through the API by Alice."""

    def make(**changes: Any) -> dict[str, Any]:
        body = event_body(org_id=str(people.org_id), **changes)
        answer = client.post("/api/events", json=body, headers=people.alice)
        assert answer.status_code == 201, answer.get_data(as_text=True)
        made: dict[str, Any] = answer.get_json()
        return made

    return make
