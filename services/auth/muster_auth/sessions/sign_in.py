"""Signing in with a password."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from muster_auth.accounts import registration
from muster_auth.accounts.addresses import address_key
from muster_auth.accounts.models import User
from muster_auth.core import Core
from muster_auth.errors import EmailNotVerified, InvalidCredentials, OtpInvalid, OtpRequired
from muster_auth.sessions import lockout, use_cases
from muster_auth.sessions.devices import Device
from muster_auth.sessions.models import SessionKind
from muster_auth.sessions.tokens import Tokens
from muster_auth.totp.use_cases import check_code


@dataclass(frozen=True)
class SignIn:
    """A wish to sign in. `address` is the client's, for the failures counted of its network."""

    email: str
    password: str
    otp: str | None
    kind: SessionKind
    device: Device
    address: str | None


@dataclass(frozen=True)
class _Candidate:
    """Whose password it may be: an account's, a registration's that waits to be confirmed, or nobody's."""

    user_id: UUID | None
    password_hash: str | None


def sign_in(core: Core, command: SignIn) -> Tokens:
    """A session for the right password, and code where the account wants one.

    Raises `TooManyRequests` and `HashingBusy`; `InvalidCredentials` alike for an unknown address and a wrong
    password, at the same cost; and only for the right password `EmailNotVerified`, `OtpRequired`, `OtpInvalid`.
    """
    attempt = lockout.attempt_of(core, email=command.email, address=command.address)
    lockout.check(core, attempt)
    with core.database.transaction() as session:
        candidate = _candidate(session, command.email)
    # No connection is held while hashing.
    if not core.passwords.check(command.password, candidate.password_hash):
        lockout.failed(core, attempt)
        raise InvalidCredentials
    if candidate.user_id is None:
        with core.database.transaction() as session:
            registration.mail_again(session, core, command.email)
        raise EmailNotVerified
    try:
        with core.database.transaction() as session:
            tokens = _begin(session, core, command, candidate)
    except OtpInvalid:
        lockout.failed(core, attempt)
        raise
    lockout.proved(core, attempt)
    return tokens


def _candidate(session: Session, email: str) -> _Candidate:
    # Both are asked for whoever it is, so that an account takes no longer and no shorter than none.
    user = session.execute(select(User.id, User.password_hash).where(User.email_key == address_key(email))).first()
    waiting = registration.waiting_hash(session, email)
    if user is not None:
        return _Candidate(user_id=user.id, password_hash=user.password_hash)
    return _Candidate(user_id=None, password_hash=waiting)


def _begin(session: Session, core: Core, command: SignIn, candidate: _Candidate) -> Tokens:
    user = session.get(User, candidate.user_id, with_for_update=True)
    if user is None or user.password_hash != candidate.password_hash:
        raise InvalidCredentials
    if user.wants_otp:
        if not command.otp:
            raise OtpRequired
        if not check_code(session, core, user, command.otp):
            raise OtpInvalid
    return use_cases.start(session, core, user, kind=command.kind, device=command.device)
