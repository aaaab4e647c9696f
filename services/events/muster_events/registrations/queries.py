"""Reads of registrations."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from muster_shared.auth.principal import Principal

_IS_REGISTERED = text(
    "SELECT 1 FROM registrations WHERE event_id = :event_id AND user_id = :user_id AND status <> 'cancelled'"
)


def is_registered(session: Session, event_id: UUID, principal: Principal) -> bool:
    """Whether the caller's account has a living registration for the event."""
    if principal.user_id is None:
        return False
    names = {"event_id": event_id, "user_id": principal.user_id}
    return session.execute(_IS_REGISTERED, names).first() is not None
