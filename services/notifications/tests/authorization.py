"""Who may call which route of notifications, and the world in which it is tried."""

from datetime import timedelta

from flask import Flask

from muster_notifications.app import build_app
from muster_shared import clock
from muster_shared.auth import links
from muster_shared.auth.principal import SCOPES
from muster_shared.ids import new_id
from muster_shared.messages.events import RegistrationChanged
from muster_shared.testing.accounts import add_key, add_member
from muster_shared.testing.authorization import (
    EVERYBODY,
    LISTERS,
    MEMBERS,
    Actor,
    Link,
    World,
    as_service,
    row,
    spoiled_tokens,
    tampered,
)
from muster_shared.testing.tokens import TestIssuer
from services.notifications.tests.support import LINK_SECRET, PERMANENT, Desk, event_facts, ses

MARKER = "zanzibar"
BASE = "/api/notifications"
READERS = MEMBERS | {Actor.KEY}
UNSUBSCRIBER = frozenset({Actor.UNSUBSCRIBE_LINK})
TABLE = [
    row(f"GET {BASE}", LISTERS, 200),
    row(f"GET {BASE}/<uuid:delivery_id>", READERS, 200),
    # Whoever is first has it sent again; then it is on its way.
    row(f"POST {BASE}/<uuid:delivery_id>/resend", MEMBERS, (201, 409)),
    row(f"GET {BASE}/suppressions", LISTERS, 200),
    row(f"DELETE {BASE}/suppressions/<uuid:suppression_id>", MEMBERS, (204, 404)),
    row(f"GET {BASE}/templates", LISTERS, 200),
    row(f"GET {BASE}/templates/<name>/preview", LISTERS, 200),
    # There where the stand-in for SES is, and nowhere else.
    row(f"GET {BASE}/outbox", EVERYBODY, 404),
    row("GET /u/<token>", UNSUBSCRIBER, 200),
    row("POST /u/<token>", UNSUBSCRIBER, 200),
]
UNRECORDED: dict[str, str] = {}


def make_app(desk: Desk) -> Flask:
    """The service at whose desk we are."""
    return build_app(desk.settings, desk.wiring)


def make_world(desk: Desk, issuer: TestIssuer, *, route: str) -> World:
    """An organisation with a mail that came back, and another organisation."""
    org_id, other = new_id(), new_id()
    desk.organization(org_id, name=MARKER)
    desk.handle(
        RegistrationChanged(
            event=event_facts(org_id=org_id),
            registration_id=new_id(),
            link_version=1,
            name="Gil",
            email=f"{MARKER}@guest.test",
            status="confirmed",
            reason="event_changed",
            request_key="first",
        )
    )
    (mail,) = desk.send()
    delivery = desk.rows("SELECT id FROM deliveries WHERE org_id = :org", org=org_id)[0].id
    suppression = new_id()
    if "suppressions" in route:
        desk.event(ses("bounce", mail, **PERMANENT))
        suppression = desk.rows("SELECT id FROM suppressions WHERE lane = :org", org=org_id)[0].id
    else:
        desk.event(ses("delivery", mail))
    owner = add_member(desk.database, org_id, role="owner")
    now = clock.now()

    def token(*, days: float) -> str:
        return links.mint(
            secret=LINK_SECRET,
            audience="unsubscribe",
            subject=delivery,
            version=1,
            expires_at=now + timedelta(days=days),
        )

    good = token(days=9)
    return World(
        app=make_app(desk),
        credentials={
            **spoiled_tokens(issuer, owner),
            Actor.NOBODY: issuer.headers(new_id()),
            Actor.MANAGER: issuer.headers(add_member(desk.database, org_id)),
            Actor.OWNER: issuer.headers(owner),
            Actor.FOREIGN_MANAGER: issuer.headers(add_member(desk.database, other)),
            Actor.FOREIGN_OWNER: issuer.headers(add_member(desk.database, other, role="owner")),
            Actor.FOREIGN_KEY: add_key(desk.database, other, *SCOPES),
            Actor.SERVICE: as_service("events"),
        },
        keys={scope: add_key(desk.database, org_id, scope) for scope in sorted(SCOPES)},
        values={"delivery_id": str(delivery), "suppression_id": str(suppression), "name": "invitation"},
        marker=MARKER,
        links={Actor.UNSUBSCRIBE_LINK: Link("token", good, {"expired": token(days=-1), "tampered": tampered(good)})},
    )
