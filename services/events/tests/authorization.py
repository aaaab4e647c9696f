"""Who may call which route of events, and the world in which it is tried."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import insert, text

from muster_events.app import build_app
from muster_events.config import EventsSettings
from muster_events.registrations.queries import LINK_AUDIENCE
from muster_shared import clock
from muster_shared.auth.links import mint
from muster_shared.auth.principal import SCOPES
from muster_shared.auth.tables import organizations
from muster_shared.db import Database
from muster_shared.ids import new_id
from muster_shared.testing.accounts import add_key, add_member
from muster_shared.testing.authorization import (
    EVERYBODY,
    LISTERS,
    MEMBERS,
    SERVICES,
    SIGNED_IN,
    STAFF,
    Actor,
    Link,
    World,
    as_service,
    row,
    spoiled_tokens,
    tampered,
)
from muster_shared.testing.settings import make_settings
from muster_shared.testing.tokens import TestIssuer
from muster_shared.wiring import wire
from services.events.tests.support import LINK_SECRET, AuthKnowsNobody, event_body, in_days

MARKER = "Zanzibar"
ATTENDEE, CREW = frozenset({Actor.ATTENDEE}), frozenset({Actor.CREW_LINK})
DOOR, TICKET = frozenset({Actor.STAFF_LINK}), frozenset({Actor.TICKET})
HELD, FEED = frozenset({Actor.REGISTRATION_LINK}), frozenset({Actor.FEED})
E = "/api/events"
OWN = f"{E}/<uuid:event_id>"  # an event of the organisation
T = "/t/staff/<token>"
HOOK = f"{E}/webhooks/<uuid:webhook_id>"
ONE = f"{OWN}/registrations/<uuid:registration_id>"
MEMBER = "/api/crew/<uuid:crew_member_id>"
PLACE = f"{OWN}/assignments/<uuid:assignment_id>"
ORG = {"org_id": "<org_id>"}
EVENT = event_body(**ORG)
ENTRY = {
    **ORG,
    "title": f"Haul-out in {MARKER}",
    "starts_at": in_days(5).isoformat(),
    "ends_at": in_days(6).isoformat(),
    "timezone": "Europe/Athens",
}
PHOTO = {"filename": "a.jpg", "content_type": "image/jpeg", "size": 1, "purpose": "job_before"}
# The event is private: to whoever may not know of it, it is not there.
TABLE = [
    row(f"GET {E}", EVERYBODY, 200),
    row(f"POST {E}", STAFF, 201, EVENT),
    row(f"POST {E}/series", STAFF, 201, {**EVENT, "rrule": "FREQ=DAILY;COUNT=2"}),
    row(f"GET {E}/mine", LISTERS, 200),
    row(f"GET {OWN}", STAFF | ATTENDEE, 200, scope="events:read"),
    row(f"PATCH {OWN}", STAFF, 200, {"title": "Other"}),
    row(f"DELETE {OWN}", STAFF, (204, 404)),
    row(f"POST {OWN}/publish", STAFF, (200, 409)),
    row(f"POST {OWN}/cancel", STAFF, 200, {}),
    row(f"POST {OWN}/complete", STAFF, 200),
    row(f"POST {OWN}/duplicate", STAFF, 201, {}),
    row(f"GET {OWN}/log", STAFF, 200),
    row(f"GET {OWN}/page-qr.svg", STAFF, 200),
    row(f"GET {OWN}/finance", STAFF, 200),
    row(f"PUT {OWN}/finance", STAFF, 200, {"currency": "EUR"}),
    row(
        f"POST {OWN}/registrations",
        STAFF,
        (201, 409),
        {"name": "Eve", "email": "eve@example.org"},
        scope="events:write",
    ),
    row(f"GET {OWN}/registrations", STAFF, 200),
    row(f"DELETE {ONE}", STAFF, 200),
    row(f"POST {ONE}/resend", STAFF, 202),
    row(f"GET {OWN}/registrations/me", ATTENDEE, 200),
    row(f"DELETE {OWN}/registrations/me", ATTENDEE, 200),
    row(f"GET {E}/registered", SIGNED_IN, 200),
    row(f"GET {E}/registrations/<token>", HELD, 200),
    row(f"DELETE {E}/registrations/<token>", HELD, 200),
    row(f"POST {OWN}/check-ins", STAFF, (200, 409), {"code": "<code>"}),
    row(f"DELETE {OWN}/check-ins/<uuid:registration_id>", STAFF, (200, 404)),
    row(f"POST {OWN}/staff-links", STAFF, 201, {"label": "Gate"}),
    row(f"GET {OWN}/staff-links", STAFF, 200),
    row(f"DELETE {OWN}/staff-links/<uuid:link_id>", STAFF, (204, 404)),
    row("GET /t/staff/worker.js", EVERYBODY, 200),
    row(f"GET {T}", DOOR, 200),
    row(f"GET {T}/tickets", DOOR, 200),
    row(f"POST {T}/check-ins", DOOR, 200, {"code": "<code>"}),
    row(f"DELETE {T}/check-ins/<uuid:registration_id>", DOOR, 200),
    row(f"POST {T}/sync", DOOR, 200, {"scans": []}),
    row("GET /t/<code>", TICKET, 200),
    row("GET /t/<code>.svg", TICKET, 200),
    row("GET /t/<code>.ics", TICKET, 200),
    row(f"POST {E}/webhooks", STAFF, 201, {**ORG, "url": "https://127.0.0.1/"}),
    row(f"GET {E}/webhooks", LISTERS, 200),
    row(f"DELETE {HOOK}", STAFF, (204, 404)),
    row(f"GET {HOOK}/deliveries", STAFF, 200),
    row(f"POST {HOOK}/deliveries/<uuid:delivery_id>/replay", STAFF, 202),
    row("GET /api/calendar/entries", LISTERS, 200),
    row("POST /api/calendar/entries", STAFF, 201, ENTRY),
    row("DELETE /api/calendar/entries/<uuid:entry_id>", STAFF, (204, 404, 409)),
    row("POST /api/calendar/feeds", MEMBERS, 201, ORG),
    row("GET /api/calendar/feeds", SIGNED_IN, 200),
    row("DELETE /api/calendar/feeds/<uuid:feed_id>", MEMBERS, (204, 404)),
    row("GET /calendar/<token>.ics", FEED, 200),
    row("GET /api/crew", LISTERS, 200),
    row("POST /api/crew", STAFF, (201, 409), {**ORG, "name": "Nora", "email": "nora@example.org"}),
    row("POST /api/crew/import", STAFF, 200, query="org_id=<org_id>", table="name,email\nAda,a@example.org\n"),
    row(f"GET {MEMBER}", STAFF, 200),
    row(f"PATCH {MEMBER}", STAFF, 200, {"name": "Free again"}),
    row(f"DELETE {MEMBER}", STAFF, (204, 404)),
    row(f"GET {MEMBER}/record", STAFF, 200),
    row(f"GET {OWN}/assignments", STAFF, 200),
    row(f"POST {OWN}/assignments", STAFF, (201, 409), {"crew_member_id": "<crew_member_id>", "role": "Cook"}),
    row(f"GET {PLACE}", STAFF, 200),
    row(f"PATCH {PLACE}", STAFF, 200, {"role": "Deckhand"}),
    row(f"DELETE {PLACE}", STAFF, (204, 404)),
    row(f"POST {PLACE}/remind", STAFF, 202),
    row(f"GET {PLACE}/history", STAFF, 200),
    row(f"GET {OWN}/shot-list", STAFF, 200),
    row(f"PUT {OWN}/shot-list", STAFF, 200, {"before": 0, "after": 0}),
    row("GET /api/crew/links/<token>", CREW, 200),
    row("GET /c/<token>", CREW, 200),
    row("POST /c/<token>/confirm", CREW, 200, {}),
    row("POST /c/<token>/decline", CREW, 200, {}),
    row("POST /c/<token>/status", CREW, 200, {"status": "on_my_way"}),
    # Who may gets as far as asking media, which is not there.
    row("POST /c/<token>/photos", CREW, 503, PHOTO),
    row("GET /internal/events/<uuid:event_id>", SERVICES, 200),
    row("GET /internal/guest-pages/<code>", SERVICES, 200),
]
# What operators change without an entry in the audit log, and why.
UNRECORDED = {f"POST {OWN}/check-ins": "the door keeps a log of its own, of every admission"}


def make_app(database: Database, issuer: TestIssuer) -> Flask:
    """The service on `database`; nobody answers at auth or media."""
    settings = make_settings(
        EventsSettings,
        database_url=database.url,
        link_secret=LINK_SECRET,
        media_url="http://127.0.0.1:9",
        webhook_allow_private=True,
    )
    return build_app(settings, wire(settings, service="events", keys=issuer.keys, auth=AuthKnowsNobody()))


class _Maker:
    """Makes things through the API as the owner of an organisation."""

    def __init__(self, app: Flask, database: Database, issuer: TestIssuer) -> None:
        self.client = app.test_client()
        self.org_id = new_id()
        with database.transaction() as session:
            name = f"org-{self.org_id}"
            session.execute(insert(organizations).values(id=self.org_id, name=MARKER, slug=name, version=1))
        self.owner_id = add_member(database, self.org_id, role="owner")
        self.owner = issuer.headers(self.owner_id)

    def make(self, path: str, **body: Any) -> dict[str, Any]:
        """POSTs it. What is made of an organisation's names its own."""
        answer = self.client.post(path, json=body, headers=self.owner)
        assert answer.status_code < 300, (path, answer.text)
        made: dict[str, Any] = answer.get_json()
        return made

    def event(self, **changes: Any) -> dict[str, Any]:
        """A private job in two hours."""
        starts_at = (clock.now() + timedelta(hours=2)).isoformat()
        body = event_body(org_id=str(self.org_id), kind="job", title=MARKER, visibility="private", starts_at=starts_at)
        return self.make(E, **{**body, **changes})


def make_world(app: Flask, database: Database, issuer: TestIssuer, *, route: str) -> World:
    """An organisation with one of everything, as `route` needs it, and another one."""
    ours, theirs = _Maker(app, database, issuer), _Maker(app, database, issuer)
    org = {"org_id": str(ours.org_id)}
    busy, free = (
        ours.make("/api/crew", **org, name=f"{name} {MARKER}", email=f"{name}@example.org")["id"]
        for name in ("kostas", "maria")
    )
    event = ours.event(
        crew=[{"crew_member_id": busy, "role": "Driver"}],
        finance={"currency": "EUR", "revenue": 5},
        publish=route not in {f"DELETE {OWN}", f"POST {OWN}/publish"},
    )
    place = event["crew"][0]
    values = {
        **org,
        "event_id": event["id"],
        "assignment_id": place["id"],
        "crew_member_id": free,
        "entry_id": ours.make("/api/calendar/entries", **{**ENTRY, **org})["id"],
        **_webhook(database, ours.org_id),
    }
    attendee, staff = new_id(), issuer.headers(add_member(database, ours.org_id), name="Bob")
    links = {
        Actor.CREW_LINK: _capability("crew-link", place["id"]),
        Actor.FEED: _feed(ours, values),
        **(_around_a_published(ours, theirs, database, values, attendee) if event["status"] == "published" else {}),
    }
    if "guest-pages" in route:
        values["code"] = event["guest_page"]["code"]
    _get_ready(ours, database, links, values, route=route)
    return World(
        app=app,
        credentials={
            **spoiled_tokens(issuer, ours.owner_id),
            Actor.NOBODY: issuer.headers(new_id(), name="Eve"),
            Actor.ATTENDEE: issuer.headers(attendee, name="Ada"),
            Actor.MANAGER: staff,
            Actor.OWNER: ours.owner,
            Actor.FOREIGN_MANAGER: issuer.headers(add_member(database, theirs.org_id)),
            Actor.FOREIGN_OWNER: theirs.owner,
            Actor.FOREIGN_KEY: add_key(database, theirs.org_id, *SCOPES),
            Actor.SERVICE: as_service("media"),
        },
        keys={scope: add_key(database, ours.org_id, scope) for scope in sorted(SCOPES)},
        values=values,
        marker=MARKER,
        links=links,
    )


def _around_a_published(
    ours: _Maker, theirs: _Maker, database: Database, values: dict[str, str], attendee: UUID
) -> dict[Actor, Link]:
    """A registration, whose holder has an account, and a link for the door; adds to `values`."""
    base = f"{E}/{values['event_id']}"
    held = ours.make(f"{base}/registrations", name=f"Ada {MARKER}", email="ada@example.org")
    door = ours.make(f"{base}/staff-links", label="Gate")
    foreign = theirs.make(f"{E}/{theirs.event(title='Elsewhere')['id']}/staff-links", label="Gate")
    values |= {"registration_id": held["id"], "code": held["ticket"]["code"], "link_id": door["id"]}
    _run(database, "UPDATE registrations SET user_id = :user WHERE id = :id", user=attendee, id=held["id"])
    token, code = _last(door["url"]), values["code"]
    return {
        Actor.REGISTRATION_LINK: _capability(LINK_AUDIENCE, held["id"]),
        Actor.TICKET: Link("code", code, {"tampered": tampered(code)}),
        Actor.STAFF_LINK: Link("token", token, {"tampered": tampered(token)}, foreign=_last(foreign["url"])),
    }


def _feed(ours: _Maker, values: dict[str, str]) -> Link:
    feed = ours.make("/api/calendar/feeds", org_id=str(ours.org_id), label=MARKER)
    values["feed_id"] = feed["id"]
    token = _last(feed["url"]).removesuffix(".ics")
    return Link("token", token, {"tampered": tampered(token)})


def _get_ready(
    ours: _Maker, database: Database, links: dict[Actor, Link], values: dict[str, str], *, route: str
) -> None:
    """Brings about what a route needs to have happened before."""
    if route.endswith(("/status", "/c/<token>/photos")):
        ours.make(f"/c/{links[Actor.CREW_LINK].good}/confirm")
    if "DELETE" in route and "check-ins" in route:
        ours.make(f"{E}/{values['event_id']}/check-ins", code=values["code"])
    if route.endswith("/complete"):
        ours.client.put(f"{E}/{values['event_id']}/shot-list", json={"before": 0, "after": 0}, headers=ours.owner)
        earlier = "starts_at = starts_at - interval '1 day', ends_at = ends_at - interval '1 day'"
        _run(database, f"UPDATE events SET {earlier} WHERE id = :id", id=values["event_id"])


def _webhook(database: Database, org_id: UUID) -> dict[str, str]:
    """A webhook with a delivery."""
    ids = {"webhook_id": new_id(), "delivery_id": new_id()}
    _run(
        database,
        "INSERT INTO webhooks (id, org_id, url, description, secret, created_by, created_at)"
        " VALUES (:webhook_id, :org_id, 'https://example.org/', :marker, 'x', 'test', now())",
        **ids,
        org_id=org_id,
        marker=MARKER,
    )
    _run(
        database,
        "INSERT INTO webhook_deliveries (id, org_id, webhook_id, type, payload, created_at)"
        " VALUES (:delivery_id, :org_id, :webhook_id, 'event.created', '{}', now())",
        **ids,
        org_id=org_id,
    )
    return {name: str(value) for name, value in ids.items()}


def _run(database: Database, statement: str, **names: Any) -> None:
    with database.transaction() as session:
        session.execute(text(statement), names)


def _capability(audience: str, subject: str) -> Link:
    """A signed link; spoiled are one that expired, one for an earlier holder, and one that was tampered with."""

    def token(*, ends_at: datetime, version: int = 1) -> str:
        return mint(secret=LINK_SECRET, audience=audience, subject=UUID(subject), version=version, expires_at=ends_at)

    later, earlier = clock.now() + timedelta(days=9), clock.now() - timedelta(minutes=1)
    good = token(ends_at=later)
    spoiled = {
        "expired": token(ends_at=earlier),
        "former": token(ends_at=later, version=7),
        "tampered": tampered(good),
    }
    return Link("token", good, spoiled)


def _last(url: str) -> str:
    return url.rsplit("/", 1)[1]
