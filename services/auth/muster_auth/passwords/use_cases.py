"""Forgetting, resetting and changing a password."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from muster_auth.accounts.addresses import address_key
from muster_auth.accounts.models import User
from muster_auth.actions import use_cases as actions
from muster_auth.actions.models import ActionKind
from muster_auth.audit.use_cases import Fact, record
from muster_auth.core import Core
from muster_auth.errors import TokenInvalid, WrongPassword
from muster_auth.mails import mail_link, mail_notice
from muster_auth.passwords.policy import require_good
from muster_auth.sessions import lockout
from muster_auth.sessions import use_cases as sessions
from muster_auth.sessions.models import EndReason
from muster_shared import clock
from muster_shared.auth import Principal, PrincipalKind
from muster_shared.problems import Unauthenticated


@dataclass(frozen=True)
class ChangePassword:
    """A wish to change the password of whoever is signed in."""

    current: str
    new: str
    address: str | None


def forget(core: Core, email: str) -> None:
    """Sends a link to the account of the address. For an address nobody has, the same is written and nothing sent."""
    with core.database.transaction() as session:
        user = session.scalar(select(User).where(User.email_key == address_key(email)))
        if not actions.may_mail(session, email, secret=core.box.derive("addresses")):
            return
        new = actions.NewAction(
            ActionKind.RESET_PASSWORD,
            email if user is None else user.email,
            user_id=None if user is None else user.id,
        )
        action = actions.ask(session, new)
        if user is not None:
            mail_link(session, action, name=user.name, language=user.language)


def reset(core: Core, *, token: str, password: str) -> None:
    """Sets a new password by a mail's token; every session ends. Raises `TokenInvalid` or `Invalid`."""
    with core.database.transaction() as session:
        action = actions.find(session, token, ActionKind.RESET_PASSWORD)
        user = session.get(User, action.user_id) if action.user_id else None
        if user is None:
            raise TokenInvalid
        name, email = user.name, user.email
    require_good(password, name=name, email=email)
    hashed = core.passwords.hash(password)
    with core.database.transaction() as session:
        action = actions.redeem(session, token, ActionKind.RESET_PASSWORD)
        user = session.get(User, action.user_id, with_for_update=True)
        if user is None:
            raise TokenInvalid
        _set(session, user, hashed, but=None)
        actor = Principal(kind=PrincipalKind.USER, user_id=user.id, name=user.name)
        record(session, actor, Fact("account.password_reset", "account", user.id))
    lockout.proved(core, lockout.attempt_of(core, email=email, address=None))


def change(core: Core, actor: Principal, command: ChangePassword) -> None:
    """Changes the password; the other sessions end. Raises `WrongPassword`, `Invalid`, `TooManyRequests`."""
    user = prove_password(core, actor, command.current, address=command.address, pointer="/current_password")
    require_good(command.new, name=user.name, email=user.email, pointer="/new_password")
    hashed = core.passwords.hash(command.new)
    with core.database.transaction() as session:
        locked = lock_user(session, user.id)
        if locked.password_hash != user.password_hash:
            raise WrongPassword("/current_password")
        _set(session, locked, hashed, but=actor.session_id)
        record(session, actor, Fact("account.password_changed", "account", user.id))


def prove_password(
    core: Core, actor: Principal, password: str, *, address: str | None, pointer: str = "/password"
) -> User:
    """The account, after the password was asked again. Wrong ones count as failed sign-ins do.

    Raises `WrongPassword`, `TooManyRequests` or `HashingBusy`.
    """
    with core.database.transaction() as session:
        user = session.get(User, actor.user_id)
    if user is None:
        raise Unauthenticated
    attempt = lockout.attempt_of(core, email=user.email, address=address)
    lockout.check(core, attempt)
    if not core.passwords.check(password, user.password_hash):
        lockout.failed(core, attempt)
        raise WrongPassword(pointer)
    return user


def lock_user(session: Session, user_id: UUID | None) -> User:
    """The account, locked for this transaction. Raises `Unauthenticated` when it is gone."""
    user = session.get(User, user_id, with_for_update=True) if user_id is not None else None
    if user is None:
        raise Unauthenticated
    return user


def _set(session: Session, user: User, hashed: str, *, but: UUID | None) -> None:
    user.password_hash = hashed
    user.password_changed_at = clock.now()
    sessions.end_all(session, user_id=user.id, reason=EndReason.PASSWORD_CHANGED, but=but)
    actions.void(session, user_id=user.id, kind=ActionKind.RESET_PASSWORD)
    mail_notice(session, "password_changed", user)
