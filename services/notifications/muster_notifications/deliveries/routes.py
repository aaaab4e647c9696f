"""Deliveries over HTTP."""

from http import HTTPStatus
from uuid import UUID

from sqlalchemy.orm import Session

from muster_notifications.deliveries import queries, resending
from muster_notifications.deliveries.models import Delivery
from muster_notifications.deliveries.schemas import DeliveryDetail, DeliveryQuery, DeliveryView, StepView
from muster_notifications.errors import DeliveryNotFound
from muster_notifications.parts import NotificationsParts
from muster_shared.auth.guards import scoped, signed_in
from muster_shared.auth.principal import Principal
from muster_shared.problems import NotFound
from muster_shared.web import Answer, Page, Routes, page_answer, read_cursor
from muster_shared.web.app import part

routes = Routes("deliveries", prefix="/api/notifications", tag="deliveries")


@routes.get(
    "",
    guard=scoped("notifications:read"),
    query=DeliveryQuery,
    answers={200: Page[DeliveryView]},
    errors=(404,),
    summary="Mails of the caller's organisations, newest first",
)
def list_deliveries(*, query: DeliveryQuery, principal: Principal, session: Session) -> Answer:
    """Filters hold together; another organisation's `org_id` is 404."""
    organizations = part(NotificationsParts).wiring.memberships.asked(principal, query.org_id)
    scope = f"deliveries:{query.model_dump_json(exclude={'limit', 'cursor'})}"
    cursor = read_cursor(query.cursor, scope=scope)
    rows = queries.newest(session, organizations=organizations, query=query, after=UUID(cursor[0]) if cursor else None)
    return Answer(
        page_answer(rows, limit=query.limit, scope=scope, key=lambda row: (row.id,), view=DeliveryView.model_validate)
    )


@routes.get(
    "/<uuid:delivery_id>",
    guard=scoped("notifications:read"),
    answers={200: DeliveryDetail},
    errors=(404,),
    summary="One mail with its trace",
)
def read_delivery(*, delivery_id: UUID, principal: Principal, session: Session) -> DeliveryDetail:
    """Every step from what asked for it to what its reader did, in order."""
    delivery = _of_caller(session, delivery_id, principal)
    steps = queries.trace(session, delivery.id)
    settings = part(NotificationsParts).settings
    shown = DeliveryView.model_validate(delivery).model_dump()
    return DeliveryDetail(
        **shown,
        template_version=delivery.template_version,
        attempts=delivery.attempts,
        can_resend=resending.may_resend(delivery, wait_seconds=settings.resend_after_seconds),
        trace=[StepView(at=step.at, kind=step.kind, detail=step.detail) for step in steps],
    )


@routes.post(
    "/<uuid:delivery_id>/resend",
    guard=signed_in(),
    answers={201: DeliveryView},
    errors=(404, 409),
    idempotent=True,
    summary="Send a mail again",
)
def resend_delivery(*, delivery_id: UUID, principal: Principal, session: Session, request_id: str) -> Answer:
    """Refused (409) while the first may still arrive, or where it would be of no use."""
    _of_caller(session, delivery_id, principal)
    settings = part(NotificationsParts).settings
    delivery = resending.resend(
        session, delivery_id, actor=principal, wait_seconds=settings.resend_after_seconds, request_id=request_id
    )
    return Answer(
        DeliveryView.model_validate(delivery),
        status=HTTPStatus.CREATED,
        headers={"Location": f"/api/notifications/{delivery.id}"},
    )


def _of_caller(session: Session, delivery_id: UUID, principal: Principal) -> Delivery:
    delivery = queries.one(session, delivery_id)
    if delivery.org_id is None:
        raise DeliveryNotFound
    try:
        part(NotificationsParts).wiring.memberships.require(principal, delivery.org_id)
    except NotFound:
        raise DeliveryNotFound from None
    return delivery
