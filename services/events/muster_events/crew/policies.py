"""What may happen when; pure."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson

from muster_events.crew.models import Assignment
from muster_events.crew.states import Status, Step
from muster_shared.messages.events import EventFacts

_LONGEST_HOURS = 24 * 90
# However soon the event is, the whole ladder is climbed within this part of the time that is left.
_LADDER_SHARE = 0.75
REPORTS_BEFORE = timedelta(hours=24)
REPORTS_AFTER = timedelta(hours=24)
LINK_OUTLIVES_EVENT = timedelta(days=14)


@dataclass(frozen=True)
class LadderTimes:
    """An organisation's times: silence since the request for the first three, before the start for the last."""

    remind_after: timedelta = timedelta(hours=24)
    alert_after: timedelta = timedelta(hours=48)
    standby_after: timedelta = timedelta(hours=72)
    reminder_before: timedelta = timedelta(hours=24)

    @classmethod
    def from_settings(cls, settings: Mapping[str, object] | None) -> "LadderTimes":
        """The times in an organisation's settings (`remind_after_hours` and so on).

        What is missing or makes no sense gets its default; the steps are put in order.
        """
        given = settings or {}
        remind = _hours(given.get("remind_after_hours"), cls.remind_after)
        alert = max(remind, _hours(given.get("alert_after_hours"), cls.alert_after))
        standby = max(alert, _hours(given.get("standby_after_hours"), cls.standby_after))
        before = _hours(given.get("reminder_before_hours"), cls.reminder_before)
        return cls(remind_after=remind, alert_after=alert, standby_after=standby, reminder_before=before)


def _hours(value: object, default: timedelta) -> timedelta:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= _LONGEST_HOURS:
        return default
    return timedelta(hours=value)


def step_due_at(step: Step, *, asked_at: datetime, starts_at: datetime, times: LadderTimes) -> datetime | None:
    """When the step after `step` is due for somebody asked at `asked_at`; None when there is none any more.

    When the event is too near for the organisation's times, all of them shrink alike.
    """
    waits = {
        Step.ASKED: times.remind_after,
        Step.REMINDED: times.alert_after,
        Step.PLANNER_ALERTED: times.standby_after,
    }
    lead = starts_at - asked_at
    if step not in waits or lead <= timedelta(0):
        return None
    shrunk = min(1.0, _LADDER_SHARE * (lead / times.standby_after))
    return asked_at + waits[step] * shrunk


def fingerprint(event: EventFacts) -> str:
    """Time and place as one short text: what somebody says yes to."""
    venue = event.venue
    parts = [event.starts_at, event.ends_at, event.timezone, venue.type, venue.name, venue.address, venue.url]
    return hashlib.blake2b(orjson.dumps(parts), digest_size=12).hexdigest()


def takes_answers(*, status: str, starts_at: datetime, at: datetime) -> bool:
    """Whether somebody may say yes or no at `at`: until the start."""
    return status == "published" and at < starts_at


def takes_reports(*, status: str, ends_at: datetime, at: datetime) -> bool:
    """Whether somebody may report from the job, and add photos, at `at`: some look at the place days before."""
    return status in {"published", "completed"} and at <= ends_at + REPORTS_AFTER


def is_the_day(*, starts_at: datetime, at: datetime) -> bool:
    """Whether the call sheet offers reports and photos by itself: from a day before the start on."""
    return at >= starts_at - REPORTS_BEFORE


def link_lives(*, status: str, ends_at: datetime, at: datetime) -> bool:
    """Whether the event lets its links live at `at`."""
    return status in {"published", "completed"} and at < ends_at + LINK_OUTLIVES_EVENT


def is_open(place: Assignment) -> bool:
    """Whether standbys were called for a place and nobody has taken it."""
    return (
        place.standbys_called_at is not None
        and place.replaced_by is None
        and place.status in {Status.DECLINED, Status.INVITED}
    )


def holder_of(replaced: Assignment, crew: Iterable[Assignment]) -> Assignment:
    """Who came last to the place that was `replaced`'s, of those still in the event's `crew`."""
    by_id = {assignment.id: assignment for assignment in crew}
    holder = replaced
    while holder.replaced_by in by_id:
        holder = by_id[holder.replaced_by]
    return holder
