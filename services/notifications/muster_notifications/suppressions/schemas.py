"""Wire shapes of the suppression list."""

from typing import Literal
from uuid import UUID

from muster_shared.web import PageQuery, UtcTime, View
from muster_shared.web.schemas import Email


class SuppressionQuery(PageQuery):
    """Filters of the list."""

    org_id: UUID | None = None
    recipient: Email | None = None


class SuppressionView(View):
    """An address that gets no mail: none at all (`scope` all), or none of a kind."""

    id: UUID
    org_id: UUID
    recipient: str
    scope: str
    reason: Literal["bounce", "complaint", "unsubscribe"]
    delivery_id: UUID | None
    created_at: UtcTime
