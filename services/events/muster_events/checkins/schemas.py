"""Wire shapes of admission."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from muster_shared.web import AwareTime, Body, Line, UtcTime, View


class CheckInBody(Body):
    """A ticket at the door: its code as scanned or typed.

    A device that works offline names each scan (`scan_id`) and when it was (`at`): sent twice it counts once.
    """

    code: Annotated[Line, Field(min_length=1, max_length=300)]
    scan_id: UUID | None = None
    at: AwareTime | None = None


class CheckInView(View):
    """Who was let in, when and by whom."""

    registration_id: UUID
    name: str
    checked_in_at: UtcTime
    checked_in_by: str


class UndoneView(View):
    """Who may come in again."""

    registration_id: UUID
    name: str


class ScanResult(View):
    """What became of one scan of a batch."""

    scan_id: UUID
    outcome: Literal["checked_in", "already", "not_valid", "unknown"]
    name: str | None
    checked_in_at: UtcTime | None
    checked_in_by: str | None


class Scan(Body):
    """One scan that a device made while it was offline."""

    scan_id: UUID
    code: Annotated[Line, Field(min_length=1, max_length=300)]
    at: AwareTime


class SyncBody(Body):
    """The scans of a device, in the order they were made."""

    scans: Annotated[list[Scan], Field(max_length=200)]


class SyncView(View):
    """What became of each."""

    results: list[ScanResult]


class DoorTicket(View):
    """A ticket as the door may know it: the code only as SHA-256, so that a lost phone holds none."""

    code_sha256: str
    name: str
    checked_in_at: UtcTime | None
    checked_in_by: str | None


class DoorView(View):
    """The whole guest list of an event, for a device that will be offline."""

    event_id: UUID
    title: str
    starts_at: UtcTime
    ends_at: UtcTime
    timezone: str
    checked_in_count: int
    tickets: list[DoorTicket]


class NewStaffLink(Body):
    """A link for people at the door who have no account; good until a day after the event unless said otherwise."""

    label: Annotated[Line, Field(min_length=1, max_length=60)]
    expires_at: AwareTime | None = None


class StaffLinkView(View):
    """A staff link, without its address: that is shown once."""

    id: UUID
    label: str
    expires_at: UtcTime
    created_at: UtcTime
    revoked_at: UtcTime | None


class NewStaffLinkView(StaffLinkView):
    """A staff link just made."""

    url: str
    qr_svg: str
