"""Wire shapes of the calendar."""

from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, model_validator

from muster_shared.web import AwareTime, Body, Line, Text, UtcTime, View, Zone


class NewEntry(Body):
    """An entry of the organisation's calendar that is no event: a haul-out, a holiday, a booking elsewhere."""

    org_id: UUID | None = None
    title: Annotated[Line, Field(min_length=1, max_length=200)]
    starts_at: AwareTime
    ends_at: AwareTime
    timezone: Zone
    notes: Annotated[Text, Field(max_length=5000)] = ""

    @model_validator(mode="after")
    def _in_order(self) -> "NewEntry":
        if self.ends_at <= self.starts_at:
            raise ValueError("ends_at must be after starts_at")
        return self


class EntryView(View):
    """An entry: an event of the organisation's (`event_id`), or one of its own."""

    id: UUID
    org_id: UUID
    type: Literal["event", "entry"]
    event_id: UUID | None
    title: str
    starts_at: UtcTime
    ends_at: UtcTime
    timezone: str
    notes: str
    location: str
    status: Literal["draft", "published", "cancelled", "completed", "entry"]


class FeedKind(StrEnum):
    """An organisation's whole calendar, or what one person runs and attends."""

    ORGANIZATION = "organization"
    PERSONAL = "personal"


class NewFeed(Body):
    """A feed to make; `org_id` for one of an organisation."""

    kind: FeedKind = FeedKind.ORGANIZATION
    org_id: UUID | None = None
    label: Annotated[Line, Field(max_length=100)] = ""


class FeedView(View):
    """A feed, without its address: that is shown once."""

    id: UUID
    kind: FeedKind
    org_id: UUID | None
    label: str
    created_at: UtcTime


class NewFeedView(FeedView):
    """A feed just made. Whoever has `url` reads it; `webcal_url` opens calendar programs."""

    url: str
    webcal_url: str
