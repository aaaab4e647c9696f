"""The world of events for `fuzz`: everything that an organisation may have there."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from muster_events.app import build_app as build_events
from muster_events.config import EventsSettings
from muster_events.crew.gateway import MediaGateway, UploadWanted
from muster_events.registrations.queries import LINK_AUDIENCE
from muster_shared import clock
from muster_shared.auth.internal import InternalClient
from muster_shared.auth.tables import memberships, organizations
from muster_shared.db import Database
from muster_shared.ids import new_id
from muster_shared.testing.postgres import Databases, running_cluster
from muster_shared.testing.settings import make_settings
from muster_shared.testing.tokens import TestIssuer
from muster_shared.wiring import wire
from tests.experiments.fuzz_worlds import LINK_SECRET, Service, World, link

_EVENTS = "/api/events"
# What can be done only once the event is over.
_OF_THE_PAST = frozenset(
    {"POST /api/events/{event_id}/complete", "PATCH /api/events/{event_id}/assignments/{assignment_id}"}
)
_FOR_THOSE_WHO_SAID_YES = frozenset({"POST /c/{token}/status", "POST /c/{token}/photos"})


class KnowsPeople(InternalClient):
    """Auth as it answers: anybody has an account, and what was not told of is not there."""

    def __init__(self) -> None:
        super().__init__(base_url="http://127.0.0.1:9", secret="x" * 32, service="events")

    def get(self, path: str) -> dict[str, Any] | None:
        """The account that is asked for."""
        address = f"{path.rpartition('/')[2]}@example.org"
        return {"name": "Olga", "email": address, "language": "en"} if path.startswith("/internal/users/") else None


class _TakesPhotos(MediaGateway):
    """Media as it answers a good request."""

    def __init__(self) -> None:
        super().__init__(base_url="http://127.0.0.1:9", secret="x" * 32)

    def ask_upload(self, wanted: UploadWanted) -> dict[str, Any]:
        """A place to send the photo to."""
        expires_at = clock.now() + timedelta(minutes=15)
        photo = {"id": str(new_id()), "event_id": str(wanted.event_id), "purpose": wanted.purpose, "status": "pending"}
        upload = {"method": "POST", "url": "https://example.org/", "fields": {}, "headers": {}}
        return {"photo": photo, "upload": upload, "expires_at": expires_at.isoformat()}


def _made(client: FlaskClient, path: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> dict[str, Any]:
    answer = client.post(path, json=body, headers=headers)
    assert answer.status_code < 300, (path, answer.status_code, answer.text)
    return answer.get_json() or {}


@contextlib.contextmanager
def events() -> Iterator[Service]:
    """Events, with everything an organisation may have there."""
    with running_cluster() as cluster, contextlib.closing(Databases(cluster, worker="fuzz")) as databases:
        database, issuer = databases.get("events"), TestIssuer()
        config = make_settings(EventsSettings, database_url=database.url, link_secret=LINK_SECRET)
        app = build_events(config, wire(config, service="events", keys=issuer.keys, auth=KnowsPeople()))
        app.extensions["muster"].parts[MediaGateway] = _TakesPhotos()
        yield Service(app, lambda name: _events_world(app, database, issuer, name=name))


def _events_world(app: Flask, database: Database, issuer: TestIssuer, *, name: str) -> World:
    client, org_id, user_id = app.test_client(), new_id(), new_id()
    with database.transaction() as session:
        session.execute(insert(organizations).values(id=org_id, name="Fuzz", slug=f"fuzz-{org_id}", version=1))
        session.execute(insert(memberships).values(org_id=org_id, user_id=user_id, role="owner", version=1))
    headers, org, starts_at = issuer.headers(user_id), {"org_id": str(org_id)}, clock.now() + timedelta(hours=2)

    def made(path: str, **body: Any) -> dict[str, Any]:
        return _made(client, path, body, headers)

    crew = [made("/api/crew", **org, name=name, email=f"{name}@example.org")["id"] for name in ("kostas", "maria")]
    whole = {
        **org,
        # Photos are of a job, which cannot be completed without them.
        "kind": "charter" if name in _OF_THE_PAST else "job",
        "title": "Fuzzed",
        "starts_at": starts_at.isoformat(),
        "duration_minutes": 60,
        "timezone": "Europe/Athens",
        "visibility": "public",
        "crew": [{"crew_member_id": crew[0], "role": "Driver"}],
        "finance": {"currency": "EUR", "revenue": 5},
        "publish": name != "DELETE /api/events/{event_id}",
    }
    event = made(_EVENTS, **whole)
    base, place = f"{_EVENTS}/{event['id']}", event["crew"][0]["id"]
    values = {**org, "event_id": event["id"], "assignment_id": place, "crew_member_id": crew[1]}
    if event["status"] == "draft":
        return World(headers, values)
    made(f"{base}/registrations")
    values |= _around_an_event(made, base, org)
    if name.startswith("DELETE") and "check-ins" in name:
        made(f"{base}/check-ins", code=values["code"])
    with database.transaction() as session:
        values |= _webhook(session, org_id)
        version = session.execute(text("SELECT link_version FROM crew_assignments WHERE id = :id"), {"id": place})
        values["token"] = _token(name, values, link_version=version.scalar_one())
        if name in _OF_THE_PAST:
            past = "UPDATE events SET starts_at = starts_at - interval '1 day', ends_at = ends_at - interval '1 day'"
            session.execute(text(f"{past} WHERE id = :id"), {"id": event["id"]})
    if name in _FOR_THOSE_WHO_SAID_YES:
        made(f"/c/{values['token']}/confirm")
    return World(headers, values, body=_body(name, whole))


def _token(name: str, values: Mapping[str, str], *, link_version: int) -> str:
    """What stands for `token` in a path."""
    if "registrations/{token}" in name:
        return link(LINK_AUDIENCE, values["registration_id"], version=1)
    if "/t/staff/" in name:
        return values["door"]
    if name.startswith("GET /calendar/"):
        return values["feed"]
    return link("crew-link", values["assignment_id"], version=link_version)


def _body(name: str, event: Mapping[str, Any]) -> Any:
    """A whole body for `name`, where made-up ones are hardly ever taken."""
    org = {"org_id": event["org_id"]}
    return {
        "POST /api/events": event,
        "POST /api/events/series": {**event, "rrule": "FREQ=DAILY;COUNT=2"},
        "POST /api/events/{event_id}/registrations": {"name": "Eve", "email": "eve@example.org"},
        "POST /api/events/webhooks": {**org, "url": "https://192.0.43.8/hook"},
        "POST /api/calendar/entries": {**org, **_entry()},
        "POST /api/crew/import": "name,email\nAda,ada@example.org\n",
    }.get(name)


def _entry() -> dict[str, str]:
    begins_at = clock.now()
    ends_at = begins_at + timedelta(hours=2)
    times = {"starts_at": begins_at.isoformat(), "ends_at": ends_at.isoformat()}
    return {"title": "Haul-out", "timezone": "Europe/Athens", **times}


def _around_an_event(made: Callable[..., dict[str, Any]], base: str, org: Mapping[str, str]) -> dict[str, Any]:
    """A registration, a link for the door, an entry and a feed."""
    registration = made(f"{base}/registrations", name="Ada", email="ada@example.org")
    door = made(f"{base}/staff-links", label="Gate")
    entry = made("/api/calendar/entries", **org, **_entry())
    feed = made("/api/calendar/feeds", **org)
    return {
        "registration_id": registration["id"],
        "code": registration["ticket"]["code"],
        "link_id": door["id"],
        "door": door["url"].rsplit("/", 1)[1],
        "entry_id": entry["id"],
        "feed_id": feed["id"],
        "feed": feed["url"].rsplit("/", 1)[1].removesuffix(".ics"),
    }


def _webhook(session: Session, org_id: UUID) -> dict[str, str]:
    """A webhook with a delivery; written, because an address is looked up when one is made."""
    ids = {"webhook_id": new_id(), "delivery_id": new_id()}
    session.execute(
        text(
            "INSERT INTO webhooks (id, org_id, url, secret, created_by, created_at)"
            " VALUES (:webhook_id, :org_id, 'https://example.org/', 'x', 'fuzz', now())"
        ),
        {**ids, "org_id": org_id},
    )
    session.execute(
        text(
            "INSERT INTO webhook_deliveries (id, org_id, webhook_id, type, payload, created_at)"
            " VALUES (:delivery_id, :org_id, :webhook_id, 'event.created', '{}', now())"
        ),
        {**ids, "org_id": org_id},
    )
    return {name: str(value) for name, value in ids.items()}
