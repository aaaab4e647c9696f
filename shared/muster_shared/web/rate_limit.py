"""Rate limits in Postgres: one statement per question, the same answer in every process (GCRA)."""

import hashlib
import ipaddress
from dataclasses import dataclass

from sqlalchemy import Column, DateTime, Table, Text, text
from sqlalchemy.engine import Connection
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

# `full_at` is when the bucket would be empty again (the theoretical arrival time of GCRA). A refused call does not
# move it, so that knocking on does not lengthen the wait.
_TAKE = text(
    """
    INSERT INTO rate_limits AS kept (bucket, full_at)
    VALUES (:bucket, clock_timestamp() + make_interval(secs => :step))
    ON CONFLICT (bucket) DO UPDATE
      SET full_at = greatest(kept.full_at, clock_timestamp()) + make_interval(secs => :step)
      WHERE kept.full_at <= clock_timestamp() + make_interval(secs => :allowance)
    RETURNING 1
    """
)
_WAIT = text(
    "SELECT extract(epoch FROM full_at - clock_timestamp())::float - :allowance FROM rate_limits WHERE bucket = :bucket"
)


@dataclass(frozen=True)
class Limit:
    """At most `calls` in `seconds`, spread as they come: a burst of all, then one each `seconds / calls`."""

    name: str
    calls: int
    seconds: float


def take(database: Database, limit: Limit, subject: str) -> None:
    """Counts one call of `subject`. Raises `TooManyRequests` when the limit is reached.

    Commits by itself, so that a refused or failed call counts too. Subjects are kept as a hash.
    """
    with database.read() as connection:
        take_in(connection, limit, subject)


def take_in(connection: Connection | Session, limit: Limit, subject: str) -> None:
    """As `take`, on a connection of the caller's."""
    bucket = f"{limit.name}:{hashlib.sha256(subject.encode()).hexdigest()[:32]}"
    step = limit.seconds / limit.calls
    values = {"bucket": bucket, "step": step, "allowance": limit.seconds - step}
    if connection.execute(_TAKE, values).first() is None:
        wait = connection.execute(_WAIT, {"bucket": bucket, "allowance": values["allowance"]}).scalar()
        raise TooManyRequests(retry_after_seconds=max(wait or 0.0, 1.0))


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
