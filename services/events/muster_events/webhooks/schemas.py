"""Wire shapes of webhooks."""

from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from muster_events.webhooks.announce import TYPES
from muster_shared.web import Body, Line, Page, PageQuery, UtcTime, View

WebhookType = StrEnum("WebhookType", {name.replace(".", "_").upper(): name for name in TYPES})  # type: ignore[misc]


class NewWebhook(Body):
    """Where to call, and for what: every type when `types` is empty."""

    org_id: UUID | None = None
    url: Annotated[str, Field(min_length=1, max_length=2000)]
    types: Annotated[list[WebhookType], Field(max_length=len(TYPES))] = []
    description: Annotated[Line, Field(max_length=200)] = ""


class WebhookView(View):
    """A webhook, without its secret: that is shown once."""

    id: UUID
    org_id: UUID
    url: str
    types: list[str]
    description: str
    disabled_at: UtcTime | None
    disabled_reason: str | None
    created_at: UtcTime


class NewWebhookView(WebhookView):
    """A webhook just made; `secret` verifies its calls (Standard Webhooks)."""

    secret: str


class AttemptView(View):
    """One call of a delivery."""

    at: UtcTime
    milliseconds: int
    status: int | None
    error: str | None


class DeliveryView(View):
    """Something told to a webhook, and every attempt; `id` is the `webhook-id` that it was sent with."""

    id: UUID
    type: str
    status: Literal["pending", "delivered", "failed"]
    payload: dict[str, Any]
    created_at: UtcTime
    delivered_at: UtcTime | None
    next_attempt_at: UtcTime | None
    attempts: list[AttemptView]


class WebhookQuery(PageQuery):
    """Of one organisation, or of all the caller's."""

    org_id: UUID | None = None


WebhookPage = Page[WebhookView]
DeliveryPage = Page[DeliveryView]
