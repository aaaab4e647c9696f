"""Turning the second factor on and off, and checking its codes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import and_, delete, func, select, update
from sqlalchemy.orm import Session

from muster_auth.accounts.models import User
from muster_auth.audit.use_cases import Fact, record
from muster_auth.core import Core
from muster_auth.errors import TotpState, WrongCode
from muster_auth.mails import mail_notice
from muster_auth.passwords.use_cases import lock_user, prove_password
from muster_auth.sessions import lockout
from muster_auth.totp.codes import new_recovery_codes, new_secret, provisioning_uri, step_of
from muster_auth.totp.models import RecoveryCode
from muster_shared import clock
from muster_shared.auth import Principal


@dataclass(frozen=True)
class Enrolment:
    """What an authenticator needs; shown once."""

    secret: str
    uri: str


@dataclass(frozen=True)
class Proof:
    """What is asked again before the second factor is touched."""

    password: str
    code: str
    address: str | None


def check_code(session: Session, core: Core, user: User, code: str) -> bool:
    """Whether `code` is a current one of the authenticator, or an unused recovery code; it is used up by this.

    `user` must be locked: two calls with one code must not both succeed.
    """
    plain = "".join(code.split())
    if plain.isascii() and plain.isdigit() and len(plain) == 6:
        return _check_authenticator(core, user, plain)
    used = session.execute(
        update(RecoveryCode)
        .where(
            and_(
                RecoveryCode.user_id == user.id,
                RecoveryCode.hash == core.box.recovery_hash(plain),
                RecoveryCode.used_at.is_(None),
            )
        )
        .values(used_at=clock.now())
        .returning(RecoveryCode.user_id)
        .execution_options(synchronize_session=False)
    ).first()
    return used is not None


def require_code(session: Session, core: Core, user: User, code: str) -> None:
    """As `check_code`, for an account that must have a second factor. Raises `TotpState` or `WrongCode`."""
    if not user.wants_otp:
        raise TotpState("the second factor is off")
    if not check_code(session, core, user, code):
        raise WrongCode


def _check_authenticator(core: Core, user: User, code: str) -> bool:
    if user.totp_secret is None:
        return False
    step = step_of(core.box.open(user.totp_secret), code, at=clock.now())
    if step is None or (user.totp_last_step is not None and step <= user.totp_last_step):
        return False
    user.totp_last_step = step
    return True


def enrol(core: Core, actor: Principal, *, password: str, address: str | None) -> Enrolment:
    """A new secret, which counts once a code of it has been given.

    Raises `WrongPassword`, and `TotpState` when one counts already.
    """
    proved = prove_password(core, actor, password, address=address)
    with core.database.transaction() as session:
        user = lock_user(session, proved.id)
        if user.wants_otp:
            raise TotpState("the second factor is on already")
        secret = new_secret()
        user.totp_secret = core.box.seal(secret)
        user.totp_last_step = None
    return Enrolment(secret=secret, uri=provisioning_uri(secret, email=user.email))


def confirm(session: Session, core: Core, user: User, *, code: str, actor: Principal) -> list[str]:
    """Turns the second factor on; returns the recovery codes. Raises `TotpState` or `WrongCode`."""
    if user.wants_otp or user.totp_secret is None:
        raise TotpState("begin with a new secret")
    if not _check_authenticator(core, user, code.strip()):
        raise WrongCode
    user.totp_confirmed_at = clock.now()
    codes = _replace_codes(session, core, user.id)
    record(session, actor, Fact("account.totp_enabled", "account", user.id))
    mail_notice(session, "totp_changed", user, variables={"state": "on"})
    return codes


def renew_codes(core: Core, actor: Principal, proof: Proof) -> list[str]:
    """New recovery codes; the old ones hold no longer. Raises `WrongPassword`, `TotpState` or `WrongCode`."""
    with _proved(core, actor, proof) as (session, user):
        record(session, actor, Fact("account.recovery_codes_renewed", "account", user.id))
        return _replace_codes(session, core, user.id)


def turn_off(core: Core, actor: Principal, proof: Proof) -> None:
    """Turns the second factor off. Raises `WrongPassword`, `TotpState` or `WrongCode`."""
    with _proved(core, actor, proof) as (session, user):
        user.totp_secret = user.totp_confirmed_at = user.totp_last_step = None
        session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
        record(session, actor, Fact("account.totp_disabled", "account", user.id))
        mail_notice(session, "totp_changed", user, variables={"state": "off"})


def codes_left(session: Session, user_id: UUID) -> int:
    """How many recovery codes are unused."""
    unused = and_(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    return session.scalar(select(func.count()).select_from(RecoveryCode).where(unused)) or 0


@contextmanager
def _proved(core: Core, actor: Principal, proof: Proof) -> Iterator[tuple[Session, User]]:
    """A transaction with the locked account, once password and code were right; wrong codes count as failures."""
    proved = prove_password(core, actor, proof.password, address=proof.address)
    try:
        with core.database.transaction() as session:
            user = lock_user(session, proved.id)
            require_code(session, core, user, proof.code)
            yield session, user
    except WrongCode:
        lockout.failed(core, lockout.attempt_of(core, email=proved.email, address=proof.address))
        raise


def _replace_codes(session: Session, core: Core, user_id: UUID) -> list[str]:
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    codes = new_recovery_codes()
    session.add_all(RecoveryCode(user_id=user_id, hash=core.box.recovery_hash(code), used_at=None) for code in codes)
    return codes
