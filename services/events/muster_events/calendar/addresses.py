"""Whose address a personal feed has: registrations made by e-mail alone are found by it.

An account's address is one whose mail was answered, so nobody sees another's registrations by naming their address.
"""

from datetime import timedelta

from sqlalchemy import text

from muster_events.calendar.use_cases import hash_of
from muster_events.registrations.registering import email_key
from muster_shared import clock
from muster_shared.auth.internal import InternalClient, InternalUnavailable
from muster_shared.db import Database
from muster_shared.logs import log

# As long as somebody's new address may take to count here.
_KEPT = timedelta(hours=1)
_DUE = text(
    "SELECT id, user_id FROM calendar_feeds WHERE token_hash = :hash AND revoked_at IS NULL AND kind = 'personal'"
    " AND (email_asked_at IS NULL OR email_asked_at < :before)"
)
_NOTE = text("UPDATE calendar_feeds SET email_key = :email_key, email_asked_at = :now WHERE id = :id")

_log = log(__name__)


def learn_address(database: Database, auth: InternalClient | None, token: str) -> None:
    """Asks auth for the address of the account behind a personal feed, once an hour.

    While auth is away the feed goes on with the address it has.
    """
    now = clock.now()
    with database.transaction() as session:
        feed = session.execute(_DUE, {"hash": hash_of(token), "before": now - _KEPT}).first()
    if feed is None or auth is None:
        return
    try:
        account = auth.get(f"/internal/users/{feed.user_id}")
    except InternalUnavailable:
        _log.warning("feed_address_unknown", feed_id=str(feed.id))
        return
    key = email_key(str(account["email"])) if account is not None else None
    with database.transaction() as session:
        session.execute(_NOTE, {"id": feed.id, "email_key": key, "now": now})
