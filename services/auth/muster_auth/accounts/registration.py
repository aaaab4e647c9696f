"""Registering: nothing is an account until the link in the mail was followed."""

from dataclasses import dataclass

from sqlalchemy import and_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from muster_auth.accounts.addresses import address_key
from muster_auth.accounts.models import User
from muster_auth.actions import use_cases as actions
from muster_auth.actions.models import Action, ActionKind
from muster_auth.audit.use_cases import Fact, record
from muster_auth.core import Core
from muster_auth.errors import TokenInvalid
from muster_auth.mails import mail_link, mail_notice
from muster_auth.passwords.policy import require_good
from muster_shared import clock
from muster_shared.auth import Principal, PrincipalKind
from muster_shared.db import constraint_of
from muster_shared.ids import new_id


@dataclass(frozen=True)
class Register:
    """A wish for an account."""

    name: str
    email: str
    password: str
    language: str


def register(core: Core, command: Register) -> None:
    """Sends a link to the address, or tells its owner that they have an account. The caller learns neither.

    Each registration carries its own password: only the one whose mail is answered becomes the account, so a
    stranger who registers somebody's address first gains nothing. Raises `Invalid` for a password refused.
    """
    require_good(command.password, name=command.name, email=command.email)
    hashed = core.passwords.hash(command.password)
    with core.database.transaction() as session:
        known = session.scalar(select(User).where(User.email_key == address_key(command.email)))
        if not actions.may_mail(session, command.email, secret=core.box.derive("addresses")):
            return
        if known is not None:
            mail_notice(session, "already_registered", known)
            return
        payload = {"name": command.name, "password_hash": hashed, "language": command.language}
        _ask(session, email=command.email, payload=payload)


def _ask(session: Session, *, email: str, payload: dict[str, str]) -> None:
    action = actions.ask(session, actions.NewAction(ActionKind.VERIFY_EMAIL, email, payload=payload))
    mail_link(session, action, name=payload["name"], language=payload["language"])


def waiting_hash(session: Session, email: str) -> str | None:
    """The password's hash of the newest registration of the address that was never confirmed."""
    action = _waiting(session, email)
    return None if action is None else str(action.payload["password_hash"])


def mail_again(session: Session, core: Core, email: str) -> None:
    """Another link for the newest registration of the address, as often as mails may go there."""
    action = _waiting(session, email)
    if action is not None and actions.may_mail(session, action.email, secret=core.box.derive("addresses")):
        _ask(session, email=action.email, payload=action.payload)


def _waiting(session: Session, email: str) -> Action | None:
    return session.scalar(
        select(Action)
        .where(
            and_(
                Action.email_key == address_key(email),
                Action.kind == ActionKind.VERIFY_EMAIL.value,
                Action.used_at.is_(None),
            )
        )
        .order_by(Action.created_at.desc())
        .limit(1)
    )


def confirm(session: Session, action: Action) -> User:
    """The account of a registration whose mail was answered.

    Raises `TokenInvalid` when another registration of the address was answered first.
    """
    now = clock.now()
    user = User(
        id=new_id(),
        name=action.payload["name"],
        email=action.email,
        email_key=action.email_key,
        password_hash=action.payload["password_hash"],
        language=action.payload["language"],
        totp_secret=None,
        totp_confirmed_at=None,
        totp_last_step=None,
        created_at=now,
        password_changed_at=now,
    )
    session.add(user)
    try:
        session.flush()
    except IntegrityError as error:
        if constraint_of(error) == "uq_users_email_key":
            raise TokenInvalid from error
        raise
    # What is kept of it from here on is in the account.
    action.payload = {}
    actor = Principal(kind=PrincipalKind.USER, user_id=user.id, name=user.name)
    record(session, actor, Fact("account.registered", "account", user.id))
    return user
