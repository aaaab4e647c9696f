"""Wire shapes of events: what comes in."""

from datetime import datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from muster_events.events.codes import Slug
from muster_events.events.commands import CreateEvent, CrewWanted
from muster_events.events.models import Kind, VenueType, Visibility
from muster_events.events.questions import Question
from muster_events.finance.schemas import FinanceBody
from muster_shared.web import AwareTime, Body, Line, Text, Zone

_MAXIMUM_DURATION = timedelta(days=366)
_NOT_NULL = (
    "kind",
    "title",
    "starts_at",
    "ends_at",
    "duration_minutes",
    "timezone",
    "visibility",
    "venue",
    "description",
    "crew_notes",
    "questions",
    "guest_page",
    "photo_policy",
)


def _read_url(value: str) -> str:
    try:
        parts = urlsplit(value)
        wrong = parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None
    except ValueError:
        wrong = True
    if wrong or any(character.isspace() or ord(character) < 32 for character in value):
        raise ValueError("must be an http or https address")
    return value


WebAddress = Annotated[str, StringConstraints(max_length=2000), AfterValidator(_read_url)]
Title = Annotated[Line, Field(min_length=1, max_length=200)]
Category = Annotated[Line, Field(min_length=1, max_length=60)]
Description = Annotated[Text, Field(max_length=10_000)]
CrewNotes = Annotated[Text, Field(max_length=5000)]
Minutes = Annotated[int, Field(ge=1, le=366 * 24 * 60)]
Capacity = Annotated[int, Field(ge=1, le=1_000_000)]
Questions = Annotated[list[Question], Field(max_length=20)]


class Venue(Body):
    """Where it is: a place, or for `online` an address to open."""

    type: VenueType = VenueType.IN_PERSON
    name: Annotated[Line, Field(max_length=200)] = ""
    address: Annotated[Line, Field(max_length=500)] = ""
    url: WebAddress | None = None


class GuestPageBody(Body):
    """The published page: its friendly address, and whether it is shown at all."""

    slug: Slug | None = None
    enabled: bool = True


class PhotoPolicyBody(Body):
    """When guests may add photos, when the gallery opens, and whether photos wait for a look.

    `open_before_hours` null: from the moment the event was made.
    """

    open_before_hours: Annotated[int, Field(ge=0, le=8784)] | None = None
    close_after_hours: Annotated[int, Field(ge=0, le=8784)] = 336
    reveal_at: AwareTime | None = None
    moderated: bool = False
    guest_quota: Annotated[int, Field(ge=0, le=5000)] = 500

    def columns(self, *, only: frozenset[str] | set[str] | None = None) -> dict[str, Any]:
        """Column name -> value; of the fields in `only` when given."""
        names = type(self).model_fields if only is None else only
        return {f"photos_{name}": getattr(self, name) for name in names}


class CrewPlace(Body):
    """A place in the crew, filled from the roster."""

    crew_member_id: UUID
    role: Annotated[Line, Field(min_length=1, max_length=60)]
    standby_rank: Annotated[int, Field(ge=1, le=100)] | None = None


def end_of(starts_at: datetime, ends_at: datetime | None, duration_minutes: int | None) -> datetime:
    """When it ends. Raises `ValueError` saying what is wrong with the three together."""
    if (ends_at is None) == (duration_minutes is None):
        raise ValueError("give either ends_at or duration_minutes")
    end = ends_at if ends_at is not None else starts_at + timedelta(minutes=duration_minutes or 0)
    if end <= starts_at:
        raise ValueError("ends_at must be after starts_at")
    if end - starts_at > _MAXIMUM_DURATION:
        raise ValueError("an event lasts at most 366 days")
    return end


class NewEvent(Body):
    """An event to make."""

    org_id: UUID | None = None
    kind: Kind
    title: Title
    starts_at: AwareTime
    ends_at: AwareTime | None = None
    duration_minutes: Minutes | None = None
    timezone: Zone
    description: Description = ""
    category: Category | None = None
    visibility: Visibility = Visibility.PUBLIC
    venue: Venue = Venue()
    capacity: Capacity | None = None
    questions: Questions = []
    booking_ref: Annotated[Line, Field(min_length=1, max_length=100)] | None = None
    crew_notes: CrewNotes = ""
    guest_page: GuestPageBody = GuestPageBody()
    photo_policy: PhotoPolicyBody = PhotoPolicyBody()
    crew: Annotated[list[CrewPlace], Field(max_length=100)] = []
    finance: FinanceBody | None = None
    publish: bool = False

    @model_validator(mode="after")
    def _times_fit(self) -> "NewEvent":
        end_of(self.starts_at, self.ends_at, self.duration_minutes)
        return self

    @model_validator(mode="after")
    def _question_ids_differ(self) -> "NewEvent":
        check_question_ids(self.questions)
        return self

    def to_command(self, *, org_id: UUID) -> CreateEvent:
        """The command of `org_id`."""
        return CreateEvent(
            org_id=org_id,
            kind=self.kind,
            title=self.title,
            starts_at=self.starts_at,
            ends_at=end_of(self.starts_at, self.ends_at, self.duration_minutes),
            timezone=self.timezone,
            description=self.description,
            category=self.category,
            visibility=self.visibility,
            venue_type=self.venue.type,
            venue_name=self.venue.name,
            venue_address=self.venue.address,
            venue_url=self.venue.url,
            capacity=self.capacity,
            questions=tuple(question.model_dump(mode="json") for question in self.questions),
            booking_ref=self.booking_ref,
            crew_notes=self.crew_notes,
            guest_slug=self.guest_page.slug,
            guest_enabled=self.guest_page.enabled,
            photos=self.photo_policy.columns(),
            crew=tuple(CrewWanted(place.crew_member_id, place.role, place.standby_rank) for place in self.crew),
            finance=self.finance.to_figures() if self.finance else None,
            publish=self.publish,
        )


class NewSeries(NewEvent):
    """A series to make at once: the first event, and the rule (RFC 5545, RRULE) the others follow."""

    rrule: Annotated[Line, Field(min_length=1, max_length=500)]


class EventPatch(Body):
    """Changes of an event; what is left out stays. Null empties a field that may be empty."""

    kind: Kind | None = None
    title: Title | None = None
    starts_at: AwareTime | None = None
    ends_at: AwareTime | None = None
    duration_minutes: Minutes | None = None
    timezone: Zone | None = None
    description: Description | None = None
    category: Category | None = None
    visibility: Visibility | None = None
    venue: Venue | None = None
    capacity: Capacity | None = None
    questions: Questions | None = None
    booking_ref: Annotated[Line, Field(min_length=1, max_length=100)] | None = None
    crew_notes: CrewNotes | None = None
    guest_page: GuestPageBody | None = None
    photo_policy: PhotoPolicyBody | None = None

    @model_validator(mode="after")
    def _may_be_null(self) -> "EventPatch":
        for name in _NOT_NULL:
            if name in self.model_fields_set and getattr(self, name) is None:
                raise ValueError(f"{name} must not be null")
        if self.ends_at is not None and self.duration_minutes is not None:
            raise ValueError("give either ends_at or duration_minutes")
        check_question_ids(self.questions or [])
        return self

    def changes(self) -> dict[str, Any]:
        """Column name -> new value, of what was given; `duration_minutes` stays for the use case."""
        given = self.model_fields_set
        plain = given - {"venue", "guest_page", "photo_policy", "questions"}
        changed: dict[str, Any] = {name: getattr(self, name) for name in plain}
        if self.venue is not None:
            changed |= {f"venue_{name}": getattr(self.venue, name) for name in Venue.model_fields}
        if self.guest_page is not None:
            changed |= {f"guest_{n}": getattr(self.guest_page, n) for n in self.guest_page.model_fields_set}
        if self.photo_policy is not None:
            changed |= self.photo_policy.columns(only=self.photo_policy.model_fields_set)
        if self.questions is not None:
            changed["questions"] = [question.model_dump(mode="json") for question in self.questions]
        return changed


def check_question_ids(questions: list[Question]) -> None:
    """Raises `ValueError` when two questions have one id."""
    if len({question.id for question in questions}) != len(questions):
        raise ValueError("the questions' ids must differ")


class CancelBody(Body):
    """Why it is cancelled; people are told."""

    reason: Annotated[Line, Field(max_length=500)] = ""


class DuplicateBody(Body):
    """When the copy is: at `starts_at`, or so many days later at the same local time (7 when nothing is said)."""

    starts_at: AwareTime | None = None
    shift_days: Annotated[int, Field(ge=-3660, le=3660)] | None = None
    title: Title | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "DuplicateBody":
        if self.starts_at is not None and self.shift_days is not None:
            raise ValueError("give either starts_at or shift_days")
        return self
