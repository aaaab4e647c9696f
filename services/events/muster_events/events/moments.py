"""`from` and `to` of a list: moments with their offset, or dates and local times in the caller's zone."""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from muster_shared.problems import Invalid

_OFFSET = re.compile(r"(?:[Zz]|[+-]\d{2}:\d{2})\Z")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
_LOCAL = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?\Z")
_FIRST_YEAR, _LAST_YEAR = 1970, 2200


def read_span(start: str | None, end: str | None, *, timezone: str | None) -> tuple[datetime | None, datetime | None]:
    """The half-open span `[start, end)` in UTC. A date as `end` means through that whole day.

    Days and local times are those of `timezone`, so a day in which the clocks change has 23 or 25 hours. Raises
    `Invalid` naming the parameter.
    """
    first = _read(start, "from", timezone, end_of_day=False)
    last = _read(end, "to", timezone, end_of_day=True)
    if first is not None and last is not None and last <= first:
        raise Invalid.field("?to", "must be after from")
    return first, last


def _read(value: str | None, name: str, timezone: str | None, *, end_of_day: bool) -> datetime | None:
    if value is None:
        return None
    try:
        if _DATE.match(value):
            day = date.fromisoformat(value) + timedelta(days=1 if end_of_day else 0)
            moment = _in_zone(datetime.combine(day, time()), name, timezone)
        elif _LOCAL.match(value):
            moment = _in_zone(datetime.fromisoformat(value.upper()), name, timezone)
        elif _OFFSET.search(value) and _LOCAL.match(_OFFSET.sub("", value)):
            moment = datetime.fromisoformat(value.upper()).astimezone(UTC)
        else:
            raise Invalid.field(f"?{name}", "must be a time with its offset (write + as %2B), or a date")
    except (ValueError, OverflowError):
        raise Invalid.field(f"?{name}", "is not a time that exists") from None
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise Invalid.field(f"?{name}", "must lie between the years 1970 and 2200")
    return moment


def _in_zone(local: datetime, name: str, timezone: str | None) -> datetime:
    if timezone is None:
        raise Invalid.field(f"?{name}", "has no offset; give it one, or give timezone")
    return local.replace(tzinfo=ZoneInfo(timezone)).astimezone(UTC)
