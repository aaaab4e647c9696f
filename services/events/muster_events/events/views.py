"""Wire shapes of events: what goes out, for staff and for everybody else."""

from typing import Any
from uuid import UUID

from pydantic import RootModel

from muster_events.crew.schemas import AssignmentView
from muster_events.events.models import Event, Kind, Status, VenueType, Visibility
from muster_shared.web import Page, UtcTime, View
from muster_shared.web.answers import encode
from muster_shared.web.etags import version_etag


class VenueView(View):
    """Where it is."""

    type: VenueType
    name: str
    address: str
    url: str | None


class OrganizerView(View):
    """Whose event it is."""

    name: str
    slug: str


class PublicEvent(View):
    """An event as anybody sees it: no crew, notes, booking reference or page."""

    id: UUID
    org_id: UUID
    organizer: OrganizerView | None
    kind: Kind
    status: Status
    title: str
    description: str
    category: str | None
    visibility: Visibility
    starts_at: UtcTime
    ends_at: UtcTime
    timezone: str
    venue: VenueView
    capacity: int | None
    registered_count: int
    waitlisted_count: int
    questions: list[dict[str, Any]]
    banner_url: str | None
    updated_at: UtcTime


class GuestPageView(View):
    """The published page's addresses."""

    code: str
    slug: str | None
    url: str
    qr_svg_url: str
    enabled: bool


class PhotoPolicyView(View):
    """When guests may add photos."""

    open_before_hours: int | None
    close_after_hours: int
    reveal_at: UtcTime | None
    moderated: bool
    guest_quota: int


class ProgressView(View):
    """How far a job's crew is, as the customer's page shows it."""

    on_the_way_at: UtcTime | None
    arrived_at: UtcTime | None
    done_at: UtcTime | None


class EventView(View):
    """An event as its organisation sees it. Its money is elsewhere: `GET .../finance`."""

    id: UUID
    org_id: UUID
    kind: Kind
    status: Status
    title: str
    description: str
    category: str | None
    visibility: Visibility
    starts_at: UtcTime
    ends_at: UtcTime
    timezone: str
    venue: VenueView
    capacity: int | None
    registered_count: int
    waitlisted_count: int
    questions: list[dict[str, Any]]
    banner_url: str | None
    booking_ref: str | None
    crew_notes: str
    guest_page: GuestPageView
    photo_policy: PhotoPolicyView
    progress: ProgressView
    crew: list[AssignmentView]
    series_id: UUID | None
    copied_from: UUID | None
    cancel_reason: str | None
    published_at: UtcTime | None
    cancelled_at: UtcTime | None
    completed_at: UtcTime | None
    version: int
    created_at: UtcTime
    updated_at: UtcTime


class SeriesView(View):
    """The events of a series just made, soonest first."""

    series_id: UUID
    items: list[EventView]


class LogEntryView(View):
    """One thing that was done with an event."""

    id: UUID
    actor: str
    actor_name: str
    action: str
    changed: list[str]
    request_id: str | None
    at: UtcTime


class AnyEvent(RootModel[EventView | PublicEvent]):
    """One event, as the caller may see it."""


PublicPage = Page[PublicEvent]
EventPage = Page[EventView]


class Addresses:
    """Builds the addresses that views hold; from settings, never from the request's Host."""

    def __init__(self, *, public_origin: str, media_origin: str) -> None:
        self.public_origin = public_origin
        self.media_origin = media_origin

    def page(self, code_or_slug: str) -> str:
        """The published page."""
        return f"{self.public_origin}/g/{code_or_slug}"

    def banner(self, path: str | None) -> str | None:
        """The banner image: public like the page it is on, so at the public origin and without a signature."""
        return f"{self.public_origin}/{path.lstrip('/')}" if path else None

    def ticket(self, code: str) -> str:
        """The printable ticket."""
        return f"{self.public_origin}/t/{code}"


def etag_of(view: EventView) -> str:
    """The ETag of the staff's view: for `If-Match` the version, for a poll all that is shown."""
    return version_etag(view.version, content=encode(view))


def event_view(event: Event, crew: list[AssignmentView], addresses: Addresses) -> EventView:
    """The staff's view of `event`."""
    return EventView(
        id=event.id,
        org_id=event.org_id,
        kind=Kind(event.kind),
        status=Status(event.status),
        title=event.title,
        description=event.description,
        category=event.category,
        visibility=Visibility(event.visibility),
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        timezone=event.timezone,
        venue=_venue(event),
        capacity=event.capacity,
        registered_count=event.registered_count,
        waitlisted_count=event.waitlisted_count,
        questions=event.questions,
        banner_url=addresses.banner(event.banner_path),
        booking_ref=event.booking_ref,
        crew_notes=event.crew_notes,
        guest_page=GuestPageView(
            code=event.guest_code,
            slug=event.guest_slug,
            url=addresses.page(event.guest_slug or event.guest_code),
            qr_svg_url=f"{addresses.public_origin}/api/events/{event.id}/page-qr.svg",
            enabled=event.guest_enabled,
        ),
        photo_policy=PhotoPolicyView(
            open_before_hours=event.photos_open_before_hours,
            close_after_hours=event.photos_close_after_hours,
            reveal_at=event.photos_reveal_at,
            moderated=event.photos_moderated,
            guest_quota=event.photos_guest_quota,
        ),
        progress=ProgressView(on_the_way_at=event.on_the_way_at, arrived_at=event.arrived_at, done_at=event.done_at),
        crew=crew,
        series_id=event.series_id,
        copied_from=event.copied_from,
        cancel_reason=event.cancel_reason,
        published_at=event.published_at,
        cancelled_at=event.cancelled_at,
        completed_at=event.completed_at,
        version=event.version,
        created_at=event.created_at,
        updated_at=event.updated_at,
    )


def _venue(event: Event) -> VenueView:
    return VenueView(
        type=VenueType(event.venue_type),
        name=event.venue_name,
        address=event.venue_address,
        url=event.venue_url,
    )
