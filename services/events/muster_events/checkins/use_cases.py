"""Letting people in, once each; and the links by which helpers at the door do it."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from muster_events.audit import audit
from muster_events.checkins.schemas import (
    CheckInView,
    DoorTicket,
    DoorView,
    Scan,
    ScanResult,
    StaffLinkView,
    UndoneView,
)
from muster_events.errors import (
    AlreadyCheckedIn,
    RegistrationNotFound,
    StaffLinkNotFound,
    TicketNotFound,
    TicketNotValid,
    WrongState,
)
from muster_events.events.codes import read_ticket_code
from muster_events.events.models import Event, Status
from muster_events.webhooks.announce import announce
from muster_shared import clock
from muster_shared.auth.principal import Principal
from muster_shared.clock import rfc3339
from muster_shared.ids import new_id
from muster_shared.problems import Invalid

_LINK_OUTLIVES_EVENT = timedelta(days=1)
_LONGEST_LINK = timedelta(days=400)

# Of two devices that scan one ticket at once exactly one gets the row.
_CHECK_IN = text(
    "UPDATE registrations SET checked_in_at = :at, checked_in_by = :by, check_in_scan = :scan, updated_at = :now"
    " WHERE ticket_code = :code AND event_id = :event_id AND status = 'confirmed' AND checked_in_at IS NULL"
    " RETURNING id, name, checked_in_at, checked_in_by"
)
_TICKET = text(
    "SELECT id, name, status, checked_in_at, checked_in_by, check_in_scan FROM registrations"
    " WHERE ticket_code = :code AND event_id = :event_id"
)
_UNDO = text(
    "UPDATE registrations SET checked_in_at = NULL, checked_in_by = NULL, check_in_scan = NULL, updated_at = :now"
    " WHERE id = :id AND event_id = :event_id AND checked_in_at IS NOT NULL RETURNING id, name"
)
_LOG = text(
    "INSERT INTO check_in_log (id, org_id, event_id, registration_id, action, by_whom, at, recorded_at)"
    " VALUES (:id, :org_id, :event_id, :registration_id, :action, :by, :at, :now)"
)
_TICKETS = text(
    "SELECT ticket_code, name, checked_in_at, checked_in_by FROM registrations"
    " WHERE event_id = :event_id AND status = 'confirmed' ORDER BY id"
)
_INSERT_LINK = text(
    "INSERT INTO staff_links (id, org_id, event_id, label, token_hash, expires_at, created_by, created_at)"
    " VALUES (:id, :org_id, :event_id, :label, :token_hash, :expires_at, :created_by, :now)"
)
_LINKS = text(
    "SELECT id, label, expires_at, created_at, revoked_at FROM staff_links WHERE event_id = :event_id ORDER BY id"
    " LIMIT 200"
)
_REVOKE = text(
    "UPDATE staff_links SET revoked_at = :now WHERE id = :id AND event_id = :event_id AND revoked_at IS NULL"
    " RETURNING id"
)
_LINK = text(
    "SELECT event_id, label FROM staff_links WHERE token_hash = :hash AND revoked_at IS NULL AND expires_at > :now"
)


@dataclass(frozen=True)
class Door:
    """Who stands at which door: a member, a key, or the holder of a staff link."""

    event: Event
    by: str


def check_in(
    session: Session, door: Door, *, code: str, scan_id: UUID | None = None, at: datetime | None = None
) -> CheckInView:
    """Lets the holder of a ticket in. The same scan sent again gives the same answer.

    Raises `TicketNotFound`, `TicketNotValid` for who waits or has cancelled, `AlreadyCheckedIn` saying when and by
    whom, and `WrongState` for an event that was called off.
    """
    if door.event.status not in {Status.PUBLISHED, Status.COMPLETED}:
        raise WrongState("nobody is let in to an event that is not on")
    now = clock.now()
    # A device's clock may be wrong, but not in the future.
    when = min(at, now) if at is not None else now
    names = {"code": read_ticket_code(code), "event_id": door.event.id}
    values = {**names, "at": when, "by": door.by, "scan": scan_id, "now": now}
    row = session.execute(_CHECK_IN, values).first()
    if row is None:
        return _why_not(session, names, scan_id)
    _log(session, door, row.id, action="checked_in", at=when)
    view = CheckInView(
        registration_id=row.id, name=row.name, checked_in_at=row.checked_in_at, checked_in_by=row.checked_in_by
    )
    announce(
        session,
        org_id=door.event.org_id,
        kind="check_in.created",
        data={"event_id": door.event.id, **view.model_dump(mode="json")},
    )
    return view


def _why_not(session: Session, names: dict[str, object], scan_id: UUID | None) -> CheckInView:
    row = session.execute(_TICKET, names).first()
    if row is None:
        raise TicketNotFound
    if row.checked_in_at is None:
        raise TicketNotValid(f"the registration is {row.status}")
    if scan_id is not None and row.check_in_scan == scan_id:
        return CheckInView(
            registration_id=row.id, name=row.name, checked_in_at=row.checked_in_at, checked_in_by=row.checked_in_by
        )
    raise AlreadyCheckedIn(
        f"let in at {rfc3339(row.checked_in_at)} by {row.checked_in_by}",
        extra={
            "registration_id": str(row.id),
            "name": row.name,
            "checked_in_at": rfc3339(row.checked_in_at),
            "checked_in_by": row.checked_in_by,
        },
    )


def sync(session: Session, door: Door, scans: list[Scan]) -> list[ScanResult]:
    """Takes over scans made offline, in their order; one that is wrong does not stop the others."""
    return [_synced(session, door, scan) for scan in scans]


def _synced(session: Session, door: Door, scan: Scan) -> ScanResult:
    nobody = {"name": None, "checked_in_at": None, "checked_in_by": None}
    try:
        view = check_in(session, door, code=scan.code, scan_id=scan.scan_id, at=scan.at)
    except TicketNotFound:
        return ScanResult(scan_id=scan.scan_id, outcome="unknown", **nobody)
    except (TicketNotValid, WrongState):
        return ScanResult(scan_id=scan.scan_id, outcome="not_valid", **nobody)
    except AlreadyCheckedIn as already:
        return ScanResult.model_validate({"scan_id": scan.scan_id, "outcome": "already", **already.extra}, strict=False)
    return ScanResult(
        scan_id=scan.scan_id,
        outcome="checked_in",
        name=view.name,
        checked_in_at=view.checked_in_at,
        checked_in_by=view.checked_in_by,
    )


def undo(session: Session, door: Door, *, registration_id: UUID, actor: Principal | None = None) -> UndoneView:
    """Takes a check-in back; `actor` is None at a staff link. Raises `RegistrationNotFound` for who was not let in."""
    now = clock.now()
    names = {"id": registration_id, "event_id": door.event.id, "now": now}
    row = session.execute(_UNDO, names).first()
    if row is None:
        raise RegistrationNotFound
    _log(session, door, row.id, action="undone", at=now)
    data = {"event_id": door.event.id, "registration_id": row.id, "name": row.name}
    announce(session, org_id=door.event.org_id, kind="check_in.undone", data=data)
    if actor is not None:
        _note(session, actor, "check_in.undone", target_id=row.id, event=door.event)
    return UndoneView(registration_id=row.id, name=row.name)


def _log(session: Session, door: Door, registration_id: UUID, *, action: str, at: datetime) -> None:
    session.execute(
        _LOG,
        {
            "id": new_id(),
            "org_id": door.event.org_id,
            "event_id": door.event.id,
            "registration_id": registration_id,
            "action": action,
            "by": door.by,
            "at": at,
            "now": clock.now(),
        },
    )


def guest_list(session: Session, event: Event) -> DoorView:
    """Everybody who may come in, with codes only as hashes."""
    rows = session.execute(_TICKETS, {"event_id": event.id}).all()
    return DoorView(
        event_id=event.id,
        title=event.title,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        timezone=event.timezone,
        checked_in_count=sum(1 for row in rows if row.checked_in_at is not None),
        tickets=[
            DoorTicket(
                code_sha256=hashlib.sha256(row.ticket_code.encode()).hexdigest(),
                name=row.name,
                checked_in_at=row.checked_in_at,
                checked_in_by=row.checked_in_by,
            )
            for row in rows
        ],
    )


def create_staff_link(
    session: Session, *, event: Event, actor: Principal, label: str, expires_at: datetime | None
) -> tuple[StaffLinkView, str]:
    """Makes a link for the door, kept only as a hash; returns it and its token."""
    now = clock.now()
    until = expires_at or max(event.ends_at, now) + _LINK_OUTLIVES_EVENT
    if not now < until <= now + _LONGEST_LINK:
        raise Invalid.field("/expires_at", "must lie ahead, by at most 400 days")
    token = secrets.token_urlsafe(32)
    link = StaffLinkView(id=new_id(), label=label, expires_at=until, created_at=now, revoked_at=None)
    session.execute(
        _INSERT_LINK,
        {
            "id": link.id,
            "org_id": event.org_id,
            "event_id": event.id,
            "label": label,
            "token_hash": _hash(token),
            "expires_at": until,
            "created_by": actor.label,
            "now": now,
        },
    )
    _note(session, actor, "staff_link.created", target_id=link.id, event=event)
    return link, token


def staff_links_of(session: Session, event: Event) -> list[StaffLinkView]:
    """The links of an event, revoked ones too."""
    return [StaffLinkView(**row) for row in session.execute(_LINKS, {"event_id": event.id}).mappings()]


def revoke_staff_link(session: Session, *, event: Event, actor: Principal, link_id: UUID) -> None:
    """Ends a link at once. Raises `StaffLinkNotFound`."""
    names = {"id": link_id, "event_id": event.id, "now": clock.now()}
    if session.execute(_REVOKE, names).first() is None:
        raise StaffLinkNotFound
    _note(session, actor, "staff_link.revoked", target_id=link_id, event=event)


def _note(session: Session, actor: Principal, action: str, *, target_id: UUID, event: Event) -> None:
    changes = {"event_id": str(event.id)}
    audit.record(session, actor, action=action, org_id=event.org_id, target_id=target_id, changes=changes)


def door_by_link(session: Session, token: str) -> Door:
    """The door that a staff link opens. Raises `StaffLinkNotFound`."""
    row = session.execute(_LINK, {"hash": _hash(token), "now": clock.now()}).first()
    event = session.get(Event, row.event_id) if row is not None else None
    if row is None or event is None:
        raise StaffLinkNotFound
    return Door(event=event, by=row.label)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
