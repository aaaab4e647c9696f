"""Keeping the copies of events."""

from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from muster_media.gatherings.models import EventCopy
from muster_media.photos.use_cases import delete_photos_of_event
from muster_shared.messages.events import EventChanged, EventFacts

_table: Table = EventCopy.__table__  # type: ignore[assignment]  # declarative classes of ours map tables


def keep_event(session: Session, facts: EventFacts) -> bool:
    """Writes what is known of an event unless something newer is known; whether it was written."""
    policy = facts.photos
    values: dict[str, Any] = {
        **facts.model_dump(
            include={
                "event_id",
                "org_id",
                "version",
                "kind",
                "status",
                "title",
                "starts_at",
                "ends_at",
                "timezone",
                "guest_code",
                "guest_slug",
                "guest_enabled",
                "deleted",
            }
        ),
        "uploads_open_at": policy.uploads_open_at if policy else None,
        "uploads_close_at": policy.uploads_close_at if policy else None,
        "reveal_at": policy.reveal_at if policy else None,
        "moderated": policy.moderated if policy else False,
        "guest_quota": policy.guest_quota if policy else 500,
    }
    statement = insert(_table).values(values)
    written = session.execute(
        statement.on_conflict_do_update(
            index_elements=["event_id"],
            set_={name: statement.excluded[name] for name in values if name != "event_id"},
            where=_table.c.version < statement.excluded.version,
        ).returning(_table.c.event_id)
    ).first()
    return written is not None


def event_changed(session: Session, message: EventChanged, _context: object = None) -> None:
    """Keeps an event; the photos of one that was deleted go with it."""
    if keep_event(session, message.event) and message.event.deleted:
        delete_photos_of_event(session, event_id=message.event.event_id)
