"""The handler of the queue that SES's events come through."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from muster_notifications.feedback.parsing import NotAnEvent, parse
from muster_notifications.feedback.settling import keep
from muster_shared import telemetry
from muster_shared.logs import log
from muster_shared.messaging.errors import Permanent

_log = log(__name__)


def ses_events(session: Session, bodies: Sequence[tuple[dict[str, Any], object]]) -> None:
    """Keeps events and applies them. Raises `Permanent` for a body that is no event at all."""
    try:
        events = [parse(body) for body, _ in bodies if not _is_greeting(body)]
    except NotAnEvent as error:
        raise Permanent(f"not an event of SES: {error}") from None
    for event, matched in zip(events, keep(session, events), strict=True):
        telemetry.count("muster.ses.event", attributes={"kind": event.kind, "matched": matched})
        if not matched:
            _log.info("ses_event_waits", kind=event.kind)


def _is_greeting(body: dict[str, Any]) -> bool:
    """What SES and SNS send when a topic is connected."""
    return "AmazonSnsSubscriptionSucceeded" in str(body.get("notificationType", "")) or (
        body.get("Type") in {"SubscriptionConfirmation", "UnsubscribeConfirmation"}
    )
