"""Tables of what waits for a link to be followed."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, func
from sqlalchemy.orm import Mapped, mapped_column

from muster_shared.db import Base


class ActionKind(StrEnum):
    """What following the link does."""

    VERIFY_EMAIL = "verify_email"
    RESET_PASSWORD = "reset_password"  # noqa: S105  # a name
    CHANGE_EMAIL = "change_email"
    INVITATION = "invitation"


class Action(Base):
    """One thing that a mail's link may do, once, until `expires_at`.

    `user_id` is null for a registration (there is no account yet) and for an address nobody has.
    """

    __tablename__ = "actions"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    email: Mapped[str]
    email_key: Mapped[str]
    payload: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class ActionToken(Base):
    """The hash of one token of an action; each mail about it has a token of its own."""

    __tablename__ = "action_tokens"

    hash: Mapped[bytes] = mapped_column(primary_key=True)
    action_id: Mapped[UUID] = mapped_column(ForeignKey("actions.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class AskedMail(Base):
    """When a mail to an address was asked for, so that nobody can be flooded through us. No address in it."""

    __tablename__ = "asked_mails"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    address_hash: Mapped[bytes]
    asked_at: Mapped[datetime] = mapped_column(index=True)
