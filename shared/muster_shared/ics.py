"""iCalendar (RFC 5545): one way to write an event, so that a feed, a download and a mail speak of the same one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from icalendar import Event

CONTENT_TYPE = "text/calendar; charset=utf-8"
_PRODUCT = "-//Muster//Events//EN"
# Time zone rules are written for the years around the events, not for a century.
_RULES_AROUND = timedelta(days=366)


@dataclass(frozen=True)
class CalendarItem:
    """One VEVENT. Times are aware; `timezone` is the zone they are written in, so that an hour stays that hour.

    A program that knows `uid` takes over an item whose `sequence` is higher (RFC 5545, 3.8.7.4). `stamp` is when
    this state came about, not when it is written: the same state gives the same bytes.
    """

    uid: str
    sequence: int
    status: Literal["TENTATIVE", "CONFIRMED", "CANCELLED"]
    summary: str
    starts_at: datetime
    ends_at: datetime
    timezone: str
    stamp: datetime
    description: str = ""
    location: str = ""
    url: str | None = None
    is_busy: bool = True


def uid_of(item_id: UUID) -> str:
    """The UID of an event or entry, the same wherever it is written and for ever."""
    return f"{item_id}@muster.events"


def calendar_bytes(
    items: Sequence[CalendarItem],
    *,
    name: str | None = None,
    method: Literal["PUBLISH", "REQUEST", "CANCEL"] = "PUBLISH",
    refresh: timedelta | None = None,
) -> bytes:
    """A VCALENDAR of `items` with the VTIMEZONE of every zone they use."""
    from icalendar import Calendar

    calendar = Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    if name:
        # NAME is RFC 7986's; Google and Apple read the older one.
        calendar.add("name", name)
        calendar.add("x-wr-calname", name)
    if refresh is not None:
        calendar.add("refresh-interval", refresh, parameters={"VALUE": "DURATION"})
        calendar.add("x-published-ttl", refresh)
    for item in items:
        calendar.add_component(_component(item))
    if items:
        first = min(item.starts_at for item in items) - _RULES_AROUND
        last = max(item.ends_at for item in items) + _RULES_AROUND
        calendar.add_missing_timezones(first_date=first.date(), last_date=last.date())
    text: bytes = calendar.to_ical()
    return text


def _component(item: CalendarItem) -> "Event":
    from icalendar import Event

    zone = ZoneInfo(item.timezone)
    event = Event()
    event.add("uid", item.uid)
    event.add("sequence", item.sequence)
    event.add("status", item.status)
    event.add("summary", item.summary)
    event.add("dtstart", _in(item.starts_at, zone))
    event.add("dtend", _in(item.ends_at, zone))
    event.add("dtstamp", item.stamp.astimezone(UTC))
    event.add("last-modified", item.stamp.astimezone(UTC))
    event.add("transp", "OPAQUE" if item.is_busy and item.status != "CANCELLED" else "TRANSPARENT")
    if item.description:
        event.add("description", item.description)
    if item.location:
        event.add("location", item.location)
    if item.url:
        event.add("url", item.url)
    return event


def _in(moment: datetime, zone: ZoneInfo) -> datetime:
    # UTC is written with a Z and needs no rules.
    return moment.astimezone(UTC) if zone.key in {"UTC", "Etc/UTC"} else moment.astimezone(zone)
