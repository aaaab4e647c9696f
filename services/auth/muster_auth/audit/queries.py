"""Reading the audit log."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, select, tuple_
from sqlalchemy.orm import Session

from muster_auth.audit.models import AuditEntry


def entries_of(session: Session, org_id: UUID, *, after: tuple[datetime, UUID] | None, limit: int) -> list[AuditEntry]:
    """Entries of an organisation, newest first; one more than `limit` tells that there are more."""
    wanted = [AuditEntry.org_id == org_id]
    if after is not None:
        wanted.append(tuple_(AuditEntry.occurred_at, AuditEntry.id) < after)
    statement = select(AuditEntry).where(and_(*wanted))
    newest_first = statement.order_by(AuditEntry.occurred_at.desc(), AuditEntry.id.desc())
    return list(session.scalars(newest_first.limit(limit + 1)).all())
