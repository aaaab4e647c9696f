"""Wire shapes of the audit log."""

from typing import Any
from uuid import UUID

from muster_shared.web import Page, UtcTime, View


class EntryView(View):
    """Who did what to what, and when."""

    id: UUID
    occurred_at: UtcTime
    service: str
    actor_kind: str
    actor_id: UUID | None
    actor_name: str
    action: str
    target_kind: str
    target_id: UUID | None
    changes: dict[str, Any]
    request_id: str | None


EntryPage = Page[EntryView]
