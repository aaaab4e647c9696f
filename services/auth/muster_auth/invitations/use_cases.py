"""Inviting people to an organisation, and their answers."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.orm import Session

from muster_auth.accounts.addresses import address_key
from muster_auth.accounts.models import User
from muster_auth.actions import use_cases as actions
from muster_auth.actions.models import Action, ActionKind
from muster_auth.audit.use_cases import Fact, record
from muster_auth.core import Core
from muster_auth.errors import AlreadyMember, InvitationForAnother, TokenInvalid, TooMany
from muster_auth.invitations.models import Invitation
from muster_auth.mails import mail_link
from muster_auth.members.use_cases import add_member
from muster_auth.organizations.models import Member, Organization
from muster_auth.organizations.policies import OWNERS, require_locked
from muster_auth.passwords.use_cases import lock_user
from muster_shared import clock
from muster_shared.auth import Principal, Role
from muster_shared.ids import new_id
from muster_shared.problems import NotFound

MOST_OPEN = 100


@dataclass(frozen=True)
class Invite:
    """A wish to invite an address."""

    org_id: UUID
    email: str
    role: Role


@dataclass(frozen=True)
class Offer:
    """What an invitation's link offers to whoever holds it."""

    organization: Organization
    invitation: Invitation
    inviter: str


def invite(session: Session, core: Core, actor: Principal, command: Invite) -> Invitation:
    """An open invitation with a mail about it; an earlier one to the address gives way.

    Beyond three mails to an address in 15 minutes the invitation stands and no mail goes. Raises `NotFound`,
    `Forbidden`, `AlreadyMember` or `TooMany`.
    """
    organization, _ = require_locked(session, actor, command.org_id, OWNERS)
    _refuse_member(session, command)
    now = clock.now()
    _close(session, Invitation.email_key == address_key(command.email), org_id=command.org_id)
    opened = session.scalar(
        select(func.count()).select_from(Invitation).where(_open(command.org_id), Invitation.expires_at > now)
    )
    if (opened or 0) >= MOST_OPEN:
        raise TooMany("the organisation has as many open invitations as it may")
    inviter = lock_user(session, actor.user_id)
    action = actions.ask(session, actions.NewAction(ActionKind.INVITATION, command.email))
    invitation = Invitation(
        id=new_id(),
        org_id=command.org_id,
        action_id=action.id,
        email=command.email,
        email_key=action.email_key,
        role=command.role.value,
        invited_by=inviter.id,
        created_at=now,
        expires_at=action.expires_at,
        accepted_at=None,
        revoked_at=None,
    )
    session.add(invitation)
    session.flush()
    if actions.may_mail(session, command.email, secret=core.box.derive("addresses")):
        mail_link(
            session,
            action,
            name="",
            language=organization.language,
            org_id=command.org_id,
            variables={
                "organization": organization.name,
                "inviter": inviter.name,
                "role": command.role.value,
            },
        )
    changes = {"role": command.role.value}
    record(session, actor, Fact("invitation.created", "invitation", invitation.id, command.org_id, changes))
    return invitation


def revoke(session: Session, actor: Principal, *, org_id: UUID, invitation_id: UUID) -> None:
    """Takes an open invitation back. Raises `NotFound` or `Forbidden`."""
    require_locked(session, actor, org_id, OWNERS)
    if not _close(session, Invitation.id == invitation_id, org_id=org_id):
        raise NotFound
    record(session, actor, Fact("invitation.revoked", "invitation", invitation_id, org_id))


def offer(session: Session, token: str) -> Offer:
    """What the token offers; changes nothing. Raises `TokenInvalid`."""
    action = actions.find(session, token, ActionKind.INVITATION)
    return _offer(session, action)


def accept(session: Session, actor: Principal, token: str, *, org_id: UUID | None) -> tuple[Organization, Role]:
    """Makes the caller a member, once.

    Raises `TokenInvalid` (also for an invitation to another organisation than `org_id`), `InvitationForAnother`
    when it went to another address, and `AlreadyMember`.
    """
    user = lock_user(session, actor.user_id)
    found = _offer(session, actions.find(session, token, ActionKind.INVITATION))
    organization, invitation = found.organization, found.invitation
    if org_id is not None and organization.id != org_id:
        raise TokenInvalid
    if invitation.email_key != user.email_key:
        raise InvitationForAnother
    session.execute(select(Organization.id).where(Organization.id == organization.id).with_for_update())
    actions.redeem(session, token, ActionKind.INVITATION)
    session.refresh(invitation)
    if invitation.revoked_at is not None or organization.deleted_at is not None:
        raise TokenInvalid
    if session.get(Member, (organization.id, user.id)) is not None:
        raise AlreadyMember
    invitation.accepted_at = clock.now()
    role = Role(invitation.role)
    add_member(session, org_id=organization.id, user=user, role=role)
    changes = {"role": role.value}
    record(session, actor, Fact("member.joined", "member", user.id, organization.id, changes))
    return organization, role


def _offer(session: Session, action: Action) -> Offer:
    row = session.execute(
        select(Invitation, Organization, User.name)
        .join(Organization, Organization.id == Invitation.org_id)
        .outerjoin(User, User.id == Invitation.invited_by)
        .where(
            and_(
                Invitation.action_id == action.id,
                Invitation.accepted_at.is_(None),
                Invitation.revoked_at.is_(None),
                Organization.deleted_at.is_(None),
            )
        )
    ).first()
    if row is None:
        raise TokenInvalid
    return Offer(invitation=row[0], organization=row[1], inviter=row[2] or "")


def _open(org_id: UUID) -> ColumnElement[bool]:
    return and_(Invitation.org_id == org_id, Invitation.accepted_at.is_(None), Invitation.revoked_at.is_(None))


def _close(session: Session, which: ColumnElement[bool], *, org_id: UUID) -> bool:
    closed = session.execute(
        update(Invitation).where(_open(org_id), which).values(revoked_at=clock.now()).returning(Invitation.id)
    ).all()
    return bool(closed)


def _refuse_member(session: Session, command: Invite) -> None:
    member = session.scalar(
        select(Member.user_id)
        .join(User, User.id == Member.user_id)
        .where(and_(Member.org_id == command.org_id, User.email_key == address_key(command.email)))
    )
    if member is not None:
        raise AlreadyMember
