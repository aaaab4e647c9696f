"""Wire shapes of the call sheet: what is pressed on it, and what it shows."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from muster_events.crew.schemas import Reason, ShotsView
from muster_events.crew.states import FieldStatus, Status
from muster_shared.web import Body, Line, UtcTime, View


class Confirmation(Body):
    """A press on Confirm. `seen` is the `details_version` the page showed; an answer to another one is refused."""

    seen: Annotated[int, Field(ge=1)] | None = None


class Refusal(Body):
    """A press on "I can't"."""

    reason: Reason | None = None


class Report(Body):
    """A press on the day."""

    status: FieldStatus


class JobPhotoUpload(Body):
    """A photo of a job that is about to be sent."""

    filename: Annotated[Line, Field(min_length=1, max_length=255)]
    content_type: Annotated[Line, Field(min_length=3, max_length=100)]
    size: Annotated[int, Field(ge=1)]
    purpose: Literal["job_before", "job_after"]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None


class PhotoRef(View):
    """A photo that is on its way."""

    id: UUID
    status: str


class UploadView(View):
    """Where the photo is to be sent: a presigned POST."""

    photo: PhotoRef
    upload: dict[str, Any] | None
    expires_at: str


class OtherCrew(View):
    """Somebody else who is coming."""

    name: str
    role: str
    status: Status


class SheetVenue(View):
    """Where it is. `url` for an online event; `map_url` to find a place."""

    type: str
    name: str
    address: str
    url: str | None
    map_url: str | None


class SheetEvent(View):
    """The event, as its crew sees it. There is no money here."""

    title: str
    kind: str
    status: str
    starts_at: UtcTime
    ends_at: UtcTime
    timezone: str
    venue: SheetVenue


class CallSheetView(View):
    """The call sheet."""

    organization: str
    crew_member: str
    role: str
    status: Status
    asked: bool
    may_answer: bool
    may_report: bool
    place_taken: bool
    details_version: int
    responded_at: UtcTime | None
    decline_reason: str | None
    field_status: FieldStatus | None
    on_my_way_at: UtcTime | None
    arrived_at: UtcTime | None
    done_at: UtcTime | None
    notes: str
    event: SheetEvent
    others: list[OtherCrew]
    shots: ShotsView | None
