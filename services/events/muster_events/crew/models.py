"""Tables of the crew feature."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, Integer, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from muster_events.crew.states import Delivery, Status, Step
from muster_shared.db import Base


class CrewMember(Base):
    """Somebody on an organisation's roster.

    `email_key` and `name_key` are what is compared and sorted by. A member taken off the roster who has worked
    keeps the row with their name for the record; address, phone and notes are gone.
    """

    __tablename__ = "crew_members"
    __table_args__ = (
        UniqueConstraint("org_id", "id"),
        Index(
            "uq_crew_members_org_id_email_key",
            "org_id",
            "email_key",
            unique=True,
            postgresql_where=text("removed_at IS NULL"),
        ),
        Index("ix_crew_members_org_id_name_key_id", "org_id", "name_key", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    org_id: Mapped[UUID]
    name: Mapped[str] = mapped_column(Text)
    name_key: Mapped[str] = mapped_column(Text(collation="C"))
    email: Mapped[str | None] = mapped_column(Text)
    email_key: Mapped[str | None] = mapped_column(Text)
    phone: Mapped[str] = mapped_column(Text, default="")
    skills: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    language: Mapped[str] = mapped_column(Text, default="en")
    notes: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]


class Assignment(Base):
    """One person's place in an event's crew.

    A link is good while it names `link_version`. `details_version` counts material changes of the event, so that
    a press on a page from before one is told apart. `answered_for` is the fingerprint of the time and place a
    confirmation was for, `told_for` of what the newest mail said. `asked_at` is null while nobody has been asked:
    the event is a draft, or a standby waits. `standbys_called_at` marks a place that others may take;
    `replaced_by` who took it.
    """

    __tablename__ = "crew_assignments"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "event_id"], ["events.org_id", "events.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["org_id", "crew_member_id"], ["crew_members.org_id", "crew_members.id"]),
        Index(
            "uq_crew_assignments_event_id_crew_member_id",
            "event_id",
            "crew_member_id",
            unique=True,
            postgresql_where=text("status <> 'removed'"),
        ),
        Index("ix_crew_assignments_crew_member_id", "crew_member_id"),
        Index(
            "ix_crew_assignments_next_step_at",
            "next_step_at",
            postgresql_where=text("next_step_at IS NOT NULL"),
        ),
        Index(
            "ix_crew_assignments_to_remind",
            "event_id",
            postgresql_where=text("status = 'confirmed' AND reminded_for IS NULL"),
        ),
        Index("ix_crew_assignments_event_id_status", "event_id", "status"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    org_id: Mapped[UUID]
    event_id: Mapped[UUID]
    crew_member_id: Mapped[UUID]
    role: Mapped[str] = mapped_column(Text)
    status: Mapped[Status] = mapped_column(Text)
    standby_rank: Mapped[int | None] = mapped_column(Integer)
    link_version: Mapped[int] = mapped_column(Integer, default=1)
    details_version: Mapped[int] = mapped_column(Integer, default=1)
    answered_for: Mapped[str | None] = mapped_column(Text)
    told_for: Mapped[str | None] = mapped_column(Text)
    asked_at: Mapped[datetime | None]
    responded_at: Mapped[datetime | None]
    decline_reason: Mapped[str | None] = mapped_column(Text)
    ladder_step: Mapped[Step] = mapped_column(Text, default=Step.ASKED)
    next_step_at: Mapped[datetime | None]
    reminded_for: Mapped[datetime | None]
    standbys_called_at: Mapped[datetime | None]
    replaced_by: Mapped[UUID | None]
    delivery: Mapped[Delivery] = mapped_column(Text, default=Delivery.QUEUED)
    delivery_id: Mapped[UUID | None]
    delivery_version: Mapped[int] = mapped_column(Integer, default=0)
    field_status: Mapped[str | None] = mapped_column(Text)
    on_my_way_at: Mapped[datetime | None]
    arrived_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    worked_minutes: Mapped[int | None] = mapped_column(Integer)
    version: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    member: Mapped[CrewMember] = relationship(
        primaryjoin="CrewMember.id == foreign(Assignment.crew_member_id)", viewonly=True, lazy="raise"
    )


class HistoryEntry(Base):
    """One thing that happened to an assignment. Rows are only ever added: the database refuses the rest."""

    __tablename__ = "crew_history"
    __table_args__ = (Index("ix_crew_history_assignment_id_id", "assignment_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    org_id: Mapped[UUID]
    event_id: Mapped[UUID]
    assignment_id: Mapped[UUID]
    crew_member_id: Mapped[UUID]
    link_version: Mapped[int] = mapped_column(Integer)
    what: Mapped[str] = mapped_column(Text)
    detail: Mapped[str | None] = mapped_column(Text)
    by_kind: Mapped[str] = mapped_column(Text)
    by_id: Mapped[UUID | None]
    at: Mapped[datetime]
    request_id: Mapped[str | None] = mapped_column(Text)


class PendingChange(Base):
    """A change of time or place that the crew has not been told of yet: a burst of edits gives one mail.

    `before` is the event as the crew last knew it. The mail is due at `due_at`; each further edit puts that off,
    but never beyond `latest_at`.
    """

    __tablename__ = "crew_pending_changes"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "event_id"], ["events.org_id", "events.id"], ondelete="CASCADE"),
        Index("ix_crew_pending_changes_due_at", "due_at"),
    )

    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    org_id: Mapped[UUID]
    before: Mapped[dict[str, Any]]
    due_at: Mapped[datetime]
    latest_at: Mapped[datetime]


class JobPhoto(Base):
    """A photo of a job as media last told of it; the highest `version` wins."""

    __tablename__ = "crew_job_photos"
    __table_args__ = (Index("ix_crew_job_photos_event_id", "event_id"),)

    photo_id: Mapped[UUID] = mapped_column(primary_key=True)
    org_id: Mapped[UUID]
    event_id: Mapped[UUID]
    assignment_id: Mapped[UUID | None]
    purpose: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer)


class ShotList(Base):
    """How many photos of before and after an event cannot be completed without."""

    __tablename__ = "crew_shot_lists"
    __table_args__ = (ForeignKeyConstraint(["org_id", "event_id"], ["events.org_id", "events.id"], ondelete="CASCADE"),)

    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    org_id: Mapped[UUID]
    before: Mapped[int] = mapped_column(Integer)
    after: Mapped[int] = mapped_column(Integer)
