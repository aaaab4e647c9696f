"""Fixtures of the events service: an app on a real database, people with their roles, keys and events."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, text

from muster_events.app import build_app
from muster_events.config import EventsSettings
from muster_shared.auth.service_keys import format_key, hash_secret, new_secret
from muster_shared.auth.tables import memberships, organizations, service_keys
from muster_shared.db import Database
from muster_shared.ids import new_id
from muster_shared.testing.postgres import Databases
from muster_shared.testing.settings import make_settings
from muster_shared.testing.tokens import TestIssuer
from muster_shared.wiring import Wiring, wire

LINK_SECRET = "test-link-secret-of-more-than-32-characters"


@pytest.fixture
def database(databases: Databases) -> Database:
    return databases.get("events")


@pytest.fixture
def settings(database: Database) -> EventsSettings:
    return make_settings(EventsSettings, database_url=database.url, link_secret=LINK_SECRET)


@pytest.fixture
def wiring(settings: EventsSettings, issuer: TestIssuer) -> Wiring:
    return wire(settings, service="events", keys=issuer.keys)


@pytest.fixture
def app(settings: EventsSettings, wiring: Wiring) -> Flask:
    return build_app(settings, wiring)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@dataclass(frozen=True)
class People:
    """Alice owns it, Bob manages it, Charlie is a stranger with an organisation of his own."""

    org_id: UUID
    other_org_id: UUID
    alice_id: UUID
    bob_id: UUID
    charlie_id: UUID
    alice: dict[str, str]
    bob: dict[str, str]
    charlie: dict[str, str]


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


MakeKey = Callable[..., dict[str, str]]


@pytest.fixture
def make_key(database: Database, people: People) -> MakeKey:
    """Headers of a service key with the given scopes, of Alice's organisation unless another is named."""

    def make(*scopes: str, org_id: UUID | None = None) -> dict[str, str]:
        key_id, secret = new_id(), new_secret()
        with database.transaction() as session:
            session.execute(
                insert(service_keys).values(
                    id=key_id,
                    org_id=org_id or people.org_id,
                    name="booking system",
                    secret_hash=hash_secret(secret),
                    scopes=list(scopes),
                    version=1,
                )
            )
        return {"X-Dashboard-Token": format_key(key_id, secret)}

    return make


def in_days(days: float, *, hour: int | None = None) -> datetime:
    """A moment so many days ahead, on the full minute."""
    moment = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(days=days)
    return moment if hour is None else moment.replace(hour=hour, minute=0)


def event_body(**changes: Any) -> dict[str, Any]:
    """A body for POST /api/events; None takes a field out."""
    body = {
        "kind": "meetup",
        "title": "Sunset sailing",
        "starts_at": in_days(30).isoformat(),
        "duration_minutes": 120,
        "timezone": "Europe/Athens",
        "venue": {"type": "in_person", "name": "Marina Zeas", "address": "Akti Moutsopoulou 1, Piraeus"},
        "publish": True,
        **changes,
    }
    return {name: value for name, value in body.items() if value is not None}


MakeEvent = Callable[..., dict[str, Any]]


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


def messages_of(database: Database, kind: str) -> list[dict[str, Any]]:
    """The payloads of the outbox's messages of one type, in order."""
    with database.read() as connection:
        rows = connection.execute(text("SELECT payload FROM outbox WHERE type = :kind ORDER BY id"), {"kind": kind})
        return [row.payload for row in rows]
