"""Reading members."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, select, tuple_
from sqlalchemy.orm import Session

from muster_auth.accounts.models import User
from muster_auth.organizations.models import Member


def members_of(
    session: Session, org_id: UUID, *, after: tuple[datetime, UUID] | None, limit: int
) -> list[tuple[Member, User]]:
    """Members in the order they joined; one more than `limit` tells that there are more."""
    wanted = [Member.org_id == org_id]
    if after is not None:
        wanted.append(tuple_(Member.created_at, Member.user_id) > after)
    rows = session.execute(
        select(Member, User)
        .join(User, User.id == Member.user_id)
        .where(and_(*wanted))
        .order_by(Member.created_at, Member.user_id)
        .limit(limit + 1)
    ).all()
    return [(row[0], row[1]) for row in rows]
