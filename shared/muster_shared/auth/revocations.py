"""Whether a session has ended, from this service's copy, looked at once a second per session."""

from uuid import UUID

from sqlalchemy import and_, or_, select

from muster_shared.auth.cache import ExpiringCache
from muster_shared.auth.tables import revoked_sessions
from muster_shared.auth.tokens import AccessClaims
from muster_shared.db import Database

_CACHE_SECONDS = 1.0


class Revocations:
    """Access tokens outlive their session by up to ten minutes; this closes the gap."""

    def __init__(self, *, database: Database, remember_seconds: float = _CACHE_SECONDS) -> None:
        self._database = database
        self._known: ExpiringCache[tuple[UUID, int], bool] = ExpiringCache(capacity=50_000, seconds=remember_seconds)

    def is_revoked(self, claims: AccessClaims) -> bool:
        """True once the session, or every session of the user begun by then, has been ended."""
        key = (claims.session_id, int(claims.issued_at.timestamp()))
        if (known := self._known.get(key)) is not None:
            return known
        columns = revoked_sessions.c
        statement = (
            select(columns.id)
            .where(
                and_(
                    columns.user_id == claims.user_id,
                    or_(
                        columns.session_id == claims.session_id,
                        and_(columns.session_id.is_(None), columns.revoked_at > claims.issued_at),
                    ),
                )
            )
            .limit(1)
        )
        with self._database.read() as connection:
            revoked = connection.execute(statement).first() is not None
        self._known.put(key, revoked)
        return revoked

    def forget(self) -> None:
        """Drops what is remembered in this process."""
        self._known.clear()
