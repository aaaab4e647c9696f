"""More of the same: a copy at another time, and a series from an RRULE."""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from muster_events.events import history
from muster_events.events.codes import new_code
from muster_events.events.commands import CreateEvent
from muster_events.events.models import Event, Status
from muster_events.events.recurrence import occurrences, shifted
from muster_events.events.use_cases.create import create_event
from muster_events.events.use_cases.telling import save_and_tell
from muster_events.webhooks.announce import announce_event
from muster_shared import clock
from muster_shared.auth.principal import Principal
from muster_shared.ids import new_id
from muster_shared.problems import Invalid

_DEFAULT_SHIFT_DAYS = 7
# Fields of a row that a copy does not take over.
_OWN = frozenset(
    {
        "registered_count",
        "waitlisted_count",
        "last_queue_number",
        "tell_registered_at",
        "guest_slug",
        "booking_ref",
        "on_the_way_at",
        "arrived_at",
        "done_at",
        "series_id",
        "cancel_reason",
        "published_at",
        "cancelled_at",
        "completed_at",
        "photos_reveal_at",
    }
)


def duplicate_event(
    session: Session,
    *,
    actor: Principal,
    event: Event,
    starts_at: datetime | None = None,
    shift_days: int | None = None,
    title: str | None = None,
) -> Event:
    """A draft like `event`, as long, at `starts_at` or `shift_days` later at the same local time.

    Crew, registrations, money, page address and booking reference stay with the original. Raises `Invalid` when
    the copy would be over already.
    """
    days = _DEFAULT_SHIFT_DAYS if shift_days is None else shift_days
    start = starts_at or shifted(event.starts_at, days=days, timezone=event.timezone)
    end = start + (event.ends_at - event.starts_at)
    if end <= clock.now():
        raise Invalid.field("/starts_at", "the copy would be over already")
    now = clock.now()
    kept = {c.key: getattr(event, c.key) for c in Event.__table__.columns if c.key not in _OWN and c.key != "search"}
    copy = Event(
        **{
            **kept,
            "id": new_id(),
            "status": Status.DRAFT.value,
            "title": title or event.title,
            "starts_at": start,
            "ends_at": end,
            "guest_code": new_code(),
            "copied_from": event.id,
            "version": 1,
            "page_revision": 1,
            "ics_sequence": 0,
            "details_sequence": 0,
            "created_by": actor.label,
            "created_at": now,
            "updated_at": now,
            "registered_count": 0,
            "waitlisted_count": 0,
            "last_queue_number": 0,
        }
    )
    session.add(copy)
    save_and_tell(session, copy)
    history.record(session, org_id=copy.org_id, event_id=copy.id, actor=actor, action="duplicated")
    announce_event(session, copy, "event.created")
    return copy


def create_series(session: Session, *, actor: Principal, command: CreateEvent, rrule: str) -> list[Event]:
    """Makes every event of a series at once, each then its own; all of them or none.

    The rule is followed in the event's zone, so that local times hold across changes of the clock. Raises
    `Invalid` for a rule that is not one, has no end within reason, or gives too many.
    """
    series_id = new_id()
    length: timedelta = command.ends_at - command.starts_at
    starts = occurrences(rrule, first=command.starts_at, timezone=command.timezone)
    made = []
    for number, start in enumerate(starts):
        one = replace(command, starts_at=start, ends_at=start + length, series_id=series_id)
        if number:
            slug = f"{command.guest_slug}-{number + 1}" if command.guest_slug else None
            one = replace(one, guest_slug=slug, booking_ref=None)
        made.append(create_event(session, actor=actor, command=one))
    return made
