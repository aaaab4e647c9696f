"""The worlds of auth, notifications and media for `fuzz`."""

import contextlib
from collections.abc import Iterator
from unittest import mock

import pyotp
from flask import Flask
from sqlalchemy import text

from muster_notifications.app import build_app as build_notifications
from muster_notifications.config import NotificationsSettings
from muster_notifications.mailbox import routes as mailbox_routes
from muster_shared import clock
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
from tests.experiments.fuzz_worlds import LINK_SECRET, Service, World, link
from tests.experiments.media_stage import media_stage


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
            link_secret=LINK_SECRET,
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
        "token": link("unsubscribe", str(delivery.id), version=1),
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
