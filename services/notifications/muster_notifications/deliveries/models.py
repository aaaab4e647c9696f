"""Tables of deliveries: the mail, its attempts, SES's events and everything else that happened to it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity
from sqlalchemy.orm import Mapped, mapped_column

from muster_notifications.deliveries.states import Status
from muster_shared.db import Base


class Delivery(Base):
    """One mail to one recipient. `context` is what its template is filled with; a link is never in it."""

    __tablename__ = "deliveries"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    dedupe_key: Mapped[str] = mapped_column(unique=True)
    # Who it counts for in the round robin: the organisation, or nobody's lane for account mails.
    lane: Mapped[UUID]
    org_id: Mapped[UUID | None]
    event_id: Mapped[UUID | None]
    assignment_id: Mapped[UUID | None]
    registration_id: Mapped[UUID | None]
    link_version: Mapped[int | None]
    action_id: Mapped[UUID | None]
    template: Mapped[str]
    template_version: Mapped[str | None]
    language: Mapped[str]
    recipient: Mapped[str]
    recipient_key: Mapped[str]
    recipient_name: Mapped[str]
    context: Mapped[dict[str, Any]]
    status: Mapped[str] = mapped_column(default=Status.QUEUED.value)
    reason: Mapped[str | None]
    version: Mapped[int] = mapped_column(default=1)
    urgent: Mapped[bool]
    due_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    attempt_id: Mapped[UUID | None]
    attempts: Mapped[int] = mapped_column(default=0)
    claimed_until: Mapped[datetime | None]
    request_id: Mapped[str | None]
    resend_of: Mapped[UUID | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    opened_by_machine_at: Mapped[datetime | None]
    acted_at: Mapped[datetime | None]


class Attempt(Base):
    """One try at handing a mail to SES. `called_at` is committed before the call: null means SES never saw it."""

    __tablename__ = "attempts"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    delivery_id: Mapped[UUID] = mapped_column(ForeignKey("deliveries.id", ondelete="CASCADE"))
    number: Mapped[int]
    claimed_at: Mapped[datetime]
    called_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    error: Mapped[str | None]
    ses_message_id: Mapped[str | None] = mapped_column(unique=True)


class Step(Base):
    """Something that happened to a delivery beside its attempts and SES's events; rows are only ever added."""

    __tablename__ = "delivery_steps"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    delivery_id: Mapped[UUID] = mapped_column(ForeignKey("deliveries.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    kind: Mapped[str]
    detail: Mapped[dict[str, Any]]


class SesEvent(Base):
    """What SES told, once each. `delivery_id` is null until the mail it speaks of is known."""

    __tablename__ = "ses_events"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    dedupe_key: Mapped[str] = mapped_column(unique=True)
    ses_message_id: Mapped[str] = mapped_column(index=True)
    attempt_id: Mapped[UUID | None]
    delivery_id: Mapped[UUID | None] = mapped_column(ForeignKey("deliveries.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str]
    occurred_at: Mapped[datetime]
    received_at: Mapped[datetime]
    detail: Mapped[dict[str, Any]]
