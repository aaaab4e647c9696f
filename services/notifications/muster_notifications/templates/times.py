"""Times as people read them: in the event's zone, in the reader's language."""

from datetime import datetime
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_skeleton, format_time, get_timezone_location

_LOCALES = {"en": "en_GB", "de": "de_DE", "fr": "fr_FR", "es": "es_ES"}


def _locale(language: str) -> Locale:
    return Locale.parse(_LOCALES[language])


def day(moment: datetime, *, zone: str, language: str) -> str:
    """The day in short, for subjects: `Sat, 6 Jun`."""
    return format_skeleton("MMMEd", moment, tzinfo=ZoneInfo(zone), locale=_locale(language))


def span(starts_at: datetime, ends_at: datetime, *, zone: str, language: str) -> list[str]:
    """From when to when, as lines: the day and the hours, or one line each when it ends on another day."""
    place = ZoneInfo(zone)
    start, end = starts_at.astimezone(place), ends_at.astimezone(place)
    locale = _locale(language)

    def hour(moment: datetime) -> str:
        return format_time(moment, "short", tzinfo=place, locale=locale)

    def date(moment: datetime) -> str:
        return format_date(moment.date(), "full", locale=locale)

    # A city says more than a zone's abbreviation, which few know and some languages lack.
    name = (
        "UTC"
        if zone in {"UTC", "Etc/UTC"}
        else get_timezone_location(place, locale=locale, return_city=True).rsplit("/", 1)[-1]
    )
    if start.date() == end.date():
        return [date(start), f"{hour(start)} – {hour(end)} ({name})"]
    return [f"{date(start)}, {hour(start)} –", f"{date(end)}, {hour(end)} ({name})"]
