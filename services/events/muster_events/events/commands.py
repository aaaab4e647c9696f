"""What use cases are asked to do."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from muster_events.events.models import Kind, VenueType, Visibility


@dataclass(frozen=True)
class CrewWanted:
    """A place to fill when the event is made."""

    crew_member_id: UUID
    role: str
    standby_rank: int | None = None


@dataclass(frozen=True)
class Fee:
    """A named cost, in minor units of the finance's currency."""

    name: str
    amount: int


@dataclass(frozen=True)
class FinanceFigures:
    """An event's money, in minor units of `currency` (ISO 4217)."""

    currency: str
    revenue: int = 0
    fees: tuple[Fee, ...] = ()
    captain_fee: int = 0
    internal_memo: str = ""


@dataclass(frozen=True)
class CreateEvent:
    """An event to be made. `ends_at` after `starts_at`, both aware; `org_id` is the acting organisation's."""

    org_id: UUID
    kind: Kind
    title: str
    starts_at: datetime
    ends_at: datetime
    timezone: str
    description: str = ""
    category: str | None = None
    visibility: Visibility = Visibility.PUBLIC
    venue_type: VenueType = VenueType.IN_PERSON
    venue_name: str = ""
    venue_address: str = ""
    venue_url: str | None = None
    capacity: int | None = None
    questions: tuple[dict[str, Any], ...] = ()
    booking_ref: str | None = None
    crew_notes: str = ""
    guest_slug: str | None = None
    guest_enabled: bool = True
    photos: dict[str, Any] = field(default_factory=dict)
    crew: tuple[CrewWanted, ...] = ()
    finance: FinanceFigures | None = None
    publish: bool = False
    series_id: UUID | None = None
