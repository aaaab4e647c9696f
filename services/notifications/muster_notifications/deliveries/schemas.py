"""Wire shapes of deliveries."""

from typing import Any
from uuid import UUID

from pydantic import Field

from muster_notifications.deliveries.states import Status
from muster_shared.web import PageQuery, UtcTime, View
from muster_shared.web.schemas import Email


class DeliveryQuery(PageQuery):
    """Filters of the list; all of them must hold."""

    org_id: UUID | None = None
    event_id: UUID | None = None
    assignment_id: UUID | None = None
    recipient: Email | None = None
    status: Status | None = None


class DeliveryView(View):
    """A mail and where it stands."""

    id: UUID
    org_id: UUID
    template: str
    language: str
    recipient: str
    recipient_name: str
    status: Status
    reason: str | None
    event_id: UUID | None
    assignment_id: UUID | None
    registration_id: UUID | None
    resend_of: UUID | None
    created_at: UtcTime
    due_at: UtcTime
    sent_at: UtcTime | None
    delivered_at: UtcTime | None
    opened_by_machine_at: UtcTime | None
    acted_at: UtcTime | None


class StepView(View):
    """One thing that happened to a mail."""

    at: UtcTime
    kind: str
    detail: dict[str, Any] = Field(default_factory=dict)


class DeliveryDetail(DeliveryView):
    """A mail with its trace: every step, in the order they happened."""

    template_version: str | None
    attempts: int
    can_resend: bool
    trace: list[StepView]
