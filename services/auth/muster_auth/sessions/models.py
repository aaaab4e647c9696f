"""Tables of sessions, their refresh tokens, and failed sign-ins."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from muster_shared.db import Base


class SessionKind(StrEnum):
    """Whether the refresh token is in a browser's cookie or in a client's hands."""

    BROWSER = "browser"
    TOKEN = "token"  # noqa: S105  # a name


class EndReason(StrEnum):
    """Why a session ended before its time."""

    SIGNED_OUT = "signed_out"
    REVOKED = "revoked"
    REUSE = "refresh_reuse"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  # a name
    OVERTAKEN = "too_many_sessions"
    ACCOUNT_DELETED = "account_deleted"


class UserSession(Base):
    """One sign-in on one device: a family of refresh tokens, each replacing the one before."""

    __tablename__ = "sessions"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str]
    device: Mapped[str]
    address: Mapped[str]
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_reason: Mapped[str | None]


class RefreshToken(Base):
    """The hash of one refresh token. `successor` is the next one, encrypted with a key made of this one."""

    __tablename__ = "refresh_tokens"

    hash: Mapped[bytes] = mapped_column(primary_key=True)
    session_id: Mapped[UUID] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]
    successor: Mapped[bytes | None]


class FailedSignIns(Base):
    """How often signing in failed of late for an account or from a network; `subject` is a keyed hash."""

    __tablename__ = "failed_sign_ins"

    subject: Mapped[bytes] = mapped_column(primary_key=True)
    failures: Mapped[int]
    locked_until: Mapped[datetime]
    last_at: Mapped[datetime] = mapped_column(index=True)
