"""Adding, changing and removing members. An organisation always has an owner."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from muster_auth.accounts.models import User
from muster_auth.announce import announce, next_version
from muster_auth.audit.use_cases import Fact, record
from muster_auth.errors import LastOwner
from muster_auth.mails import mail_notice
from muster_auth.organizations.models import Member
from muster_auth.organizations.policies import OWNERS, require_locked
from muster_shared import clock
from muster_shared.auth import Principal, Role
from muster_shared.messages.auth import MembershipChanged
from muster_shared.problems import NotFound


@dataclass(frozen=True)
class ChangeRole:
    """A wish to give a member another role."""

    org_id: UUID
    user_id: UUID
    role: Role


def add_member(session: Session, *, org_id: UUID, user: User, role: Role) -> Member:
    """A new member; the organisation is locked, or new."""
    member = Member(
        org_id=org_id,
        user_id=user.id,
        role=role.value,
        version=next_version(session),
        created_at=clock.now(),
    )
    session.add(member)
    session.flush()
    _tell(session, member, user)
    return member


def change_role(session: Session, actor: Principal, command: ChangeRole) -> tuple[Member, User]:
    """The member with the new role. Raises `NotFound`, `Forbidden`, or `LastOwner`."""
    require_locked(session, actor, command.org_id, OWNERS)
    member, user = _found(session, command.org_id, command.user_id)
    if member.role == command.role.value:
        return member, user
    if command.role is not Role.OWNER:
        _require_another_owner(session, member)
    before = member.role
    _set_role(session, member, user, command.role)
    changes = {"role": {"from": before, "to": member.role}}
    record(session, actor, Fact("member.role_changed", "member", user.id, command.org_id, changes))
    return member, user


def transfer_ownership(session: Session, actor: Principal, *, org_id: UUID, to: UUID) -> None:
    """Makes another member owner and the caller manager, both or neither. Raises `NotFound` or `Forbidden`."""
    organization, _ = require_locked(session, actor, org_id, OWNERS)
    heir, heir_user = _found(session, org_id, to)
    own, own_user = _found(session, org_id, actor.user_id)
    if heir.user_id == own.user_id:
        return
    _set_role(session, heir, heir_user, Role.OWNER)
    _set_role(session, own, own_user, Role.MANAGER)
    variables = {"organization": organization.name, "from": own_user.name}
    mail_notice(session, "ownership_transferred", heir_user, org_id=org_id, variables=variables)
    record(session, actor, Fact("organization.ownership_transferred", "member", to, org_id))


def remove(session: Session, actor: Principal, *, org_id: UUID, user_id: UUID) -> None:
    """Removes a member, or lets the caller leave. Raises `NotFound`, `Forbidden`, or `LastOwner`."""
    leaves = actor.user_id == user_id
    require_locked(session, actor, org_id, (Role.OWNER, Role.MANAGER) if leaves else OWNERS)
    remove_locked(session, actor, org_id=org_id, user_id=user_id)


def remove_locked(session: Session, actor: Principal, *, org_id: UUID, user_id: UUID) -> None:
    """As `remove`, for a caller that holds the organisation's lock and has judged the actor."""
    member, user = _found(session, org_id, user_id)
    _require_another_owner(session, member)
    tell_left(session, org_id=org_id, user=user)
    session.delete(member)
    action = "member.left" if actor.user_id == user_id else "member.removed"
    record(session, actor, Fact(action, "member", user_id, org_id, {"role": member.role}))


def tell_left(session: Session, *, org_id: UUID, user: User) -> None:
    """Tells that the user is no member any more."""
    announce(
        session,
        MembershipChanged(
            org_id=org_id,
            user_id=user.id,
            role=None,
            version=next_version(session),
            name=user.name,
            email=user.email,
            user_language=user.language,
        ),
    )


def tell_again(session: Session, user: User) -> None:
    """Tells every membership of a user whose name, address or language changed."""
    mine = select(Member).where(Member.user_id == user.id).order_by(Member.org_id).with_for_update()
    for member in session.scalars(mine).all():
        member.version = next_version(session)
        session.flush()
        _tell(session, member, user)


def _found(session: Session, org_id: UUID, user_id: UUID | None) -> tuple[Member, User]:
    row = session.execute(
        select(Member, User)
        .join(User, User.id == Member.user_id)
        .where(and_(Member.org_id == org_id, Member.user_id == user_id))
        .with_for_update(of=Member)
    ).first()
    if row is None:
        raise NotFound
    return row[0], row[1]


def _require_another_owner(session: Session, member: Member) -> None:
    if member.role != Role.OWNER.value:
        return
    others = session.scalar(
        select(func.count())
        .select_from(Member)
        .where(
            and_(
                Member.org_id == member.org_id,
                Member.role == Role.OWNER.value,
                Member.user_id != member.user_id,
            )
        )
    )
    if not others:
        raise LastOwner


def _set_role(session: Session, member: Member, user: User, role: Role) -> None:
    member.role = role.value
    member.version = next_version(session)
    session.flush()
    _tell(session, member, user)


def _tell(session: Session, member: Member, user: User) -> None:
    announce(
        session,
        MembershipChanged(
            org_id=member.org_id,
            user_id=member.user_id,
            role=Role(member.role).value,
            version=member.version,
            name=user.name,
            email=user.email,
            user_language=user.language,
        ),
    )
