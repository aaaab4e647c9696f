"""Handlers that keep the local copies of what auth decides; every service's worker registers them."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Table, delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from muster_shared import clock
from muster_shared.auth.tables import memberships, organizations, revoked_sessions, service_keys
from muster_shared.messages.auth import (
    MembershipChanged,
    OrganizationChanged,
    ServiceKeyChanged,
    SessionRevoked,
)
from muster_shared.messages.base import Message

# Longer than any access token lives.
_KEEP_REVOCATIONS = timedelta(hours=1)


def _upsert_newer(session: Session, table: Table, values: dict[str, Any], *, keys: list[str]) -> None:
    """Writes `values` unless the row already has a `version` as high: late and repeated messages change nothing."""
    statement = insert(table).values(values)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=keys,
            set_={name: statement.excluded[name] for name in values if name not in keys},
            where=table.c.version < statement.excluded.version,
        )
    )


def membership_changed(session: Session, message: MembershipChanged, _context: object = None) -> None:
    """Keeps a membership."""
    values = message.model_dump(include={"org_id", "user_id", "role", "version"})
    _upsert_newer(session, memberships, values, keys=["org_id", "user_id"])


def organization_changed(session: Session, message: OrganizationChanged, _context: object = None) -> None:
    """Keeps an organisation."""
    values = {"id": message.org_id, **message.model_dump(exclude={"org_id"})}
    _upsert_newer(session, organizations, values, keys=["id"])


def service_key_changed(session: Session, message: ServiceKeyChanged, _context: object = None) -> None:
    """Keeps a service key's hash, scopes and end."""
    values = {"id": message.key_id, **message.model_dump(exclude={"key_id"})}
    _upsert_newer(session, service_keys, values, keys=["id"])


def session_revoked(session: Session, message: SessionRevoked, _context: object = None) -> None:
    """Keeps a revocation."""
    values = {"id": message.revocation_id, **message.model_dump(exclude={"revocation_id"})}
    session.execute(insert(revoked_sessions).values(values).on_conflict_do_nothing())


def forget_old_revocations(session: Session) -> int:
    """Deletes revocations no living token can meet; returns how many."""
    result = session.execute(
        delete(revoked_sessions).where(revoked_sessions.c.recorded_at < clock.now() - _KEEP_REVOCATIONS)
    )
    return int(getattr(result, "rowcount", 0))


def handlers() -> dict[type[Message], Any]:
    """Message type -> handler, for a worker's `WorkerSpec`."""
    return {
        MembershipChanged: membership_changed,
        OrganizationChanged: organization_changed,
        ServiceKeyChanged: service_key_changed,
        SessionRevoked: session_revoked,
    }
