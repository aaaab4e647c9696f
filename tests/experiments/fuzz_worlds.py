"""What `fuzz` calls upon: each service's app on a real database, and somebody there who owns what there is to own.

A world is made anew whenever a call has changed it, so that the next call meets it whole again.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from unittest import mock
from uuid import UUID

import pyotp
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from muster_events.app import build_app as build_events
from muster_events.config import EventsSettings
from muster_events.crew.gateway import MediaGateway, UploadWanted
from muster_events.registrations.queries import LINK_AUDIENCE
from muster_notifications.app import build_app as build_notifications
from muster_notifications.config import NotificationsSettings
from muster_notifications.mailbox import routes as mailbox_routes
from muster_shared import clock
from muster_shared.auth import links
from muster_shared.auth.internal import InternalClient
from muster_shared.auth.tables import memberships, organizations
from muster_shared.db import Database
from muster_shared.ids import new_id
from muster_shared.testing.postgres import Databases, running_cluster
from muster_shared.testing.settings import make_settings
from muster_shared.testing.tokens import TestIssuer
from muster_shared.wiring import wire
from services.auth.tests.people import PASSWORD, People, Person
from services.media.tests.support import Stage as MediaPeople
from services.media.tests.support import make_facts, make_ready
from services.notifications.tests.support import PERMANENT, Desk, SilentAuth, assigned, event_facts, ses
from tests.experiments.auth_stage import auth_stage
from tests.experiments.media_stage import media_stage

_SECRET = "fuzz-link-secret-of-some-32-characters"
_EVENTS = "/api/events"
# What can be done only once the event is over.
_OF_THE_PAST = frozenset(
    {"POST /api/events/{event_id}/complete", "PATCH /api/events/{event_id}/assignments/{assignment_id}"}
)


_FOR_THOSE_WHO_SAID_YES = frozenset({"POST /c/{token}/status", "POST /c/{token}/photos"})


@dataclass(frozen=True)
class World:
    """Somebody's credentials, and values by the name of the parameter or field that they are for."""

    headers: Mapping[str, str]
    values: Mapping[str, Any] = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict)
    # A whole body that is taken, for operations that made-up ones hardly ever satisfy.
    body: Any = None


@dataclass(frozen=True)
class Service:
    """An app, and what makes a world for one operation (`POST /api/events`)."""

    app: Flask
    new_world: Callable[[str], World]


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


# -- events ------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def events() -> Iterator[Service]:
    """Events, with everything an organisation may have there."""
    with running_cluster() as cluster, contextlib.closing(Databases(cluster, worker="fuzz")) as databases:
        database, issuer = databases.get("events"), TestIssuer()
        config = make_settings(EventsSettings, database_url=database.url, link_secret=_SECRET)
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
        return _link(LINK_AUDIENCE, values["registration_id"], version=1)
    if "/t/staff/" in name:
        return values["door"]
    if name.startswith("GET /calendar/"):
        return values["feed"]
    return _link("crew-link", values["assignment_id"], version=link_version)


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


def _link(audience: str, subject: str, *, version: int) -> str:
    ends_at = clock.now() + timedelta(days=9)
    return links.mint(secret=_SECRET, audience=audience, subject=UUID(subject), version=version, expires_at=ends_at)


# -- auth ---------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def auth() -> Iterator[Service]:
    """Auth, with an organisation and a person for each part in it."""
    with auth_stage(with_messages=False) as stage:
        yield Service(stage.app, lambda name: _auth_world(stage.people, name=name))


def _auth_world(people: People, *, name: str) -> World:
    with people.database.transaction() as session:
        # Mails are looked for in all of it, and those of earlier worlds are nobody's any more.
        session.execute(text("DELETE FROM outbox"))
    owner = people.new("Olga")
    org_id = owner.make_organization()["id"]
    base = f"/api/organizations/{org_id}"
    member = people.join(owner, org_id, role="manager", name="Mia")
    guest = people.new("Gus")
    invitation = owner.post(f"{base}/invitations", {"email": guest.email, "role": "manager"}).json or {}
    key = owner.post(f"{base}/service-keys", {"name": "spare", "scopes": ["events:read"]}).json or {}
    sessions = people.again(owner.email).get("/api/auth/sessions").json or {}
    values = {
        "org_id": org_id,
        "user_id": str(member.id),
        "invitation_id": invitation["id"],
        "key_id": key["id"],
        "session_id": next(item["id"] for item in sessions["items"] if not item["current"]),
        "password": PASSWORD,
        "current_password": PASSWORD,
        "new_password": "another-lantern-by-the-quay",
        "refresh_token": owner.tokens["refresh_token"],
    }
    acting = owner
    if name.endswith(("/login", "/forgot")):
        values["email"] = owner.email
    if name.endswith("/verify-email"):
        values["token"] = _token_for_a_new_account(people)
    if "invitations" in name:
        values["token"] = people.token_of(people.mails(to=guest.email, template="invitation")[-1])
        acting = guest if name.endswith("/accept") else owner
    if name.endswith("/reset"):
        people.app.test_client().post("/api/auth/password/forgot", json={"email": owner.email})
        mail = people.mails(to=owner.email, template="reset_password")[-1]
        values |= {"token": people.token_of(mail), "password": "another-lantern-by-the-quay"}
    if name == "DELETE /api/auth/me":
        acting = guest
    if "/totp" in name:
        values["otp"] = _second_factor(owner, name=name)
    if "/browser/" not in name:
        return World(acting.headers, values)
    ours = {"X-Requested-With": "muster"}
    browser, body = people.app.test_client(), {"email": owner.email, "password": PASSWORD}
    cookie = browser.post("/api/auth/browser/login", json=body, headers=ours).headers["Set-Cookie"]
    named, _, token = cookie.partition(";")[0].partition("=")
    return World(ours, values, {named: token})


def _token_for_a_new_account(people: People) -> str:
    address = f"{new_id().hex}@example.test"
    people.register(address)
    return people.token_of(people.mails(to=address, template="verify_email")[-1])


def _second_factor(person: Person, *, name: str) -> str:
    """A code that holds: of an authenticator that waits for its first, or a recovery code."""
    if name == "POST /api/auth/totp":
        return ""
    secret = (person.post("/api/auth/totp", {"password": PASSWORD}).json or {})["secret"]
    code = pyotp.TOTP(secret).at(clock.now())
    if name.endswith("/confirm"):
        return code
    return str((person.post("/api/auth/totp/confirm", {"otp": code}).json or {})["recovery_codes"][0])


# -- notifications ------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def notifications() -> Iterator[Service]:
    """Notifications, with mails that were sent and one that came back."""
    with running_cluster() as cluster, contextlib.closing(Databases(cluster, worker="fuzz")) as databases:
        database, issuer = databases.get("notifications"), TestIssuer()
        config = make_settings(
            NotificationsSettings,
            database_url=database.url,
            link_secret=_SECRET,
            mail_from="Muster <no-reply@example.org>",
            local_mailbox_url="http://127.0.0.1:9/",
        )
        wiring = wire(config, service="notifications", keys=issuer.keys, auth=SilentAuth())
        desk = Desk(settings=config, wiring=wiring, database=database)
        empty = mock.Mock(**{"json.return_value": {"items": []}})
        with contextlib.closing(desk), mock.patch.object(mailbox_routes.requests, "get", return_value=empty):
            app = build_notifications(config, wiring)
            yield Service(app, lambda name: _notifications_world(desk, issuer, name=name))


def _notifications_world(desk: Desk, issuer: TestIssuer, *, name: str) -> World:
    org_id = new_id()
    desk.organization(org_id)
    owner = desk.member(org_id, role="owner")
    event = event_facts(org_id=org_id)
    # One mail arrived, another came back.
    desk.handle(assigned(event=event), assigned(event=event, email="gone@example.org"))
    for mail in desk.send():
        desk.event(ses("bounce", mail, **PERMANENT) if mail.recipient == "gone@example.org" else ses("delivery", mail))
    (delivery,) = desk.rows(
        "SELECT id, assignment_id FROM deliveries WHERE org_id = :org AND status = 'delivered'", org=org_id
    )
    (suppression,) = desk.rows("SELECT id FROM suppressions WHERE lane = :org", org=org_id)
    if name == "POST /u/{token}":
        desk.run("UPDATE deliveries SET template = 'crew_reminder' WHERE id = :id", id=delivery.id)
    values = {
        "org_id": str(org_id),
        "event_id": str(event.event_id),
        "assignment_id": str(delivery.assignment_id),
        "delivery_id": str(delivery.id),
        "suppression_id": str(suppression.id),
        "name": "crew_request",
        "token": _link("unsubscribe", str(delivery.id), version=1),
    }
    return World(issuer.headers(owner), values)


# -- media --------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def media() -> Iterator[Service]:
    """Media, with an event whose guests send photos."""
    with media_stage() as stage:
        yield Service(stage.app, lambda _: _media_world(stage.app, stage.database, stage.issuer))


def _media_world(app: Flask, database: Database, issuer: TestIssuer) -> World:
    people = MediaPeople(database=database, client=app.test_client(), issuer=issuer, event=make_facts())
    people.set_up()
    photo_id = make_ready(people)
    asked = people.ask_as_guest(b"x" * 1000).json or {}
    values = {
        "org_id": str(people.org_id),
        "event_id": str(people.event.event_id),
        "photo_id": photo_id,
        "code": people.event.guest_code,
        "receipt": asked["receipt"],
    }
    return World(people.owner, values)


SERVICES: Mapping[str, Callable[[], contextlib.AbstractContextManager[Service]]] = {
    "auth": auth,
    "events": events,
    "notifications": notifications,
    "media": media,
}
