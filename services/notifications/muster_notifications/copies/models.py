"""Tables of the copies."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from muster_shared.db import Base


class EventCopy(Base):
    """An event as last told; `facts` is `EventFacts` as JSON."""

    __tablename__ = "event_copies"

    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    org_id: Mapped[UUID]
    version: Mapped[int]
    facts: Mapped[dict[str, Any]]


class Contact(Base):
    """A member's name and address, for alerts to planners. `role` null: no longer a member."""

    __tablename__ = "contacts"

    org_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    role: Mapped[str | None]
    name: Mapped[str]
    email: Mapped[str]
    language: Mapped[str]
    version: Mapped[int]


class AssignmentState(Base):
    """How a place in a crew stands: `asked`, `confirmed`, `declined` or `released`, for its newest link."""

    __tablename__ = "assignment_states"

    assignment_id: Mapped[UUID] = mapped_column(primary_key=True)
    link_version: Mapped[int]
    state: Mapped[str]
    changed_at: Mapped[datetime]
