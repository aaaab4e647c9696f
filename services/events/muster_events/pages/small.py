"""The small pages: a ticket to show or print, the door's, and what stands where there is neither."""

from datetime import datetime

from muster_events.events.models import Event, Status
from muster_events.pages.rendering import environment
from muster_events.pages.times import locale_of, span_texts
from muster_events.registrations.models import Registration, RegistrationStatus
from muster_shared.clock import rfc3339

_NOTICES = {
    RegistrationStatus.CANCELLED: "This registration was cancelled: the ticket does not hold.",
    RegistrationStatus.WAITLISTED: "You are on the waiting list. A ticket follows when there is room.",
}


def ticket_page(event: Event, registration: Registration, *, org_name: str) -> str:
    """A ticket as HTML, with its QR code while it holds."""
    start_text, end_text = _span(event, registration.language)
    notice = _NOTICES.get(RegistrationStatus(registration.status))
    if event.status == Status.CANCELLED:
        notice = "This event was cancelled."
    shows_code = notice is None
    code = registration.ticket_code
    return (
        environment()
        .get_template("ticket.html")
        .render(
            event=event,
            org_name=org_name,
            starts_at=rfc3339(event.starts_at),
            start_text=start_text,
            end_text=end_text,
            place=", ".join(part for part in (event.venue_name, event.venue_address) if part),
            notice=notice,
            shows_code=shows_code,
            code=code,
            code_text=" ".join(code[i : i + 4] for i in range(0, len(code), 4)),
            name=registration.name,
            used_text=_moment(registration.checked_in_at, event, registration.language),
        )
    )


def staff_page(event: Event, *, token: str, label: str) -> str:
    """The door's page; its script does the rest, also without a network."""
    start_text, _ = _span(event, "en")
    return (
        environment()
        .get_template("staff.html")
        .render(event=event, token=token, label=label, starts_at=rfc3339(event.starts_at), start_text=start_text)
    )


def missing_page(*, title: str, text: str) -> str:
    """What a person is shown at an address that opens nothing."""
    return environment().get_template("missing.html").render(heading=title, text=text)


def _span(event: Event, language: str) -> tuple[str, str]:
    return span_texts(event.starts_at, event.ends_at, timezone=event.timezone, locale=locale_of(language))


def _moment(moment: datetime | None, event: Event, language: str) -> str | None:
    if moment is None:
        return None
    return span_texts(moment, moment, timezone=event.timezone, locale=locale_of(language))[0]
