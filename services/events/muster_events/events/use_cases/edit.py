"""Editing an event."""

from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from muster_events.crew import use_cases as crew
from muster_events.errors import CapacityTooLow, WrongState
from muster_events.events import history
from muster_events.events.facts import facts_of, is_material
from muster_events.events.models import Event
from muster_events.events.policies import EDITABLE
from muster_events.events.use_cases.telling import save_and_tell, touch
from muster_events.registrations.fan_out import tell_registered_later
from muster_events.registrations.waitlist import promote_waiting
from muster_events.webhooks.announce import announce_event
from muster_shared import clock
from muster_shared.auth.principal import Principal
from muster_shared.messages.events import EventFacts
from muster_shared.problems import Invalid

_MAXIMUM_DURATION = timedelta(days=366)
# What a calendar shows: a change must reach those who have subscribed or imported it.
_IN_CALENDARS = frozenset({"title", "description", "starts_at", "ends_at", "timezone"})


def edit_event(session: Session, *, actor: Principal, event: Event, changes: dict[str, Any]) -> Event:
    """Applies `changes` (column -> value) to the locked row `event`; nothing happens when nothing differs.

    A higher capacity lets the longest waiting in, in the same transaction. Raises `WrongState` for an event that
    is over or cancelled, `CapacityTooLow`, `SlugTaken`, and `Invalid` for times that do not fit.
    """
    if event.status not in EDITABLE:
        raise WrongState(f"a {event.status} event is not edited any more")
    before, was_slug = facts_of(event), event.guest_slug
    _resolve_duration(event, changes)
    changed = sorted(name for name, value in changes.items() if getattr(event, name) != value)
    if not changed:
        return event
    for name in changed:
        setattr(event, name, changes[name])
    _check_times(event, before)
    if event.capacity is not None and event.registered_count > event.capacity:
        raise CapacityTooLow(f"{event.registered_count} people are registered")
    touch(event)
    after = facts_of(event)
    if is_material(before, after) or _IN_CALENDARS.intersection(changed):
        event.ics_sequence += 1
    if is_material(before, after):
        event.details_sequence += 1
        tell_registered_later(event)
    save_and_tell(session, event, was_slug=was_slug)
    history.record(session, org_id=event.org_id, event_id=event.id, actor=actor, action="edited", changed=changed)
    crew.event_changed(session, before=before, after=facts_of(event))
    if "capacity" in changed:
        promote_waiting(session, event)
    announce_event(session, event, "event.updated")
    return event


def _resolve_duration(event: Event, changes: dict[str, Any]) -> None:
    """Turns `duration_minutes` into `ends_at`; a new start alone keeps the length."""
    minutes = changes.pop("duration_minutes", None)
    starts_at = changes.get("starts_at", event.starts_at)
    if minutes is not None:
        changes["ends_at"] = starts_at + timedelta(minutes=minutes)
    elif "starts_at" in changes and "ends_at" not in changes:
        changes["ends_at"] = starts_at + (event.ends_at - event.starts_at)


def _check_times(event: Event, before: EventFacts) -> None:
    if event.ends_at <= event.starts_at:
        raise Invalid.field("/ends_at", "must be after starts_at")
    if event.ends_at - event.starts_at > _MAXIMUM_DURATION:
        raise Invalid.field("/ends_at", "an event lasts at most 366 days")
    if event.starts_at != before.starts_at and event.starts_at < clock.now():
        raise Invalid.field("/starts_at", "an event cannot be moved into the past")
    if event.ends_at != before.ends_at and event.ends_at < clock.now():
        raise Invalid.field("/ends_at", "an event cannot be moved into the past")
