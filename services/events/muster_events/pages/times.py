"""Times as people read them, in the event's zone."""

from datetime import datetime
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time

_DEFAULT = "en_GB"


def locale_of(language: str) -> Locale:
    """The locale of a language tag; British English for one that is not known."""
    try:
        return Locale.parse(_DEFAULT if language == "en" else language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale.parse(_DEFAULT)


def day_text(moment: datetime, *, timezone: str, locale: Locale) -> str:
    """`Saturday 18 July 2026`."""
    # British English's own full form has a comma that nobody writes.
    form = "EEEE d MMMM y" if locale.language == "en" and locale.territory == "GB" else "full"
    return format_date(moment.astimezone(ZoneInfo(timezone)), form, locale=locale)


def time_text(moment: datetime, *, timezone: str, locale: Locale) -> str:
    """`18:00`."""
    zone = ZoneInfo(timezone)
    return format_time(moment.astimezone(zone), "short", tzinfo=zone, locale=locale)


def span_texts(starts_at: datetime, ends_at: datetime, *, timezone: str, locale: Locale) -> tuple[str, str]:
    """Start with its day, and end with its own only when that is another."""
    zone = ZoneInfo(timezone)
    start_day = day_text(starts_at, timezone=timezone, locale=locale)
    start = f"{start_day}, {time_text(starts_at, timezone=timezone, locale=locale)}"
    end = time_text(ends_at, timezone=timezone, locale=locale)
    if starts_at.astimezone(zone).date() != ends_at.astimezone(zone).date():
        end = f"{day_text(ends_at, timezone=timezone, locale=locale)}, {end}"
    return start, end
