"""When an organisation's mail may go, at the time it is asked for."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from muster_notifications.deliveries import quiet
from muster_shared.auth.tables import organizations
from muster_shared.messages.events import EventFacts


def due_at(session: Session, event: EventFacts, *, urgent: bool, now: datetime) -> datetime:
    """Now, or the end of the organisation's quiet hours for what can wait."""
    if urgent or quiet.is_pressing(event.starts_at, now=now):
        return now
    return quiet.due_at(now, settings=_settings(session, event.org_id), zone=event.timezone)


def _settings(session: Session, org_id: UUID) -> dict[str, object]:
    row = session.execute(select(organizations.c.settings).where(organizations.c.id == org_id)).first()
    return dict(row.settings) if row is not None and row.settings else {}
