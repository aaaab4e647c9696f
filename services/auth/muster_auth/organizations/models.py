"""Tables of organisations and their members."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from muster_shared.db import Base


class Organization(Base):
    """A tenant. A deleted one keeps its row, so that its slug is never another's."""

    __tablename__ = "organizations"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    slug: Mapped[str] = mapped_column(unique=True)
    language: Mapped[str]
    settings: Mapped[dict[str, Any]]
    version: Mapped[int]
    created_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]


class Member(Base):
    """Who belongs to an organisation. Every change of one locks the organisation's row first."""

    __tablename__ = "members"

    org_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True)
    role: Mapped[str]
    version: Mapped[int]
    created_at: Mapped[datetime]
