"""Reading sessions."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, select, tuple_
from sqlalchemy.orm import Session

from muster_auth.sessions.models import UserSession
from muster_shared import clock


def living_sessions(
    session: Session, user_id: UUID | None, *, after: tuple[datetime, UUID] | None, limit: int
) -> list[UserSession]:
    """The user's sessions that have not ended, newest first; one more than `limit` tells that there are more."""
    wanted = [
        UserSession.user_id == user_id,
        UserSession.ended_at.is_(None),
        UserSession.expires_at > clock.now(),
    ]
    if after is not None:
        wanted.append(tuple_(UserSession.created_at, UserSession.id) < after)
    statement = select(UserSession).where(and_(*wanted))
    newest_first = statement.order_by(UserSession.created_at.desc(), UserSession.id.desc())
    return list(session.scalars(newest_first.limit(limit + 1)).all())
