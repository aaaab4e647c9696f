"""The guest page, and for a job the customer's track page, as static HTML.

Markup, classes and data attributes are what the dashboard's `pages/guest.css` and `pages/guest.js` know. There is
no inline script or style, and nothing of crew, notes or money.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from babel import Locale
from jinja2 import Environment, PackageLoader, StrictUndefined

from muster_events.events.facts import photo_policy
from muster_events.events.models import Event, Kind, Status, VenueType
from muster_events.events.views import Addresses
from muster_events.pages.texts import LANGUAGES, Texts
from muster_events.pages.times import locale_of, span_texts, time_text
from muster_shared.clock import rfc3339


@dataclass(frozen=True)
class Step:
    """One step of a job on the track page."""

    label: str
    state: str
    at: str | None = None
    at_text: str = ""


@cache
def environment() -> Environment:
    """The pages' templates: everything escaped, a missing name an error."""
    return Environment(
        loader=PackageLoader("muster_events.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(event: Event, *, org_name: str, language: str, addresses: Addresses) -> bytes:
    """The page of `event`, UTF-8; in English where there are no texts in `language`."""
    language = language if language in LANGUAGES else "en"
    t, locale, kind = LANGUAGES[language], locale_of(language), Kind(event.kind)
    notices = {Status.CANCELLED: t.cancelled[kind], Status.COMPLETED: t.over[kind], Status.DRAFT: t.draft}
    start_text, end_text = span_texts(event.starts_at, event.ends_at, timezone=event.timezone, locale=locale)
    policy = photo_policy(event)
    has_photos = event.status in {Status.PUBLISHED, Status.COMPLETED}
    page: dict[str, Any] = {
        "title": event.title,
        "org_name": org_name,
        "code": event.guest_code,
        "kind": event.kind,
        "notice": notices.get(Status(event.status)),
        "is_off": event.status == Status.CANCELLED,
        "banner_url": addresses.banner(event.banner_path),
        "starts_at": rfc3339(event.starts_at),
        "ends_at": rfc3339(event.ends_at),
        "start_text": start_text,
        "end_text": end_text,
        "timezone": event.timezone,
        "venue_name": event.venue_name,
        "venue_address": event.venue_address,
        "venue_url": event.venue_url,
        "is_online": event.venue_type == VenueType.ONLINE,
        "paragraphs": _paragraphs(event.description),
        "steps": _steps(event, t, locale) if event.kind == Kind.JOB and event.status != Status.CANCELLED else [],
        "has_photos": has_photos,
        "uploads_open": rfc3339(policy.uploads_open_at) if has_photos else None,
        "uploads_close": rfc3339(policy.uploads_close_at) if has_photos else None,
    }
    template = environment().get_template("page.html")
    return template.render(page=page, t=t, language=language).encode()


def _paragraphs(text: str) -> list[list[str]]:
    return [block.strip().split("\n") for block in text.split("\n\n") if block.strip()]


def _steps(event: Event, t: Texts, locale: Locale) -> list[Step]:
    """Booked, on the way, there, done: the last that was reported is the present one."""
    reported: list[tuple[str, datetime | None]] = [
        (t.booked, event.created_at),
        (t.on_the_way, event.on_the_way_at),
        (t.arrived, event.arrived_at),
        (t.done, event.done_at or event.completed_at),
    ]
    furthest = max(number for number, (_, at) in enumerate(reported) if at is not None)
    steps = []
    for number, (label, at) in enumerate(reported):
        is_last = number == len(reported) - 1
        state = "done" if number < furthest or (is_last and number == furthest) else "todo"
        if number == furthest and not is_last:
            state = "current"
        shown = at if number else None
        steps.append(
            Step(
                label=label,
                state=state,
                at=rfc3339(shown) if shown else None,
                at_text=time_text(shown, timezone=event.timezone, locale=locale) if shown else "",
            )
        )
    return steps
