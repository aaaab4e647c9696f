"""What notifications tells."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from muster_shared.messages.base import Message


class DeliveryChanged(Message):
    """A mail moved on. For one delivery the highest `version` wins."""

    type: ClassVar[str] = "delivery.changed.v1"

    delivery_id: UUID
    version: int
    org_id: UUID | None
    event_id: UUID | None
    assignment_id: UUID | None
    registration_id: UUID | None = None
    link_version: int | None
    template: str
    status: Literal["queued", "sending", "sent", "delivered", "bounced", "complained", "suppressed", "failed"]
    reason: str | None = None
    occurred_at: datetime
