"""Every template there is, and what is to be known of it beside its words."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Audience(StrEnum):
    """Whom a mail is for; decides its footer."""

    ACCOUNT = "account"
    CREW = "crew"
    PLANNER = "planner"
    ATTENDEE = "attendee"


class Link(StrEnum):
    """Where a mail's one button leads; `NONE` has no button."""

    NONE = "none"
    CALL_SHEET = "call_sheet"
    REGISTRATION = "registration"
    DASHBOARD_EVENT = "dashboard_event"
    SIGN_IN = "sign_in"
    FORGOT_PASSWORD = "forgot_password"  # noqa: S105  # a page's name
    VERIFY_EMAIL = "verify_email"
    RESET_PASSWORD = "reset_password"  # noqa: S105  # a page's name
    INVITATION = "invitation"


# Links whose token auth makes at send time.
ACTION_LINKS = frozenset({Link.VERIFY_EMAIL, Link.RESET_PASSWORD, Link.INVITATION})


class Calendar(StrEnum):
    """What the attached calendar file does: puts the event in, or takes it out."""

    PUBLISH = "PUBLISH"
    CANCEL = "CANCEL"


@dataclass(frozen=True)
class Template:
    """A template's traits. `scope` is what one can unsubscribe from; None is a mail nobody can do without.

    `urgent` mails pass quiet hours: they answer what the reader did a moment ago, or keep an account safe.
    """

    name: str
    audience: Audience
    link: Link
    calendar: Calendar | None = None
    scope: str | None = None
    urgent: bool = False
    shows_event: bool = False


_ACCOUNT = (
    Template("verify_email", Audience.ACCOUNT, Link.VERIFY_EMAIL, urgent=True),
    Template("already_registered", Audience.ACCOUNT, Link.FORGOT_PASSWORD, urgent=True),
    Template("reset_password", Audience.ACCOUNT, Link.RESET_PASSWORD, urgent=True),
    Template("password_changed", Audience.ACCOUNT, Link.FORGOT_PASSWORD, urgent=True),
    Template("change_email", Audience.ACCOUNT, Link.VERIFY_EMAIL, urgent=True),
    Template("email_changed", Audience.ACCOUNT, Link.NONE, urgent=True),
    Template("invitation", Audience.ACCOUNT, Link.INVITATION, urgent=True),
    Template("refresh_reuse", Audience.ACCOUNT, Link.FORGOT_PASSWORD, urgent=True),
    Template("account_deleted", Audience.ACCOUNT, Link.NONE, urgent=True),
    Template("ownership_transferred", Audience.ACCOUNT, Link.SIGN_IN, urgent=True),
    Template("totp_changed", Audience.ACCOUNT, Link.FORGOT_PASSWORD, urgent=True),
)
_CREW = (
    Template("crew_request", Audience.CREW, Link.CALL_SHEET, Calendar.PUBLISH, shows_event=True),
    Template("crew_standby", Audience.CREW, Link.CALL_SHEET, Calendar.PUBLISH, shows_event=True),
    Template("crew_reminder", Audience.CREW, Link.CALL_SHEET, scope="crew_reminders", shows_event=True),
    Template("crew_upcoming", Audience.CREW, Link.CALL_SHEET, scope="crew_reminders", shows_event=True),
    Template("crew_changed", Audience.CREW, Link.CALL_SHEET, Calendar.PUBLISH, shows_event=True),
    Template("crew_released", Audience.CREW, Link.NONE, Calendar.CANCEL, shows_event=True),
    Template("crew_cancelled", Audience.CREW, Link.NONE, Calendar.CANCEL, shows_event=True),
)
_PLANNER = tuple(
    Template(name, Audience.PLANNER, Link.DASHBOARD_EVENT, scope="planner_alerts", shows_event=True)
    for name in (
        "planner_declined",
        "planner_no_answer",
        "planner_standbys_exhausted",
        "planner_bounced",
        "planner_confirmed_after_decline",
    )
)
_ATTENDEE = (
    Template(
        "registration_confirmed",
        Audience.ATTENDEE,
        Link.REGISTRATION,
        Calendar.PUBLISH,
        urgent=True,
        shows_event=True,
    ),
    Template("registration_waitlisted", Audience.ATTENDEE, Link.REGISTRATION, urgent=True, shows_event=True),
    Template("registration_promoted", Audience.ATTENDEE, Link.REGISTRATION, Calendar.PUBLISH, shows_event=True),
    Template("registration_cancelled", Audience.ATTENDEE, Link.NONE, Calendar.CANCEL, urgent=True, shows_event=True),
    Template(
        "registration_changed",
        Audience.ATTENDEE,
        Link.REGISTRATION,
        Calendar.PUBLISH,
        scope="event_updates",
        shows_event=True,
    ),
    Template("registration_event_cancelled", Audience.ATTENDEE, Link.NONE, Calendar.CANCEL, shows_event=True),
)

TEMPLATES: Mapping[str, Template] = {template.name: template for template in (*_ACCOUNT, *_CREW, *_PLANNER, *_ATTENDEE)}
LANGUAGES = ("en", "de", "fr", "es")


def language_of(tag: str) -> str:
    """The catalogue for a language tag (`de-AT` reads `de`); English for what there is none for."""
    primary = tag.split("-")[0].split("_")[0].lower()
    return primary if primary in LANGUAGES else "en"
