"""Starting, carrying on and ending sessions."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, select, update
from sqlalchemy.orm import Session

from muster_auth.accounts.models import User
from muster_auth.announce import announce
from muster_auth.core import Core
from muster_auth.errors import SessionEnded
from muster_auth.mails import mail_notice
from muster_auth.sessions.devices import Device
from muster_auth.sessions.models import EndReason, RefreshToken, SessionKind, UserSession
from muster_auth.sessions.tokens import (
    REFRESH_CHARACTERS,
    REFRESH_IDLE,
    SESSION_LIFETIME,
    Tokens,
    issue,
    new_refresh_token,
    open_successor,
    refresh_hash,
    seal_successor,
)
from muster_shared import clock
from muster_shared.ids import new_id
from muster_shared.messages.auth import SessionRevoked

GRACE = timedelta(seconds=10)
MOST_SESSIONS = 100
_KEEP_ENDED = timedelta(days=30)
_LONGEST_CHAIN = 1000


@dataclass(frozen=True)
class Refresh:
    """A wish to carry on a session. A cookie's token is good for the cookie routes alone, and the other way round."""

    token: str
    kind: SessionKind
    device: Device


def start(session: Session, core: Core, user: User, *, kind: SessionKind, device: Device) -> Tokens:
    """A new session of `user`."""
    now = clock.now()
    _make_room(session, user.id)
    begun = UserSession(
        id=new_id(),
        user_id=user.id,
        kind=kind.value,
        device=device.label,
        address=device.address,
        created_at=now,
        last_used_at=now,
        expires_at=now + SESSION_LIFETIME,
        ended_at=None,
        ended_reason=None,
    )
    session.add(begun)
    session.flush()
    token = new_refresh_token()
    _add_token(session, token, begun, now=now)
    return issue(core, user, session_id=begun.id, refresh_token=token)


def carry_on(core: Core, command: Refresh) -> Tokens:
    """Rotates a refresh token. Raises `SessionEnded`.

    Of calls that race with one token, the first makes the successor and the others, for ten seconds, get the
    newest of the family: tabs never sign each other out. A token used again later was stolen, here or there, so
    the family ends and its owner is told.
    """
    if len(command.token) != REFRESH_CHARACTERS:
        raise SessionEnded
    with core.database.transaction() as session:
        tokens = _rotate(session, core, command)
    if tokens is None:
        raise SessionEnded
    return tokens


def end_by_token(core: Core, token: str) -> None:
    """Signs out the session that `token` is of; an unknown one changes nothing."""
    with core.database.transaction() as session:
        row = session.get(RefreshToken, refresh_hash(token))
        if row is not None:
            end(session, row.session_id, EndReason.SIGNED_OUT)


def end(session: Session, session_id: UUID, reason: EndReason) -> bool:
    """Ends one session, everywhere within seconds; False when it had ended already."""
    return _end(session, UserSession.id == session_id, reason=reason) > 0


def end_of_user(session: Session, *, user_id: UUID, session_id: UUID) -> bool:
    """Ends one session if it is the user's; False when it is not, or has ended."""
    mine = and_(UserSession.id == session_id, UserSession.user_id == user_id)
    return _end(session, mine, reason=EndReason.REVOKED) > 0


def end_all(session: Session, *, user_id: UUID, reason: EndReason, but: UUID | None = None) -> int:
    """Ends every session of the user, save the one named; returns how many."""
    theirs = UserSession.user_id == user_id
    return _end(session, theirs if but is None else and_(theirs, UserSession.id != but), reason=reason)


def forget_old(session: Session) -> None:
    """Deletes what can no longer be used; a used token stays while it could tell of a theft."""
    now = clock.now()
    session.execute(delete(RefreshToken).where(RefreshToken.expires_at < now))
    session.execute(
        update(RefreshToken)
        .where(and_(RefreshToken.used_at < now - 6 * GRACE, RefreshToken.successor.is_not(None)))
        .values(successor=None)
    )
    session.execute(delete(UserSession).where(UserSession.expires_at < now))
    session.execute(delete(UserSession).where(UserSession.ended_at < now - _KEEP_ENDED))


def _end(session: Session, which: ColumnElement[bool], *, reason: EndReason) -> int:
    # One message a session, by its id: tokens of a session begun in the same second go on holding.
    now = clock.now()
    ended = session.execute(
        update(UserSession)
        .where(which, UserSession.ended_at.is_(None))
        .values(ended_at=now, ended_reason=reason.value)
        .returning(UserSession.id, UserSession.user_id)
        .execution_options(synchronize_session=False)
    ).all()
    for row in ended:
        announce(
            session,
            SessionRevoked(revocation_id=new_id(), user_id=row.user_id, session_id=row.id, revoked_at=now),
        )
    return len(ended)


def _make_room(session: Session, user_id: UUID) -> None:
    overtaken = session.scalars(
        select(UserSession.id)
        .where(and_(UserSession.user_id == user_id, UserSession.ended_at.is_(None)))
        .order_by(UserSession.last_used_at.desc())
        .offset(MOST_SESSIONS - 1)
    ).all()
    if overtaken:
        _end(session, UserSession.id.in_(overtaken), reason=EndReason.OVERTAKEN)


def _add_token(session: Session, token: str, of: UserSession, *, now: datetime) -> None:
    session.add(
        RefreshToken(
            hash=refresh_hash(token),
            session_id=of.id,
            created_at=now,
            expires_at=min(now + REFRESH_IDLE, of.expires_at),
            used_at=None,
            successor=None,
        )
    )


def _rotate(session: Session, core: Core, command: Refresh) -> Tokens | None:
    now = clock.now()
    successor = new_refresh_token()
    taken = session.execute(
        update(RefreshToken)
        .where(
            and_(
                RefreshToken.hash == refresh_hash(command.token),
                RefreshToken.used_at.is_(None),
                RefreshToken.expires_at > now,
            )
        )
        .values(used_at=now, successor=seal_successor(command.token, successor))
        .returning(RefreshToken.session_id)
        .execution_options(synchronize_session=False)
    ).first()
    if taken is None:
        return _again(session, core, command, now=now)
    found = _living(session, taken.session_id, command.kind, now=now)
    if found is None:
        raise SessionEnded
    family, user = found
    _add_token(session, successor, family, now=now)
    family.last_used_at = now
    family.device, family.address = command.device.label, command.device.address
    return issue(core, user, session_id=family.id, refresh_token=successor)


def _again(session: Session, core: Core, command: Refresh, *, now: datetime) -> Tokens | None:
    """The answer for a token that was used before, or never was: tokens in the grace, else None."""
    row = session.get(RefreshToken, refresh_hash(command.token))
    if row is None or row.used_at is None or row.expires_at <= now:
        return None
    found = _living(session, row.session_id, command.kind, now=now)
    if found is None:
        return None
    family, user = found
    if now - row.used_at <= GRACE:
        head = _head(session, command.token, row)
        return None if head is None else issue(core, user, session_id=family.id, refresh_token=head)
    end(session, family.id, EndReason.REUSE)
    mail_notice(session, "refresh_reuse", user, variables={"device": family.device})
    return None


def _head(session: Session, token: str, row: RefreshToken) -> str | None:
    """The newest token of the family, reached from one to the next: each opens only the one after it."""
    for _ in range(_LONGEST_CHAIN):
        if row.used_at is None:
            return token
        if row.successor is None:
            return None
        token = open_successor(token, row.successor)
        after = session.get(RefreshToken, refresh_hash(token))
        if after is None:
            return None
        row = after
    return None


def _living(session: Session, session_id: UUID, kind: SessionKind, *, now: datetime) -> tuple[UserSession, User] | None:
    row = session.execute(
        select(UserSession, User)
        .join(User, User.id == UserSession.user_id)
        .where(
            and_(
                UserSession.id == session_id,
                UserSession.kind == kind.value,
                UserSession.ended_at.is_(None),
                UserSession.expires_at > now,
            )
        )
    ).first()
    return None if row is None else (row[0], row[1])
