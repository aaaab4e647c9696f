"""Quiet hours: an organisation's mails that can wait do not arrive at night."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

# So near its start, nothing about an event can wait.
PRESSING = timedelta(hours=24)


def due_at(moment: datetime, *, settings: Mapping[str, Any], zone: str | None) -> datetime:
    """When a mail wanted at `moment` may go: `moment` itself, or the end of the quiet hours it falls into.

    `settings` are the organisation's: `quiet_from` and `quiet_to` as `22:00`, read in its `quiet_timezone` or else in
    `zone`, the event's. Without both there are no quiet hours.
    """
    begin, end = _time(settings.get("quiet_from")), _time(settings.get("quiet_to"))
    if begin is None or end is None or begin == end:
        return moment
    local = moment.astimezone(_zone(settings.get("quiet_timezone") or zone))
    clock = local.time()
    quiet = begin <= clock < end if begin < end else clock >= begin or clock < end
    if not quiet:
        return moment
    day = local.date() + timedelta(days=1 if begin > end and clock >= begin else 0)
    return datetime.combine(day, end, tzinfo=local.tzinfo).astimezone(moment.tzinfo)


def is_pressing(starts_at: datetime | None, *, now: datetime) -> bool:
    """Whether the event is so near that its mails pass quiet hours."""
    return starts_at is not None and starts_at - now < PRESSING


def _time(value: object) -> time | None:
    try:
        return time.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _zone(name: object) -> ZoneInfo:
    try:
        return ZoneInfo(str(name or "UTC"))
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
