"""Making, changing and deleting organisations."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, select, text, update
from sqlalchemy.orm import Session

from muster_auth.accounts.models import User
from muster_auth.announce import announce
from muster_auth.audit.use_cases import Fact, record
from muster_auth.errors import TooMany
from muster_auth.invitations.models import Invitation
from muster_auth.members.use_cases import add_member, tell_left
from muster_auth.organizations.models import Member, Organization
from muster_auth.organizations.policies import OWNERS, require_locked
from muster_auth.organizations.slugs import slug_of
from muster_auth.passwords.use_cases import lock_user
from muster_auth.service_keys.use_cases import revoke_all
from muster_shared import clock
from muster_shared.auth import Principal, Role
from muster_shared.ids import new_id
from muster_shared.messages.auth import OrganizationChanged

MOST_OWNED = 50


@dataclass(frozen=True)
class CreateCommand:
    """A new organisation."""

    name: str
    language: str


@dataclass(frozen=True)
class ChangeCommand:
    """What to change; None leaves a thing. A setting that is None goes back to what Muster does by itself."""

    name: str | None = None
    language: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)


def create(session: Session, actor: Principal, command: CreateCommand) -> Organization:
    """An organisation that the caller owns. Raises `TooMany`."""
    user = lock_user(session, actor.user_id)
    owned = session.scalar(
        select(func.count()).select_from(Member).where(and_(Member.user_id == user.id, Member.role == Role.OWNER.value))
    )
    if (owned or 0) >= MOST_OWNED:
        raise TooMany("you own as many organisations as you may")
    organization = Organization(
        id=new_id(),
        name=command.name,
        slug=_free_slug(session, command.name),
        language=command.language,
        settings={},
        version=1,
        created_at=clock.now(),
        deleted_at=None,
    )
    session.add(organization)
    session.flush()
    _tell(session, organization)
    add_member(session, org_id=organization.id, user=user, role=Role.OWNER)
    record(session, actor, Fact("organization.created", "organization", organization.id, organization.id))
    return organization


def _free_slug(session: Session, name: str) -> str:
    base = slug_of(name)
    # One at a time for a base, or two of one name would both find it free.
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('slug.' || :base, 0))"), {"base": base})
    taken = set(session.scalars(select(Organization.slug).where(Organization.slug.regexp_match(f"^{base}(-[0-9]+)?$"))))
    if base not in taken:
        return base
    number = 2
    while f"{base}-{number}" in taken:
        number += 1
    return f"{base}-{number}"


def change(session: Session, actor: Principal, org_id: UUID, command: ChangeCommand) -> tuple[Organization, Role]:
    """The organisation after the change, and the caller's role. Raises `NotFound`."""
    organization, role = require_locked(session, actor, org_id)
    fields = []
    if command.name is not None and command.name != organization.name:
        organization.name = command.name
        fields.append("name")
    if command.language is not None and command.language != organization.language:
        organization.language = command.language
        fields.append("language")
    settings = {**organization.settings, **command.settings}
    settings = {name: value for name, value in settings.items() if value is not None}
    if settings != organization.settings:
        fields += sorted(f"settings.{name}" for name in command.settings)
        organization.settings = settings
    if fields:
        organization.version += 1
        _tell(session, organization)
        fact = Fact("organization.changed", "organization", org_id, org_id, {"fields": fields})
        record(session, actor, fact)
    return organization, role


def delete(session: Session, actor: Principal, org_id: UUID) -> None:
    """Deletes the organisation: nobody is a member of it any more and its keys hold no longer.

    Raises `NotFound` or `Forbidden`.
    """
    organization, _ = require_locked(session, actor, org_id, OWNERS)
    organization.deleted_at = clock.now()
    organization.version += 1
    revoke_all(session, org_id)
    session.execute(
        update(Invitation)
        .where(and_(Invitation.org_id == org_id, Invitation.accepted_at.is_(None), Invitation.revoked_at.is_(None)))
        .values(revoked_at=clock.now())
    )
    rows = session.execute(
        select(Member, User).join(User, User.id == Member.user_id).where(Member.org_id == org_id)
    ).all()
    for member, user in rows:
        tell_left(session, org_id=org_id, user=user)
        session.delete(member)
    _tell(session, organization)
    record(session, actor, Fact("organization.deleted", "organization", org_id, org_id))


def _tell(session: Session, organization: Organization) -> None:
    announce(
        session,
        OrganizationChanged(
            org_id=organization.id,
            version=organization.version,
            name=organization.name,
            slug=organization.slug,
            language=organization.language,
            settings=organization.settings,
            deleted_at=organization.deleted_at,
        ),
    )
