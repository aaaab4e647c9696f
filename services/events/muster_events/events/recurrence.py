"""Times that repeat in a zone: RRULEs and shifted dates, right on both sides of a change of the clock."""

from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rrulestr

from muster_shared.problems import Invalid

# A year of every day. More than that is no series but a mistake.
MOST_OCCURRENCES = 366
_LONGEST_SERIES = timedelta(days=5 * 366)


def shifted(moment: datetime, *, days: int, timezone: str) -> datetime:
    """`moment` moved by whole days at the same time on the wall of `timezone`."""
    local = moment.astimezone(ZoneInfo(timezone)).replace(tzinfo=None) + timedelta(days=days)
    return _on_the_wall(local, ZoneInfo(timezone))


def _on_the_wall(local: datetime, zone: ZoneInfo) -> datetime:
    """The moment at which clocks in `zone` show `local`, UTC.

    Where clocks are put forward over it, the moment as far after the change (RFC 5545, 3.3.5); where they show it
    twice, the first.
    """
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)


def occurrences(rule: str, *, first: datetime, timezone: str) -> list[datetime]:
    """When each event of the series starts, UTC, `first` included and first.

    Raises `Invalid` at `/rrule` for what is no RRULE, repeats more often than daily, never ends, or gives more
    than 366 events or ones more than five years off.
    """
    zone = ZoneInfo(timezone)
    # A rule knows no fractions of a second.
    fraction = timedelta(microseconds=first.microsecond)
    local_first = first.astimezone(zone).replace(tzinfo=None, microsecond=0)
    horizon = local_first + _LONGEST_SERIES
    parts = _parts(rule)
    count = _count(parts.pop("COUNT", None))
    until = _until(parts.pop("UNTIL", None), zone)
    if count is None and until is None:
        raise _wrong("must end: give COUNT or UNTIL")
    # A rule that hardly ever holds would be searched to the year 9999: the horizon ends that.
    repeating = _parse(parts, local_first).replace(until=min(until, horizon) if until else horizon)
    found = list(islice(iter(repeating), min(count or MOST_OCCURRENCES + 1, MOST_OCCURRENCES + 1)))
    if len(found) > MOST_OCCURRENCES:
        raise _wrong(f"gives more than {MOST_OCCURRENCES} events; shorten it with COUNT or UNTIL")
    if not found or found[0] != local_first:
        raise _wrong("does not include starts_at itself")
    if (until and until > horizon) or (count and len(found) < count and until is None):
        raise _wrong("reaches more than five years ahead")
    return [_on_the_wall(local, zone) + fraction for local in found]


def _parts(rule: str) -> dict[str, str]:
    parts = dict(part.partition("=")[::2] for part in rule.strip().upper().removeprefix("RRULE:").split(";") if part)
    if parts.get("FREQ") not in {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}:
        raise _wrong("must have a FREQ of DAILY, WEEKLY, MONTHLY or YEARLY")
    if {"BYHOUR", "BYMINUTE", "BYSECOND"} & parts.keys():
        raise _wrong("must not repeat within a day")
    # Nought would repeat the first moment for ever.
    if _count(parts.get("INTERVAL"), name="INTERVAL") is None:
        parts["INTERVAL"] = "1"
    return parts


def _parse(parts: dict[str, str], local_first: datetime) -> rrule:
    try:
        parsed = rrulestr(";".join(f"{name}={value}" for name, value in parts.items()), dtstart=local_first)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError):
        raise _wrong("is not an RRULE (RFC 5545, 3.3.10)") from None
    if not isinstance(parsed, rrule):
        raise _wrong("must be one rule")
    return parsed


def _count(value: str | None, *, name: str = "COUNT") -> int | None:
    if value is None:
        return None
    if not (value.isascii() and value.isdigit() and int(value[:9]) > 0 and len(value) < 9):
        raise _wrong(f"has a {name} that is no number above zero")
    return int(value)


def _until(value: str | None, zone: ZoneInfo) -> datetime | None:
    """UNTIL as local time. In a rule it is UTC (`Z`), local, or a date, which then counts whole."""
    if value is None:
        return None
    try:
        if value.endswith("Z"):
            moment = datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            return moment.astimezone(zone).replace(tzinfo=None)
        text = value if "T" in value else f"{value}T235959"
        return datetime.strptime(text, "%Y%m%dT%H%M%S")  # noqa: DTZ007  # local times of one zone, compared as such
    except (ValueError, OverflowError):
        raise _wrong("has an UNTIL that is no time") from None


def _wrong(detail: str) -> Invalid:
    return Invalid.field("/rrule", detail)
