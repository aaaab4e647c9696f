"""Saying that an event changed: its version, its page and its message, together."""

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from muster_events.errors import SlugTaken
from muster_events.events.facts import facts_of
from muster_events.events.models import Event
from muster_shared import clock
from muster_shared.db import constraint_of
from muster_shared.messages.events import EventChanged
from muster_shared.messaging import outbox


def touch(event: Event) -> None:
    """Marks an edit: a new version, and a page to be made anew."""
    event.version += 1
    event.page_revision += 1
    event.updated_at = clock.now()


def touch_page(event: Event) -> None:
    """Marks something the page shows but no editor edits: an editor's If-Match still holds."""
    event.page_revision += 1
    event.updated_at = clock.now()


def save_and_tell(session: Session, event: Event, *, was_slug: str | None = None) -> None:
    """Writes `event` and tells of it, in the caller's transaction. Raises `SlugTaken`."""
    try:
        session.flush()
    except IntegrityError as error:
        if constraint_of(error) == "uq_events_guest_slug":
            raise SlugTaken from error
        raise
    gone = was_slug if was_slug != event.guest_slug else None
    outbox.emit(session, EventChanged(event=facts_of(event), was_slug=gone), key=event.id)
