"""The last look before a mail goes: is it still wanted, may the address have it, is it the hour for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from sqlalchemy import Row, text

from muster_notifications.deliveries import quiet
from muster_notifications.sending.claims import Claimed
from muster_notifications.templates.registry import TEMPLATES, Audience, Calendar, Template
from muster_shared import clock
from muster_shared.db import Database
from muster_shared.messages.events import EventFacts

_LOOK = text(
    "SELECT d.id, o.name AS organization, o.settings, e.facts, e.version AS event_version,"
    " s.state, s.link_version, s.changed_at,"
    " (SELECT array_agg(x.scope || ':' || x.reason) FROM suppressions x WHERE x.lane = d.lane"
    "   AND x.recipient_key = d.recipient_key AND (x.expires_at IS NULL OR x.expires_at > :now)) AS suppressed"
    " FROM deliveries d LEFT JOIN organization_copies o ON o.id = d.org_id"
    " LEFT JOIN event_copies e ON e.event_id = d.event_id"
    " LEFT JOIN assignment_states s ON s.assignment_id = d.assignment_id"
    " WHERE d.id = ANY(:ids)"
)
_REASONS = {"bounce": "bounced_before", "complaint": "complained_before", "unsubscribe": "unsubscribed"}
_RELEASES = frozenset({"crew_released", "crew_cancelled"})


@dataclass(frozen=True)
class Organization:
    """In whose name a mail goes, and where answers to it go if the organisation said so."""

    name: str
    reply_to: str | None

    @classmethod
    def of(cls, name: object, settings: object) -> Self:
        """From a copy, or from what auth answers."""
        reply_to = settings.get("reply_to") if isinstance(settings, Mapping) else None
        return cls(name=str(name), reply_to=str(reply_to) if reply_to else None)


@dataclass(frozen=True)
class Pass:
    """The mail may go, in the name of `organization`; None when that is not known here yet."""

    mail: Claimed
    organization: Organization | None


@dataclass(frozen=True)
class Stop:
    """The mail is not to be sent, for a reason the trace shows."""

    mail: Claimed
    reason: str


@dataclass(frozen=True)
class Wait:
    """The mail goes when the quiet hours are over."""

    mail: Claimed
    until: datetime


Verdict = Pass | Stop | Wait


def look(database: Database, mails: Sequence[Claimed]) -> list[Verdict]:
    """A verdict for each mail, from one query for all of them."""
    now = clock.now()
    with database.read() as connection:
        rows = connection.execute(_LOOK, {"ids": [mail.id for mail in mails], "now": now}).all()
    found: Mapping[UUID, Row[Any]] = {row.id: row for row in rows}
    return [judge(mail, found[mail.id], now=now) for mail in mails if mail.id in found]


def judge(mail: Claimed, row: Row[Any], *, now: datetime) -> Verdict:
    """What is to become of one mail."""
    template = TEMPLATES.get(mail.template)
    organization = None if row.organization is None else Organization.of(row.organization, row.settings)
    if template is None:
        # Asked for by a newer release: the sender says so.
        return Pass(mail, organization)
    if mail.expires_at is not None and mail.expires_at <= now:
        return Stop(mail, "expired")
    if (reason := _suppression(template, row.suppressed or ())) is not None:
        return Stop(mail, reason)
    event = _newest_event(mail, row)
    if event is not None and (reason := _needless(template, mail, row, event, now=now)) is not None:
        return Stop(mail, reason)
    if event is not None and not mail.urgent and not quiet.is_pressing(event.starts_at, now=now):
        until = quiet.due_at(now, settings=row.settings or {}, zone=event.timezone)
        if until > now:
            return Wait(mail, until)
    if event is not None and template.calendar is not Calendar.CANCEL:
        # What was true when it was asked for may have changed while it waited.
        mail = replace(mail, context={**mail.context, "event": event.model_dump(mode="json")})
    return Pass(mail, organization)


def _suppression(template: Template, entries: Sequence[str]) -> str | None:
    for entry in entries:
        scope, _, reason = entry.partition(":")
        if scope in {"all", template.scope}:
            return _REASONS[reason]
    return None


def _newest_event(mail: Claimed, row: Row[Any]) -> EventFacts | None:
    if "event" not in mail.context:
        return None
    asked_for = EventFacts.model_validate(mail.context["event"])
    if row.facts is None or row.event_version <= asked_for.version:
        return asked_for
    return EventFacts.model_validate(row.facts)


def _needless(template: Template, mail: Claimed, row: Row[Any], event: EventFacts, *, now: datetime) -> str | None:
    if template.calendar is Calendar.CANCEL:
        return None
    if event.status == "cancelled" or event.deleted:
        return "no_longer_needed"
    if template.audience is Audience.CREW:
        return "no_longer_needed" if event.ends_at <= now or _is_answered(template, mail, row) else None
    return None


def _is_answered(template: Template, mail: Claimed, row: Row[Any]) -> bool:
    """Whether the place stands so that this mail to crew would be late: its link is dead, or its question answered."""
    if row.state is None or mail.link_version is None or row.link_version < mail.link_version:
        return False
    if row.link_version > mail.link_version or row.state == "released":
        return True
    asked_for_by_name = mail.resend_of is not None or mail.context.get("reason") == "resent"
    if template.name == "crew_upcoming":
        return bool(row.state == "declined")
    if template.name == "crew_changed" or asked_for_by_name:
        return False
    return row.state in {"confirmed", "declined"}
