"""HTTP of admission: for staff with an account, for keys, and for the holders of a staff link."""

import base64
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from muster_events.checkins import use_cases
from muster_events.checkins.schemas import (
    CheckInBody,
    CheckInView,
    DoorView,
    NewStaffLink,
    NewStaffLinkView,
    StaffLinkView,
    SyncBody,
    SyncView,
    UndoneView,
)
from muster_events.checkins.use_cases import Door
from muster_events.errors import StaffLinkNotFound
from muster_events.events.access import staff_event
from muster_events.pages.qr import qr_svg
from muster_events.pages.small import missing_page, staff_page
from muster_events.parts import EventsParts
from muster_shared.auth import Principal
from muster_shared.auth.guards import public, scoped
from muster_shared.web import Answer, Page, Routes
from muster_shared.web.app import part
from muster_shared.web.html import html_response

routes = Routes("check_ins", prefix="/api/events/<uuid:event_id>", tag="check-ins")
link_routes = Routes("staff_link", prefix="/t/staff", tag="check-ins")

_SYNC_BYTES = 512 * 1024


def _door(session: Session, event_id: UUID, principal: Principal) -> Door:
    event = staff_event(session, part(EventsParts).memberships, principal, event_id)
    return Door(event=event, by=principal.name or principal.label)


@routes.post("/check-ins", guard=scoped("events:write"), body=CheckInBody, answers={200: CheckInView}, idempotent=True)
def check_in(*, event_id: UUID, body: CheckInBody, session: Session, principal: Principal) -> CheckInView:
    """Let the holder of a ticket in; 409 says when and by whom it was used before"""
    door = _door(session, event_id, principal)
    return use_cases.check_in(session, door, code=body.code, scan_id=body.scan_id, at=body.at)


@routes.delete("/check-ins/<uuid:registration_id>", guard=scoped("events:write"), answers={200: UndoneView})
def undo_check_in(*, event_id: UUID, registration_id: UUID, session: Session, principal: Principal) -> UndoneView:
    """Take a check-in back"""
    door = _door(session, event_id, principal)
    return use_cases.undo(session, door, registration_id=registration_id, actor=principal)


@routes.post(
    "/staff-links",
    guard=scoped("events:write"),
    body=NewStaffLink,
    answers={201: NewStaffLinkView},
    idempotent=True,
    sensitive=True,
)
def create_staff_link(*, event_id: UUID, body: NewStaffLink, session: Session, principal: Principal) -> Answer:
    """Make a link for the door that needs no account; its address is shown once"""
    parts = part(EventsParts)
    event = staff_event(session, parts.memberships, principal, event_id)
    link, token = use_cases.create_staff_link(
        session, event=event, actor=principal, label=body.label, expires_at=body.expires_at
    )
    url = f"{parts.settings.public_origin}/t/staff/{token}"
    drawing = "data:image/svg+xml;base64," + base64.b64encode(qr_svg(url)).decode()
    return Answer(NewStaffLinkView(**link.model_dump(), url=url, qr_svg=drawing), status=201)


@routes.get("/staff-links", guard=scoped("events:read"), answers={200: Page[StaffLinkView]})
def list_staff_links(*, event_id: UUID, session: Session, principal: Principal) -> Answer:
    """The links of an event's door"""
    event = staff_event(session, part(EventsParts).memberships, principal, event_id)
    found = use_cases.staff_links_of(session, event)
    return Answer({"items": [link.model_dump(mode="json") for link in found], "next_cursor": None})


@routes.delete("/staff-links/<uuid:link_id>", guard=scoped("events:write"))
def revoke_staff_link(*, event_id: UUID, link_id: UUID, session: Session, principal: Principal) -> Answer:
    """End a link at once"""
    event = staff_event(session, part(EventsParts).memberships, principal, event_id)
    use_cases.revoke_staff_link(session, event=event, actor=principal, link_id=link_id)
    return Answer(None, status=204)


@link_routes.page("/worker.js", guard=public())
def door_worker() -> Response:
    """What keeps the door's page for a reload without a connection; of its folder, for it reaches no further"""
    response = Response('importScripts("/pages/checkin-worker.js");\n', mimetype="text/javascript")
    response.headers["Content-Security-Policy"] = "default-src 'none'; script-src 'self'; connect-src 'self'"
    return response


@link_routes.page("/<token>", guard=public())
def open_staff_link(*, token: str, session: Session) -> Response:
    """The page of the door"""
    try:
        door = use_cases.door_by_link(session, token)
    except StaffLinkNotFound as problem:
        page = missing_page(
            title="This link opens no door",
            text="It has ended or is not whole. Whoever runs the event can make you a new one.",
        )
        return html_response(page, status=problem.status)
    return html_response(staff_page(door.event, token=token, label=door.by), cache_control="no-cache")


@link_routes.get("/<token>/tickets", guard=public(), answers={200: DoorView}, hidden=True)
def link_tickets(*, token: str, session: Session) -> DoorView:
    """The guest list, for a device that will be offline"""
    return use_cases.guest_list(session, use_cases.door_by_link(session, token).event)


@link_routes.post("/<token>/check-ins", guard=public(), body=CheckInBody, answers={200: CheckInView}, hidden=True)
def link_check_in(*, token: str, body: CheckInBody, session: Session) -> CheckInView:
    """Let the holder of a ticket in"""
    door = use_cases.door_by_link(session, token)
    return use_cases.check_in(session, door, code=body.code, scan_id=body.scan_id, at=body.at)


@link_routes.delete("/<token>/check-ins/<uuid:registration_id>", guard=public(), answers={200: UndoneView}, hidden=True)
def link_undo(*, token: str, registration_id: UUID, session: Session) -> UndoneView:
    """Take a check-in back"""
    return use_cases.undo(session, use_cases.door_by_link(session, token), registration_id=registration_id)


@link_routes.post(
    "/<token>/sync",
    guard=public(),
    body=SyncBody,
    answers={200: SyncView},
    hidden=True,
    max_body_bytes=_SYNC_BYTES,
)
def link_sync(*, token: str, body: SyncBody, session: Session) -> SyncView:
    """Take over scans made offline"""
    return SyncView(results=use_cases.sync(session, use_cases.door_by_link(session, token), body.scans))
