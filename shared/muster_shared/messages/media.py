"""What media tells."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from muster_shared.messages.base import Message


class PhotoChanged(Message):
    """A photo became ready, was rejected, hidden, shown again or deleted. The highest `version` wins.

    `public_path` is set for a ready banner only: a path at the public origin that needs no signature.
    """

    type: ClassVar[str] = "photo.changed.v1"

    photo_id: UUID
    event_id: UUID
    org_id: UUID
    version: int
    purpose: Literal["photo", "banner", "job_before", "job_after"]
    status: Literal["ready", "rejected", "hidden", "deleted"]
    assignment_id: UUID | None = None
    public_path: str | None = None
    occurred_at: datetime
