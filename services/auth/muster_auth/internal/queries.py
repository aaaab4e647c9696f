"""What other services ask when their copy has nothing yet."""

from typing import Any
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from muster_auth.accounts.models import User
from muster_auth.organizations.models import Member, Organization
from muster_auth.service_keys.models import OrganizationKey


def membership(session: Session, *, org_id: UUID, user_id: UUID) -> dict[str, Any]:
    """`{role, version}`; role null for a stranger."""
    row = session.execute(
        select(Member.role, Member.version)
        .join(Organization, Organization.id == Member.org_id)
        .where(and_(Member.org_id == org_id, Member.user_id == user_id, Organization.deleted_at.is_(None)))
    ).first()
    return {"role": None, "version": 0} if row is None else {"role": row.role, "version": row.version}


def service_key(session: Session, key_id: UUID) -> dict[str, Any] | None:
    """The key as a copy keeps it, or None."""
    key = session.get(OrganizationKey, key_id)
    if key is None:
        return None
    names = ("id", "org_id", "name", "secret_hash", "scopes", "expires_at", "revoked_at", "version")
    return {name: getattr(key, name) for name in names}


def organization(session: Session, org_id: UUID) -> dict[str, Any] | None:
    """The organisation as a copy keeps it, or None when there is none or it was deleted."""
    found = session.get(Organization, org_id)
    if found is None or found.deleted_at is not None:
        return None
    names = ("id", "name", "slug", "language", "settings", "version")
    return {name: getattr(found, name) for name in names}


def account(session: Session, user_id: UUID) -> dict[str, Any] | None:
    """How to address a person with an account, or None."""
    user = session.get(User, user_id)
    if user is None:
        return None
    return {"id": user.id, "name": user.name, "email": user.email, "language": user.language}
