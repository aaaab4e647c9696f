"""Rate limits in Postgres: one statement per question, the same answer in every process (GCRA)."""

import hashlib
import ipaddress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, DateTime, Table, Text, text
from sqlalchemy.orm import Session

from muster_shared.db import Database
from muster_shared.db.base import platform_metadata
from muster_shared.problems import TooManyRequests

rate_limits = Table(
    "rate_limits",
    platform_metadata,
    Column("bucket", Text, primary_key=True),
    Column("full_at", DateTime(timezone=True), nullable=False, index=True),
    prefixes=["UNLOGGED"],
)


def counting(*, when: str) -> str:
    """SQL that counts a call and gives a row, or none when the limit is reached; for a `WITH` of what it limits.

    `when` is what follows SELECT's list: `WHERE ...`, or `FROM ... WHERE ...`. It takes the names of `names_of`.
    """
    # `full_at` is when the bucket would be empty again (the theoretical arrival time of GCRA). A refused call does
    # not move it, so that knocking on does not lengthen the wait.
    return f"""
    INSERT INTO rate_limits AS kept (bucket, full_at)
    SELECT %(bucket)s, clock_timestamp() + make_interval(secs => %(step)s) {when}
    ON CONFLICT (bucket) DO UPDATE
      SET full_at = greatest(kept.full_at, clock_timestamp()) + make_interval(secs => %(step)s)
      WHERE kept.full_at <= clock_timestamp() + make_interval(secs => %(allowance)s)
    RETURNING 1
    """  # noqa: S608  # fixed texts, values bound


# How long who was not counted has to wait; with the same names.
WAIT = (
    "SELECT extract(epoch FROM full_at - clock_timestamp())::float - %(allowance)s"
    " FROM rate_limits WHERE bucket = %(bucket)s"
)
_TAKE = counting(when="")


@dataclass(frozen=True)
class Limit:
    """At most `calls` in `seconds`, spread as they come: a burst of all, then one each `seconds / calls`."""

    name: str
    calls: int
    seconds: float


def names_of(limit: Limit, subject: str) -> dict[str, Any]:
    """What a counting statement takes. Subjects are kept as a hash."""
    step = limit.seconds / limit.calls
    return {
        "bucket": f"{limit.name}:{hashlib.sha256(subject.encode()).hexdigest()[:32]}",
        "step": step,
        "allowance": limit.seconds - step,
    }


def take(database: Database, limit: Limit, subject: str) -> None:
    """Counts one call of `subject`. Raises `TooManyRequests` when the limit is reached.

    Commits by itself, so that a refused or failed call counts too.
    """
    names = names_of(limit, subject)
    if not database.rows(_TAKE, names):
        raise refusal(next((row[0] for row in database.rows(WAIT, names)), None))


def take_in(session: Session, limit: Limit, subject: str) -> None:
    """As `take`, in the caller's transaction."""
    names, connection = names_of(limit, subject), session.connection()
    if connection.exec_driver_sql(_TAKE, names).first() is None:
        raise refusal(connection.exec_driver_sql(WAIT, names).scalar())


def refusal(wait_seconds: float | None) -> TooManyRequests:
    """What to raise for who was not counted."""
    return TooManyRequests(retry_after_seconds=max(wait_seconds or 0.0, 1.0))


def address_prefix(address: str | None) -> str:
    """The network an address counts for: a whole /64 of IPv6, a single IPv4 address."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    if parsed.version == 4:
        return str(parsed)
    return str(ipaddress.ip_network((parsed, 64), strict=False))


def forget_full(session: Session) -> None:
    """Deletes buckets that are empty again."""
    session.execute(text("DELETE FROM rate_limits WHERE full_at < clock_timestamp() - interval '1 minute'"))
