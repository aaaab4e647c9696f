"""What others report of an event: its banner from media, a job's progress from its crew."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from muster_events.events.models import Event
from muster_events.events.use_cases.telling import save_and_tell, touch_page
from muster_shared.messages.media import PhotoChanged

_STEPS = {"on_my_way": "on_the_way_at", "arrived": "arrived_at", "done": "done_at"}


def record_banner(session: Session, message: PhotoChanged) -> None:
    """Takes over a banner that became ready, and lets go of one that is no more.

    Of one photo the highest version wins; of two photos the one uploaded later (ids are in order of time).
    """
    event = _locked(session, org_id=message.org_id, event_id=message.event_id)
    if event is None:
        return
    held, version = event.banner_photo_id, event.banner_photo_version or 0
    if held == message.photo_id and version >= message.version:
        return
    if message.status == "ready" and message.public_path is not None:
        if held is not None and held.int > message.photo_id.int:
            return
        event.banner_path = message.public_path
        event.banner_photo_id, event.banner_photo_version = message.photo_id, message.version
    elif held == message.photo_id:
        event.banner_path, event.banner_photo_version = None, message.version
    else:
        return
    touch_page(event)
    save_and_tell(session, event)


def record_progress(
    session: Session,
    *,
    org_id: UUID,
    event_id: UUID,
    step: Literal["on_my_way", "arrived", "done"],
    at: datetime,
) -> None:
    """Shows on the customer's page that the crew is on its way, there, or done. The first report of each stands."""
    event = _locked(session, org_id=org_id, event_id=event_id)
    if event is None or getattr(event, _STEPS[step]) is not None:
        return
    setattr(event, _STEPS[step], at)
    touch_page(event)
    save_and_tell(session, event)


def _locked(session: Session, *, org_id: UUID, event_id: UUID) -> Event | None:
    statement = (
        select(Event)
        .where(Event.org_id == org_id, Event.id == event_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return session.execute(statement).scalar_one_or_none()
