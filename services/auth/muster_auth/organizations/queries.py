"""Reading organisations."""

from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from muster_auth.organizations.models import Member, Organization
from muster_shared.auth import Role


def organizations_of(
    session: Session, user_id: UUID | None, *, after: UUID | None, limit: int
) -> list[tuple[Organization, Role]]:
    """The user's organisations with their role, oldest first; one more than `limit` tells that there are more."""
    wanted = [Member.user_id == user_id, Organization.deleted_at.is_(None)]
    if after is not None:
        wanted.append(Organization.id > after)
    rows = session.execute(
        select(Organization, Member.role)
        .join(Member, Member.org_id == Organization.id)
        .where(and_(*wanted))
        .order_by(Organization.id)
        .limit(limit + 1)
    ).all()
    return [(row[0], Role(row[1])) for row in rows]
