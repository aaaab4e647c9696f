"""The table of registrations."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from muster_shared.db import Base


class RegistrationStatus(StrEnum):
    """Where a registration stands."""

    CONFIRMED = "confirmed"
    WAITLISTED = "waitlisted"
    CANCELLED = "cancelled"


class Registration(Base):
    """Somebody's place at an event, or in the queue for one. `queue_number` is given under the event's
    row lock, so nobody is told a place that another then takes.

    `email_key` is the address as it is compared. `told_sequence` is the event's `details_sequence` that the last mail
    to them spoke of; a link is good while it names `link_version`.
    """

    __tablename__ = "registrations"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    org_id: Mapped[UUID]
    event_id: Mapped[UUID]
    user_id: Mapped[UUID | None]
    name: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(Text)
    email_key: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text, default="en")
    status: Mapped[str] = mapped_column(Text)
    queue_number: Mapped[int]
    answers: Mapped[dict[str, Any]]
    ticket_code: Mapped[str] = mapped_column(Text)
    link_version: Mapped[int] = mapped_column(default=1)
    told_sequence: Mapped[int] = mapped_column(default=0)
    told_cancelled: Mapped[bool] = mapped_column(default=False)
    promoted_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    cancelled_by: Mapped[str | None] = mapped_column(Text)
    checked_in_at: Mapped[datetime | None]
    checked_in_by: Mapped[str | None] = mapped_column(Text)
    check_in_scan: Mapped[UUID | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
