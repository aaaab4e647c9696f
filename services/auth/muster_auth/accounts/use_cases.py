"""Changing and deleting one's account."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from muster_auth.accounts import registration
from muster_auth.accounts.addresses import address_key
from muster_auth.accounts.models import User
from muster_auth.actions import use_cases as actions
from muster_auth.actions.models import Action, ActionKind
from muster_auth.audit.use_cases import Fact, record
from muster_auth.core import Core
from muster_auth.errors import AddressTaken, CodeNeeded, LastOwner, TokenInvalid, WrongCode
from muster_auth.mails import mail_link, mail_notice
from muster_auth.members import use_cases as members
from muster_auth.organizations.models import Member, Organization
from muster_auth.passwords.use_cases import lock_user, prove_password
from muster_auth.sessions import lockout
from muster_auth.sessions import use_cases as sessions
from muster_auth.sessions.models import EndReason
from muster_auth.totp.use_cases import check_code
from muster_shared.auth import Principal, PrincipalKind, Role
from muster_shared.db import constraint_of


@dataclass(frozen=True)
class ChangeProfile:
    """What of the profile to change; None leaves a thing as it is."""

    name: str | None
    language: str | None


@dataclass(frozen=True)
class ChangeEmail:
    """A wish for another address."""

    email: str
    password: str
    address: str | None


@dataclass(frozen=True)
class DeleteAccount:
    """A wish to delete the account."""

    password: str
    otp: str | None
    address: str | None


def change_profile(session: Session, actor: Principal, command: ChangeProfile) -> User:
    """The account after the change; other services learn of a new name or language."""
    user = lock_user(session, actor.user_id)
    before = (user.name, user.language)
    user.name = command.name or user.name
    user.language = command.language or user.language
    if (user.name, user.language) != before:
        members.tell_again(session, user)
        fields = [name for name in ("name", "language") if getattr(command, name) is not None]
        record(session, actor, Fact("account.changed", "account", user.id, changes={"fields": fields}))
    return user


def ask_new_email(core: Core, actor: Principal, command: ChangeEmail) -> None:
    """Sends a link to the new address, unless it is an account's already; the caller is not told which."""
    proved = prove_password(core, actor, command.password, address=command.address)
    with core.database.transaction() as session:
        user = lock_user(session, proved.id)
        known = session.scalar(select(User.id).where(User.email_key == address_key(command.email)))
        if not actions.may_mail(session, command.email, secret=core.box.derive("addresses")):
            return
        actions.void(session, user_id=user.id, kind=ActionKind.CHANGE_EMAIL)
        if known is not None and known != user.id:
            return
        new = actions.NewAction(ActionKind.CHANGE_EMAIL, command.email, user_id=user.id)
        mail_link(session, actions.ask(session, new), name=user.name, language=user.language)


def follow_link(session: Session, token: str) -> None:
    """What the link in a mail to an address confirms: a registration, or a new address of an account.

    Raises `TokenInvalid`, or `AddressTaken` when the address became another account's meanwhile.
    """
    action = actions.redeem(session, token, ActionKind.VERIFY_EMAIL, ActionKind.CHANGE_EMAIL)
    if action.kind == ActionKind.VERIFY_EMAIL.value:
        registration.confirm(session, action)
    else:
        _change_email(session, action)


def _change_email(session: Session, action: Action) -> None:
    user = session.get(User, action.user_id, with_for_update=True)
    if user is None:
        raise TokenInvalid
    old = user.email
    user.email, user.email_key = action.email, action.email_key
    try:
        session.flush()
    except IntegrityError as error:
        if constraint_of(error) == "uq_users_email_key":
            raise AddressTaken from error
        raise
    # Links that went to the old address hold no longer.
    actions.void(session, user_id=user.id, kind=ActionKind.RESET_PASSWORD)
    members.tell_again(session, user)
    mail_notice(session, "email_changed", user, recipient=old)
    actor = Principal(kind=PrincipalKind.USER, user_id=user.id, name=user.name)
    record(session, actor, Fact("account.email_changed", "account", user.id))


def delete_account(core: Core, actor: Principal, command: DeleteAccount) -> None:
    """Deletes the account with its sessions and memberships.

    Raises `WrongPassword`, `CodeNeeded`, `WrongCode`, and `LastOwner` while an organisation has no other owner.
    """
    proved = prove_password(core, actor, command.password, address=command.address)
    try:
        _delete(core, actor, proved, otp=command.otp)
    except WrongCode:
        lockout.failed(core, lockout.attempt_of(core, email=proved.email, address=command.address))
        raise


def _delete(core: Core, actor: Principal, proved: User, *, otp: str | None) -> None:
    with core.database.transaction() as session:
        user = lock_user(session, proved.id)
        if user.wants_otp:
            if not otp:
                raise CodeNeeded
            if not check_code(session, core, user, otp):
                raise WrongCode
        for org_id in _organizations_of(session, user):
            members.remove_locked(session, actor, org_id=org_id, user_id=user.id)
        sessions.end_all(session, user_id=user.id, reason=EndReason.ACCOUNT_DELETED)
        mail_notice(session, "account_deleted", user)
        record(session, actor, Fact("account.deleted", "account", user.id))
        session.flush()
        session.delete(user)


def _organizations_of(session: Session, user: User) -> list[UUID]:
    """The living organisations of the user, locked in one order. Raises `LastOwner`."""
    locked = session.scalars(
        select(Organization.id)
        .join(Member, Member.org_id == Organization.id)
        .where(and_(Member.user_id == user.id, Organization.deleted_at.is_(None)))
        .order_by(Organization.id)
        .with_for_update(of=Organization)
    ).all()
    for org_id in locked:
        owners = session.scalars(
            select(Member.user_id).where(and_(Member.org_id == org_id, Member.role == Role.OWNER.value))
        ).all()
        if list(owners) == [user.id]:
            raise LastOwner
    return list(locked)
