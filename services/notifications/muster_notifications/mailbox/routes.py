"""The local mailbox over HTTP; there is none in production."""

from typing import Any

import requests
from pydantic import Field, ValidationError

from muster_notifications.errors import MailboxAway
from muster_notifications.parts import NotificationsParts
from muster_shared.auth.guards import public
from muster_shared.problems import NotFound
from muster_shared.web import Query, Routes, View
from muster_shared.web.app import part
from muster_shared.web.schemas import Email

routes = Routes("outbox", prefix="/api/notifications/outbox", tag="outbox")
_TIMEOUT_SECONDS = (1.0, 5.0)


class OutboxQuery(Query):
    """Whose mails, and how many."""

    to: Email | None = None
    limit: int = Field(default=20, ge=1, le=100)


class OutboxMail(View):
    """A mail as SES took it."""

    id: str
    to: list[str]
    subject: str
    text: str
    html: str
    headers: dict[str, Any]
    sent_at: str


class Outbox(View):
    """The newest first."""

    items: list[OutboxMail]


@routes.get(
    "",
    guard=public(),
    query=OutboxQuery,
    answers={200: Outbox},
    errors=(404, 503),
    summary="Local mode only: the mails SES's stand-in took",
)
def read_outbox(*, query: OutboxQuery) -> Outbox:
    """404 wherever Muster is not run for trying it out."""
    settings = part(NotificationsParts).settings
    if settings.is_production or settings.local_mailbox_url is None:
        raise NotFound
    parameters = {"limit": str(query.limit), **({"to": query.to} if query.to else {})}
    try:
        answer = requests.get(settings.local_mailbox_url, params=parameters, timeout=_TIMEOUT_SECONDS)
        answer.raise_for_status()
        return Outbox.model_validate(answer.json())
    except (requests.RequestException, ValidationError, ValueError) as error:
        raise MailboxAway(retry_after_seconds=2) from error
