"""Handing one mail over to SES: links made, words filled in, the call noted, made, and its answer recorded.

No database connection is held while SES or auth is called.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from muster_notifications.deliveries.states import Status
from muster_notifications.deliveries.use_cases import add_step, move
from muster_notifications.sending import gate
from muster_notifications.sending.claims import Claimed, Claims, end_attempt
from muster_notifications.sending.links import Links, NoLongerValid
from muster_notifications.sending.mime import Attachment, MimeBuilder, UnsupportedAddress
from muster_notifications.sending.provider import (
    OutcomeUnknown,
    PermanentlyRefused,
    Provider,
    ProviderError,
    Throttled,
)
from muster_notifications.sending.recording import Accepted, record_accepted
from muster_notifications.templates.registry import TEMPLATES, Audience, Calendar
from muster_notifications.templates.rendering import MissingVariable, Rendered, UnknownTemplate, render
from muster_shared import clock, ics, telemetry
from muster_shared.auth.internal import InternalUnavailable
from muster_shared.auth.memberships import Organizations
from muster_shared.db import Database
from muster_shared.logs import log
from muster_shared.messages.events import EventFacts
from muster_shared.messaging.backoff import full_jitter
from muster_shared.problems import Unavailable
from muster_shared.together import Together

_RETRY_BASE_SECONDS = 2.0
_RETRY_CAP_SECONDS = 300.0
_LEAST_WAIT_SECONDS = 0.5
# After so long without SES taking it a mail is of no use to anybody.
_GIVE_UP_AFTER = timedelta(hours=48)
_DEPENDENCY_AWAY_SECONDS = 3.0
_ANSWERING = frozenset({Audience.CREW, Audience.ATTENDEE})


class Outcome(StrEnum):
    """What became of a mail, as far as the pace of the next ones is concerned."""

    DONE = "done"
    THROTTLED = "throttled"
    AWAY = "away"


class Handover:
    """Takes claimed mails through their last step. Safe between threads."""

    def __init__(
        self,
        *,
        database: Database,
        provider: Provider,
        claims: Claims,
        links: Links,
        mime: MimeBuilder,
        organizations: Organizations,
    ) -> None:
        self._database = database
        self._provider = provider
        self._claims = claims
        self._links = links
        self._mime = mime
        self._organizations = organizations
        self._record = Together(self._record_accepted)
        self._log = log("muster.sender")

    def handle(self, verdict: gate.Verdict) -> Outcome:
        """Does what the verdict says with its mail."""
        mail = verdict.mail
        if isinstance(verdict, gate.Stop):
            self._end(mail, Status.SUPPRESSED, verdict.reason)
        elif isinstance(verdict, gate.Wait):
            self._postpone(mail, verdict.until, "quiet_hours")
        else:
            return self._send(mail, verdict.organization)
        return Outcome.DONE

    def _send(self, mail: Claimed, organization: gate.Organization | None) -> Outcome:
        try:
            if organization is None and mail.org_id is not None:
                organization = self._organization(mail)
            rendered, raw = self._compose(mail, organization)
            envelope = self._mime.envelope(mail)
        except NoLongerValid:
            self._end(mail, Status.SUPPRESSED, "no_longer_needed")
        except UnknownTemplate:
            self._end(mail, Status.FAILED, "unknown_template")
        except MissingVariable:
            self._log.error("template_variable_missing", delivery_id=str(mail.id), template=mail.template)
            self._end(mail, Status.FAILED, "template_variable_missing")
        except UnsupportedAddress:
            self._end(mail, Status.FAILED, "address_not_supported")
        except (InternalUnavailable, Unavailable):
            self._postpone(mail, clock.now() + timedelta(seconds=_DEPENDENCY_AWAY_SECONDS), "auth_unavailable")
        else:
            if not self._claims.calling(mail, template_version=rendered.version):
                return Outcome.DONE
            return self._call(mail, sender=envelope.sender, recipient=envelope.recipient, raw=raw)
        return Outcome.DONE

    def _organization(self, mail: Claimed) -> gate.Organization | None:
        """The organisation where no copy is there yet: it may have been made a moment ago."""
        found = self._organizations.get(mail.org_id) if mail.org_id is not None else None
        return gate.Organization.of(found["name"], found.get("settings")) if found else None

    def _compose(self, mail: Claimed, organization: gate.Organization | None) -> tuple[Rendered, bytes]:
        template = TEMPLATES.get(mail.template)
        if template is None:
            raise UnknownTemplate(mail.template)
        unsubscribe = self._links.unsubscribe(mail.id) if template.scope is not None else None
        rendered = render(
            mail.template,
            language=mail.language,
            recipient_name=mail.recipient_name,
            organization=organization.name if organization else None,
            context=mail.context,
            link=self._links.of(mail),
            unsubscribe=unsubscribe,
        )
        attachment = None
        if template.calendar is not None:
            attachment = self._attachment(mail, template.calendar)
        raw = self._mime.build(
            mail,
            rendered,
            organization=organization.name if organization else None,
            # Crew and attendees answer the organisation; its members and account mails have nobody to answer.
            reply_to=organization.reply_to if organization and template.audience in _ANSWERING else None,
            attachment=attachment,
            unsubscribe=unsubscribe,
        )
        return rendered, raw

    def _attachment(self, mail: Claimed, method: Calendar) -> Attachment:
        event = EventFacts.model_validate(mail.context["event"])
        venue = event.venue
        place = (
            venue.url or venue.name if venue.type == "online" else ", ".join(filter(None, (venue.name, venue.address)))
        )
        item = ics.CalendarItem(
            uid=ics.uid_of(event.event_id),
            sequence=event.ics_sequence,
            status="CANCELLED" if method is Calendar.CANCEL else "CONFIRMED",
            summary=event.title,
            starts_at=event.starts_at,
            ends_at=event.ends_at,
            timezone=event.timezone,
            # To the minute, so that a whole crew asked together has the same file, made once.
            stamp=mail.created_at.replace(second=0, microsecond=0),
            location=place,
        )
        # It publishes and never requests: an answer given in a calendar program would reach nobody.
        return Attachment(_calendar_file(item, method), method)

    def _call(self, mail: Claimed, *, sender: str, recipient: str, raw: bytes) -> Outcome:
        started = clock.now()
        try:
            with telemetry.span("ses send", kind="client"):
                message_id = self._provider.send(sender=sender, recipient=recipient, raw=raw)
        except ProviderError as error:
            return self._refused(mail, error)
        self._record(Accepted(mail.id, mail.attempt_id, message_id))
        telemetry.observe("muster.mail.send", (clock.now() - started).total_seconds())
        self._log.info("mail_accepted", delivery_id=str(mail.id), attempt_id=str(mail.attempt_id))
        return Outcome.DONE

    def _record_accepted(self, mails: Sequence[Accepted]) -> Sequence[None]:
        record_accepted(self._database, mails)
        return [None] * len(mails)

    def _refused(self, mail: Claimed, error: ProviderError) -> Outcome:
        kind = type(error).__name__
        self._log.warning("mail_not_accepted", delivery_id=str(mail.id), kind=kind, code=error.code)
        with self._database.transaction() as session:
            if isinstance(error, OutcomeUnknown):
                # It may be on its way: nobody touches it until SES's events have had time to say.
                self._claims.await_events(session, mail, error=error.code)
                return Outcome.AWAY
            if isinstance(error, PermanentlyRefused):
                end_attempt(session, mail.attempt_id, outcome="refused", error=error.code)
                move(session, mail.id, to=Status.FAILED, reason="refused_by_ses", attempt_id=mail.attempt_id)
                return Outcome.DONE
            throttled = isinstance(error, Throttled)
            end_attempt(session, mail.attempt_id, outcome="throttled" if throttled else "retryable", error=error.code)
            if clock.now() - mail.created_at > _GIVE_UP_AFTER:
                move(session, mail.id, to=Status.FAILED, reason="not_accepted", attempt_id=mail.attempt_id)
            else:
                move(session, mail.id, to=Status.QUEUED, attempt_id=mail.attempt_id, due_at=_next_try(mail))
        return Outcome.THROTTLED if throttled else Outcome.AWAY

    def _end(self, mail: Claimed, to: Status, reason: str) -> None:
        """Ends a mail before SES was called."""
        with self._database.transaction() as session:
            end_attempt(session, mail.attempt_id, outcome="not_called", error=reason)
            if move(session, mail.id, to=to, reason=reason, attempt_id=mail.attempt_id):
                add_step(session, mail.id, to.value, detail={"reason": reason})

    def _postpone(self, mail: Claimed, until: datetime, reason: str) -> None:
        with self._database.transaction() as session:
            end_attempt(session, mail.attempt_id, outcome="not_called", error=reason)
            if move(session, mail.id, to=Status.QUEUED, attempt_id=mail.attempt_id, due_at=until):
                detail = {"reason": reason, "due_at": clock.rfc3339(until)}
                add_step(session, mail.id, "postponed", detail=detail)


@lru_cache(maxsize=512)
def _calendar_file(item: ics.CalendarItem, method: Calendar) -> bytes:
    return ics.calendar_bytes([item], method=method.value)


def _next_try(mail: Claimed) -> datetime:
    wait = full_jitter(mail.attempts - 1, base_seconds=_RETRY_BASE_SECONDS, cap_seconds=_RETRY_CAP_SECONDS)
    return clock.now() + timedelta(seconds=max(wait, _LEAST_WAIT_SECONDS))
