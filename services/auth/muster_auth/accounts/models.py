"""The table of accounts."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from muster_shared.db import Base


class User(Base):
    """An account; its address has been confirmed. `totp_secret` is encrypted and counts once confirmed."""

    __tablename__ = "users"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[str]
    email_key: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str]
    language: Mapped[str]
    totp_secret: Mapped[bytes | None]
    totp_confirmed_at: Mapped[datetime | None]
    totp_last_step: Mapped[int | None]
    created_at: Mapped[datetime]
    password_changed_at: Mapped[datetime]

    @property
    def wants_otp(self) -> bool:
        """Whether signing in takes the second factor."""
        return self.totp_confirmed_at is not None
