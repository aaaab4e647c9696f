"""Reading service keys."""

from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from muster_auth.service_keys.models import OrganizationKey


def keys_of(session: Session, org_id: UUID, *, after: UUID | None, limit: int) -> list[OrganizationKey]:
    """Keys, newest first, those that hold no longer too; one more than `limit` tells that there are more."""
    wanted = [OrganizationKey.org_id == org_id]
    if after is not None:
        wanted.append(OrganizationKey.id < after)
    statement = select(OrganizationKey).where(and_(*wanted))
    return list(session.scalars(statement.order_by(OrganizationKey.id.desc()).limit(limit + 1)).all())
