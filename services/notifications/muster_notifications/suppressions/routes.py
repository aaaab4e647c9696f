"""The suppression list over HTTP."""

from http import HTTPStatus
from uuid import UUID

from sqlalchemy.orm import Session

from muster_notifications.parts import NotificationsParts
from muster_notifications.suppressions import use_cases
from muster_notifications.suppressions.models import Suppression
from muster_notifications.suppressions.schemas import SuppressionQuery, SuppressionView
from muster_shared.auth.guards import scoped, signed_in
from muster_shared.auth.principal import Principal
from muster_shared.web import Answer, Page, Routes, page_answer, read_cursor
from muster_shared.web.app import part

routes = Routes("suppressions", prefix="/api/notifications/suppressions", tag="suppressions")


@routes.get(
    "",
    guard=scoped("notifications:read"),
    query=SuppressionQuery,
    answers={200: Page[SuppressionView]},
    errors=(404,),
    summary="Addresses that get no mail, newest first",
)
def list_suppressions(*, query: SuppressionQuery, principal: Principal, session: Session) -> Answer:
    """After a bounce, a complaint, or because they unsubscribed."""
    organizations = part(NotificationsParts).wiring.memberships.asked(principal, query.org_id)
    scope = f"suppressions:{query.model_dump_json(exclude={'limit', 'cursor'})}"
    cursor = read_cursor(query.cursor, scope=scope)
    rows = use_cases.entries(
        session, organizations=organizations, query=query, after=UUID(cursor[0]) if cursor else None
    )
    return Answer(page_answer(rows, limit=query.limit, scope=scope, key=lambda row: (row.id,), view=_view))


@routes.delete(
    "/<uuid:suppression_id>",
    guard=signed_in(),
    answers={204: None},
    errors=(404,),
    summary="Let an address have mail again",
)
def remove_suppression(*, suppression_id: UUID, principal: Principal, session: Session) -> Answer:
    """For an address that was mended, or a person who asked for it."""
    organizations = set(part(NotificationsParts).wiring.memberships.organizations_of(principal))
    use_cases.remove(session, suppression_id, organizations=organizations, actor=principal)
    return Answer(status=HTTPStatus.NO_CONTENT)


def _view(entry: Suppression) -> SuppressionView:
    return SuppressionView(
        id=entry.id,
        org_id=entry.lane,
        recipient=entry.recipient,
        scope=entry.scope,
        reason=entry.reason,
        delivery_id=entry.delivery_id,
        created_at=entry.created_at,
    )
