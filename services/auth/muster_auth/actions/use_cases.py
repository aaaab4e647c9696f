"""Asking for an action, minting its tokens at send time, and doing it once."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, delete, func, select, text, update
from sqlalchemy.orm import Session

from muster_auth.accounts.addresses import address_key
from muster_auth.actions.models import Action, ActionKind, ActionToken, AskedMail
from muster_auth.errors import TokenInvalid
from muster_shared import clock
from muster_shared.ids import new_id

LIFETIMES = {
    ActionKind.VERIFY_EMAIL: timedelta(minutes=30),
    ActionKind.RESET_PASSWORD: timedelta(minutes=30),
    ActionKind.CHANGE_EMAIL: timedelta(minutes=30),
    ActionKind.INVITATION: timedelta(days=7),
}
# A registration can be taken up again by signing in, which sends a new link, for as long as this.
REGISTRATION_KEPT = timedelta(days=7)
MAILS_PER_WINDOW = 3
MAIL_WINDOW = timedelta(minutes=15)
_MOST_TOKENS = 20
_TOKEN_CHARACTERS = 43


@dataclass(frozen=True)
class NewAction:
    """An action to ask for."""

    kind: ActionKind
    email: str
    user_id: UUID | None = None
    payload: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class MintedToken:
    """A token for one mail; only its hash is kept."""

    token: str
    expires_at: datetime


def ask(session: Session, new: NewAction) -> Action:
    """Writes an action down; nothing can be done with it until a token is minted for the mail."""
    now = clock.now()
    action = Action(
        id=new_id(),
        kind=new.kind.value,
        user_id=new.user_id,
        email=new.email,
        email_key=address_key(new.email),
        payload=new.payload,
        created_at=now,
        expires_at=now + LIFETIMES[new.kind],
        used_at=None,
    )
    session.add(action)
    session.flush()
    return action


def may_mail(session: Session, email: str, *, secret: bytes) -> bool:
    """Counts one mail to `email`; False when three went in the last 15 minutes.

    Calls for one address wait for each other, so that the count is exact.
    """
    digest = hmac.new(secret, address_key(email).encode(), hashlib.sha256).digest()
    lock = int.from_bytes(digest[:8], "big", signed=True)
    session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": lock})
    now = clock.now()
    recent = session.scalar(
        select(func.count()).where(and_(AskedMail.address_hash == digest, AskedMail.asked_at > now - MAIL_WINDOW))
    )
    if (recent or 0) >= MAILS_PER_WINDOW:
        return False
    session.add(AskedMail(id=new_id(), address_hash=digest, asked_at=now))
    session.flush()
    return True


def mint(session: Session, action_id: UUID) -> MintedToken | None:
    """A new token for a mail about the action; None when there is nothing left to do for it."""
    action = session.get(Action, action_id, with_for_update=True)
    if action is None or action.used_at is not None or action.expires_at <= clock.now():
        return None
    minted = session.scalar(select(func.count()).where(ActionToken.action_id == action_id))
    if (minted or 0) >= _MOST_TOKENS:
        return None
    token = secrets.token_urlsafe(32)
    session.add(ActionToken(hash=token_hash(token), action_id=action_id))
    return MintedToken(token=token, expires_at=action.expires_at)


def token_hash(token: str) -> bytes:
    """What is kept of a token: 256 random bits need no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def find(session: Session, token: str, *kinds: ActionKind) -> Action:
    """The action a token would do, still undone. Raises `TokenInvalid`."""
    if len(token) != _TOKEN_CHARACTERS:
        raise TokenInvalid
    action = session.scalar(
        select(Action)
        .join(ActionToken, ActionToken.action_id == Action.id)
        .where(
            and_(
                ActionToken.hash == token_hash(token),
                Action.kind.in_([kind.value for kind in kinds]),
                Action.used_at.is_(None),
                Action.expires_at > clock.now(),
            )
        )
    )
    if action is None:
        raise TokenInvalid
    return action


def redeem(session: Session, token: str, *kinds: ActionKind) -> Action:
    """Takes the action for this transaction: of calls that race for it, one gets it. Raises `TokenInvalid`."""
    action = find(session, token, *kinds)
    now = clock.now()
    taken = session.execute(
        update(Action)
        .where(and_(Action.id == action.id, Action.used_at.is_(None), Action.expires_at > now))
        .values(used_at=now)
        .returning(Action.id)
        .execution_options(synchronize_session=False)
    ).first()
    if taken is None:
        raise TokenInvalid
    return action


def void(session: Session, *, user_id: UUID, kind: ActionKind) -> None:
    """Makes what waits of this kind for the account undoable: it was overtaken."""
    session.execute(delete(Action).where(and_(Action.user_id == user_id, Action.kind == kind.value)))


def forget_old(session: Session) -> None:
    """Deletes what nobody can use any more."""
    now = clock.now()
    session.execute(delete(Action).where(and_(Action.expires_at < now, Action.created_at < now - REGISTRATION_KEPT)))
    session.execute(delete(AskedMail).where(AskedMail.asked_at < now - MAIL_WINDOW))
