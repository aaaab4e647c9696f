"""Reading SES's events, in both of the shapes SES has for them.

Identity notifications say `notificationType`, a configuration set's events `eventType`; SNS's wrapping is gone by
the time they come here. https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html and
https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from muster_notifications.sending.mime import ATTEMPT_HEADER
from muster_shared import clock

# SES's names, as they are kept here. Anything else it may tell one day is kept under its own and changes nothing.
_KINDS = {
    "send": "send",
    "delivery": "delivery",
    "bounce": "bounce",
    "complaint": "complaint",
    "reject": "reject",
    "renderingfailure": "rendering_failure",
    "rendering failure": "rendering_failure",
    "deliverydelay": "delivery_delay",
    "open": "open",
    "click": "click",
}
_SECTIONS = {"rendering_failure": "failure", "delivery_delay": "deliveryDelay"}
_LONGEST = 200


class NotAnEvent(ValueError):
    """The body is not an event about a mail; `reason` says what it is instead."""


@dataclass(frozen=True)
class SesFeedback:
    """One event. `attempt_id` is known when SES gives back our tag or header."""

    kind: str
    ses_message_id: str
    occurred_at: datetime
    dedupe_key: str
    attempt_id: UUID | None = None
    detail: dict[str, Any] = field(default_factory=dict)


def parse(body: Mapping[str, Any]) -> SesFeedback:
    """The event in `body`. Raises `NotAnEvent`."""
    name = body.get("eventType") or body.get("notificationType")
    mail = body.get("mail")
    if not isinstance(name, str) or not isinstance(mail, Mapping):
        raise NotAnEvent("no event type or no mail")
    message_id = mail.get("messageId")
    if not isinstance(message_id, str) or not message_id:
        raise NotAnEvent("no message id")
    kind = _KINDS.get(name.lower(), name.lower()[:40])
    section = body.get(_SECTIONS.get(kind, kind))
    section = section if isinstance(section, Mapping) else {}
    moment = section.get("timestamp") or mail.get("timestamp")
    # SES sends an event again unchanged, so the moment and the feedback's id tell one from another.
    identity = "|".join((message_id, kind, str(section.get("feedbackId", "")), str(moment)))
    return SesFeedback(
        kind=kind,
        ses_message_id=message_id[:_LONGEST],
        occurred_at=_time(moment),
        dedupe_key=hashlib.sha256(identity.encode()).hexdigest(),
        attempt_id=_attempt(mail),
        detail=_detail(kind, section),
    )


def _attempt(mail: Mapping[str, Any]) -> UUID | None:
    tags = mail.get("tags")
    values = tags.get("attempt") if isinstance(tags, Mapping) else None
    if isinstance(values, list) and values and (found := _uuid(values[0])):
        return found
    headers = mail.get("headers")
    for header in headers if isinstance(headers, list) else []:
        if isinstance(header, Mapping) and str(header.get("name", "")).lower() == ATTEMPT_HEADER.lower():
            return _uuid(header.get("value"))
    return None


def _uuid(value: object) -> UUID | None:
    try:
        return UUID(str(value))
    except ValueError:
        return None


def _time(value: object) -> datetime:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return clock.now()
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _detail(kind: str, section: Mapping[str, Any]) -> dict[str, Any]:
    """What an operator may want to know of it; no addresses."""
    names = {
        "bounce": ("bounceType", "bounceSubType"),
        "complaint": ("complaintFeedbackType", "complaintSubType"),
        "reject": ("reason",),
        "rendering_failure": ("errorMessage",),
        "delivery_delay": ("delayType", "expirationTime"),
        "delivery": ("processingTimeMillis",),
    }.get(kind, ())
    kept = {name: section[name] for name in names if isinstance(section.get(name), (str, int))}
    if kind == "bounce":
        recipients = section.get("bouncedRecipients")
        first = recipients[0] if isinstance(recipients, list) and recipients else None
        if isinstance(first, Mapping) and isinstance(first.get("status"), str):
            kept["status"] = first["status"]
    return {name: value[:_LONGEST] if isinstance(value, str) else value for name, value in kept.items()}
