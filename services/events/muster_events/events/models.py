"""The table of events."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from muster_shared.db import Base


class Kind(StrEnum):
    """What sort of gathering it is."""

    CHARTER = "charter"
    JOB = "job"
    MEETUP = "meetup"


class Status(StrEnum):
    """Where an event is in its life; `policies.TRANSITIONS` says what may follow what."""

    DRAFT = "draft"
    PUBLISHED = "published"
    CANCELLED = "cancelled"
    COMPLETED = "completed"


class Visibility(StrEnum):
    """Who may read a published event: anyone and in the listing, whoever has the address, or members."""

    PUBLIC = "public"
    UNLISTED = "unlisted"
    PRIVATE = "private"


class VenueType(StrEnum):
    """A place to go to, or an address to open."""

    IN_PERSON = "in_person"
    ONLINE = "online"


class Event(Base):
    """One event. Counters move without `version`; everything an operator edits moves it.

    `page_revision` grows with whatever the published page shows; `ics_sequence` with what calendars must show
    anew (RFC 5545, 3.8.7.4), `details_sequence` with time and place, of which registered people are told at
    `tell_registered_at`. Times are aware, UTC; `timezone` is where people will read them.
    """

    __tablename__ = "events"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    org_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    visibility: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, default="")
    category: Mapped[str | None] = mapped_column(Text)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    timezone: Mapped[str] = mapped_column(Text)
    venue_type: Mapped[str] = mapped_column(Text, default=VenueType.IN_PERSON.value)
    venue_name: Mapped[str] = mapped_column(Text, default="")
    venue_address: Mapped[str] = mapped_column(Text, default="")
    venue_url: Mapped[str | None] = mapped_column(Text)
    capacity: Mapped[int | None]
    registered_count: Mapped[int] = mapped_column(default=0)
    waitlisted_count: Mapped[int] = mapped_column(default=0)
    last_queue_number: Mapped[int] = mapped_column(default=0)
    questions: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    booking_ref: Mapped[str | None] = mapped_column(Text)
    crew_notes: Mapped[str] = mapped_column(Text, default="")
    banner_path: Mapped[str | None] = mapped_column(Text)
    banner_photo_id: Mapped[UUID | None]
    banner_photo_version: Mapped[int | None]
    guest_code: Mapped[str] = mapped_column(Text)
    guest_slug: Mapped[str | None] = mapped_column(Text)
    guest_enabled: Mapped[bool] = mapped_column(default=True)
    photos_open_before_hours: Mapped[int | None]
    photos_close_after_hours: Mapped[int] = mapped_column(default=336)
    photos_reveal_at: Mapped[datetime | None]
    photos_moderated: Mapped[bool] = mapped_column(default=False)
    photos_guest_quota: Mapped[int] = mapped_column(default=500)
    on_the_way_at: Mapped[datetime | None]
    arrived_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    series_id: Mapped[UUID | None]
    copied_from: Mapped[UUID | None]
    cancel_reason: Mapped[str | None] = mapped_column(Text)
    published_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    page_revision: Mapped[int] = mapped_column(default=1)
    ics_sequence: Mapped[int] = mapped_column(default=0)
    details_sequence: Mapped[int] = mapped_column(default=0)
    tell_registered_at: Mapped[datetime | None]
    created_by: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
