"""The call sheet as a page: plain HTML that works without script, in the person's language."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_skeleton, format_time
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from muster_events.crew.sheet import Sheet, map_url, web_address
from muster_events.crew.states import FieldStatus, Status
from muster_events.crew.texts import Texts
from muster_events.crew.translations import LANGUAGES, LOCALES, language_for
from muster_events.events.models import Event
from muster_shared.clock import rfc3339

_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True)
class Notice:
    """A line above the answer: `kind` is good, warn or error."""

    kind: str
    text: str


def call_sheet_page(sheet: Sheet, *, base: str, error: str | None = None) -> str:
    """The page. `base` is its own path; `error` names one of the texts, when a press was refused."""
    assignment, event = sheet.assignment, sheet.event
    language = language_for(assignment.member.language)
    t, locale = LANGUAGES[language], LOCALES[language]
    status = Status(assignment.status)
    lead = getattr(t, f"lead_{_lead_of(sheet)}")
    return _PAGES.get_template("call_sheet.html").render(
        language=language,
        t=t,
        base=base,
        event=event,
        organization=sheet.organization,
        status=status.value,
        state_text=getattr(t, f"state_{status.value}"),
        lead=Markup(lead).format(name=assignment.member.name, role=assignment.role),  # noqa: S704  # our own texts
        notices=_notices(sheet, t, locale, error),
        may_answer=sheet.may_answer,
        may_report=sheet.may_report and sheet.is_the_day,
        details_version=assignment.details_version,
        field_status=assignment.field_status,
        reports=[(step.value, getattr(t, step.value)) for step in FieldStatus],
        shots=_shots(sheet, t),
        when=when_markup(event, t, locale),
        when_short=short_when(event, locale),
        where=where_markup(event, t),
        role=assignment.role,
        notes=event.crew_notes.strip(),
        others=[
            {
                "name": other.member.name,
                "role": other.role,
                "state": other.status,
                "text": t.state_confirmed if other.status == Status.CONFIRMED else None,
            }
            for other in sheet.others
        ],
    )


def message_page(
    *, title: str, text: str, organization: str = "", retry: str | None = None, language: str = "en", mild: bool
) -> str:
    """A small page that says one thing; `title` and `text` name texts."""
    t = LANGUAGES[language_for(language)]
    return _PAGES.get_template("message.html").render(
        language=language_for(language),
        t=t,
        title=getattr(t, title),
        text=getattr(t, text),
        organization=organization,
        retry=retry,
        retry_text="↻",
        mild=mild,
    )


def _lead_of(sheet: Sheet) -> str:
    status = Status(sheet.assignment.status)
    if status is Status.STANDBY and sheet.place_taken:
        return "waiting"
    return "invited" if status is Status.REMOVED else status.value


def _notices(sheet: Sheet, t: Texts, locale: str, error: str | None) -> list[Notice]:
    assignment, found = sheet.assignment, []
    if error is not None:
        found.append(Notice("error", getattr(t, error)))
    if sheet.place_taken:
        found.append(Notice("warn", t.taken))
    elif assignment.status == Status.NO_SHOW:
        found.append(Notice("warn", t.no_show_note))
    elif assignment.status == Status.CONFIRMED and assignment.field_status:
        at = getattr(assignment, f"{assignment.field_status}_at")
        what = getattr(t, assignment.field_status)
        time = format_time(_local(at, sheet.event), "short", locale=locale)
        found.append(Notice("good", t.reported.format(what=what, time=time)))
    elif assignment.status == Status.CONFIRMED and error is None:
        found.append(Notice("good", t.thanks_confirmed))
    elif assignment.status == Status.DECLINED and error is None:
        found.append(Notice("good", t.noted_declined))
    elif not sheet.may_answer:
        found.append(Notice("warn", t.too_late))
    return found


def _shots(sheet: Sheet, t: Texts) -> list[dict[str, object]]:
    shots = sheet.shots
    if shots is None or not sheet.is_the_day:
        return []
    return [
        {
            "purpose": f"job_{name}",
            "title": getattr(t, name),
            "have": have,
            "count": t.photos_there.format(have=have, wanted=wanted),
        }
        for name, have, wanted in (
            ("before", shots.before, shots.before_wanted),
            ("after", shots.after, shots.after_wanted),
        )
    ]


def _local(moment: datetime, event: Event) -> datetime:
    return moment.astimezone(ZoneInfo(event.timezone))


def when_markup(event: Event, t: Texts, locale: str) -> Markup:
    """Start and end in the event's zone; the day of the end only where it is another."""
    starts, ends = _local(event.starts_at, event), _local(event.ends_at, event)

    def moment(local: datetime, *, dated: bool) -> Markup:
        time = format_time(local, "short", locale=locale)
        text = f"{format_date(local, 'full', locale=locale)}, {time}" if dated else time
        return Markup('<time datetime="{}">{}</time>').format(rfc3339(local), text)

    several_days = starts.date() != ends.date()
    between = f" {t.until} " if several_days else " – "
    zone = Markup(' <span class="m-zone">{}</span>').format(event.timezone.replace("_", " "))
    return moment(starts, dated=True) + escape(between) + moment(ends, dated=several_days) + zone


def short_when(event: Event, locale: str) -> str:
    """The start on one line, for the head of the page: what somebody says yes to, in sight of the button."""
    starts = _local(event.starts_at, event)
    return f"{format_skeleton('MMMEd', starts, locale=locale)}, {format_time(starts, 'short', locale=locale)}"


def where_markup(event: Event, t: Texts) -> Markup:
    """The place with a link to a map, or the address of an online event; empty while there is none."""
    parts = [escape(part) for part in (event.venue_name, event.venue_address) if part]
    link = Markup(' <a href="{}" target="_blank" rel="noopener noreferrer">{}</a>')
    if event.venue_type == "online":
        url = web_address(event)
        return Markup(", ").join(parts or [escape(t.online)]) + (link.format(url, t.join) if url else "")
    where = map_url(event)
    return Markup("<br>").join(parts) + (link.format(where, t.map) if where else "")
