"""Slowing down guessing: after five failures of an account, or from a network, a delay that doubles."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ARRAY, LargeBinary, bindparam, text
from sqlalchemy.orm import Session

from muster_auth.accounts.addresses import address_key
from muster_auth.core import Core
from muster_shared.problems import TooManyRequests
from muster_shared.web.rate_limit import address_prefix

FREE_FAILURES = 5
LONGEST_DELAY_SECONDS = 900
# Failures are forgotten when none followed for as long as this.
_MEMORY_SECONDS = 3600

_WAIT = text(
    "SELECT max(extract(epoch FROM locked_until - clock_timestamp()))::float FROM failed_sign_ins"
    " WHERE subject = ANY(:subjects)"
).bindparams(bindparam("subjects", type_=ARRAY(LargeBinary)))
# The rows are written in the order of their subjects, so that two calls never wait for each other.
_COUNT = text(
    """
    INSERT INTO failed_sign_ins AS kept (subject, failures, locked_until, last_at)
    SELECT subject, 1, clock_timestamp(), clock_timestamp() FROM unnest(:subjects) AS subject ORDER BY subject
    ON CONFLICT (subject) DO UPDATE SET
      failures = CASE WHEN kept.last_at < clock_timestamp() - make_interval(secs => :memory)
                 THEN 1 ELSE kept.failures + 1 END,
      locked_until = CASE
        WHEN kept.last_at < clock_timestamp() - make_interval(secs => :memory) OR kept.failures + 1 < :free
        THEN clock_timestamp()
        ELSE clock_timestamp() + make_interval(secs => least(:longest, 2 ^ least(kept.failures + 1 - :free, 20)))
        END,
      last_at = clock_timestamp()
    """
).bindparams(bindparam("subjects", type_=ARRAY(LargeBinary)))
_FORGET = text("DELETE FROM failed_sign_ins WHERE subject = :subject")
_FORGET_OLD = text("DELETE FROM failed_sign_ins WHERE last_at < clock_timestamp() - make_interval(secs => :memory)")


@dataclass(frozen=True)
class Attempt:
    """One try to prove an account: whose, and from where; both as keyed hashes."""

    account: bytes
    network: bytes

    @property
    def subjects(self) -> Sequence[bytes]:
        """What failures are counted for."""
        return [self.account, self.network]


def attempt_of(core: Core, *, email: str, address: str | None) -> Attempt:
    """The attempt for an address, whether or not it is an account's."""
    return Attempt(
        account=_subject(core, f"account:{address_key(email)}"),
        network=_subject(core, f"network:{address_prefix(address)}"),
    )


def check(core: Core, attempt: Attempt) -> None:
    """Raises `TooManyRequests` while a delay runs. Guesses at once are bounded by the hashing that may run."""
    with core.database.read() as connection:
        wait = connection.execute(_WAIT, {"subjects": attempt.subjects}).scalar()
    if wait is not None and wait > 0:
        raise TooManyRequests(retry_after_seconds=wait, detail="too many failed attempts")


def failed(core: Core, attempt: Attempt) -> None:
    """Counts a failure."""
    values = {
        "subjects": attempt.subjects,
        "memory": _MEMORY_SECONDS,
        "free": FREE_FAILURES,
        "longest": LONGEST_DELAY_SECONDS,
    }
    with core.database.read() as connection:
        connection.execute(_COUNT, values)


def proved(core: Core, attempt: Attempt) -> None:
    """Forgets the account's failures. The network's stay: one's own account is no way to guess at others'."""
    with core.database.read() as connection:
        connection.execute(_FORGET, {"subject": attempt.account})


def forget_old(session: Session) -> None:
    """Deletes counters that no longer count."""
    session.execute(_FORGET_OLD, {"memory": _MEMORY_SECONDS})


def _subject(core: Core, text_: str) -> bytes:
    return hmac.new(core.box.derive("failed-sign-ins"), text_.encode(), hashlib.sha256).digest()
