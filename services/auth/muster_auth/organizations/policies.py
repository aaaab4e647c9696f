"""Who may do what in an organisation, judged by the originals in the caller's transaction."""

from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from muster_auth.organizations.models import Member, Organization
from muster_shared.auth import Principal, Role
from muster_shared.problems import Forbidden, NotFound

ANYBODY_OF_IT = (Role.OWNER, Role.MANAGER)
OWNERS = (Role.OWNER,)


def require(
    session: Session, actor: Principal, org_id: UUID, roles: tuple[Role, ...] = ANYBODY_OF_IT
) -> tuple[Organization, Role]:
    """The organisation and the caller's role in it.

    Raises `NotFound` for a stranger, who does not learn that it exists, and `Forbidden` for a role too low.
    """
    row = session.execute(
        select(Organization, Member.role)
        .join(Member, Member.org_id == Organization.id)
        .where(and_(Organization.id == org_id, Organization.deleted_at.is_(None), Member.user_id == actor.user_id))
    ).first()
    if row is None:
        raise NotFound
    role = Role(row[1])
    if role not in roles:
        raise Forbidden("your role in this organisation does not allow it")
    return row[0], role


def require_locked(
    session: Session, actor: Principal, org_id: UUID, roles: tuple[Role, ...] = ANYBODY_OF_IT
) -> tuple[Organization, Role]:
    """As `require`, with the organisation locked: changes of one organisation happen one after the other."""
    session.execute(select(Organization.id).where(Organization.id == org_id).with_for_update())
    return require(session, actor, org_id, roles)
