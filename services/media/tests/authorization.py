"""Who may call which route of media, and the world in which it is tried."""

from flask import Flask

from muster_shared.auth.principal import SCOPES
from muster_shared.ids import new_id
from muster_shared.testing.accounts import add_key, add_member
from muster_shared.testing.authorization import (
    SERVICES,
    STAFF,
    Actor,
    Link,
    World,
    as_service,
    row,
    spoiled_tokens,
    tampered,
)
from services.media.tests.support import Stage, make_facts, make_ready

MARKER = "Zanzibar"
GUEST = frozenset({Actor.GUEST_LINK})
PAGE = "/api/media/guest/<string:code>"
PHOTO = "/api/media/photos/<uuid:photo_id>"
ALBUM = "/api/media/albums/<uuid:event_id>"
FILE = {"filename": "a.jpg", "content_type": "image/jpeg", "size": 1000}
OF_CREW = {
    **FILE,
    "event_id": "<event_id>",
    "org_id": "<org_id>",
    "uploaded_by": {"type": "crew", "name": "K", "assignment_id": "<event_id>"},
    "request_key": "k",
}
TABLE = [
    row("POST /api/media/uploads", STAFF, 201, {**FILE, "event_id": "<event_id>"}),
    row("GET /api/media/photos", STAFF, 200, query="event_id=<event_id>"),
    row(f"GET {PHOTO}", STAFF, 200),
    row(f"PATCH {PHOTO}", STAFF, 200, {"caption": "x"}),
    row(f"DELETE {PHOTO}", STAFF, (204, 404)),
    row(f"POST {ALBUM}", STAFF, 202, query="evidence=true"),
    row(f"GET {ALBUM}", STAFF, 200, query="evidence=true"),
    row(f"GET {PAGE}", GUEST, 200),
    row(f"POST {PAGE}/uploads", GUEST, 201, FILE),
    row(f"GET {PAGE}/photos", GUEST, 200),
    row(f"DELETE {PAGE}/photos/<string:receipt>", GUEST, 204),
    row(f"POST {PAGE}/photos/<uuid:photo_id>/report", GUEST, 204, {"reason": "other"}),
    row(f"GET {PAGE}/album", GUEST, 200),
    row("POST /internal/uploads", SERVICES, 201, OF_CREW),
]
# What operators change without an entry in the audit log, and why.
UNRECORDED = {"POST /api/media/uploads": "a photo carries for good who sent it, and when"}


def make_world(app: Flask, stage: Stage) -> World:
    """The stage's organisation with a photo of a guest's, and another one with a page of its own."""
    stage.change_event(title=MARKER)
    elsewhere = make_facts()
    stage.keep(elsewhere)
    other = elsewhere.org_id
    receipt = stage.ask_as_guest(b"x" * 1000).json["receipt"]
    code = str(stage.event.guest_code)
    return World(
        app=app,
        credentials={
            **spoiled_tokens(stage.issuer, stage.alice),
            Actor.NOBODY: stage.issuer.headers(new_id()),
            Actor.MANAGER: stage.issuer.headers(stage.bob),
            Actor.OWNER: stage.owner,
            Actor.FOREIGN_MANAGER: stage.issuer.headers(add_member(stage.database, other)),
            Actor.FOREIGN_OWNER: stage.issuer.headers(add_member(stage.database, other, role="owner")),
            Actor.FOREIGN_KEY: add_key(stage.database, other, *SCOPES),
            Actor.SERVICE: as_service("events"),
        },
        keys={scope: add_key(stage.database, stage.org_id, scope) for scope in sorted(SCOPES)},
        values={
            "org_id": str(stage.org_id),
            "event_id": str(stage.event.event_id),
            "photo_id": make_ready(stage, uploader_name=MARKER),
            "receipt": receipt,
        },
        marker=MARKER,
        links={Actor.GUEST_LINK: Link("code", code, {"tampered": tampered(code)}, foreign=elsewhere.guest_code)},
    )
