"""HTTP of webhooks."""

from uuid import UUID

from sqlalchemy.orm import Session

from muster_events.errors import WebhookNotFound
from muster_events.events.access import acting_org
from muster_events.parts import EventsParts
from muster_events.webhooks import use_cases
from muster_events.webhooks.schemas import (
    DeliveryPage,
    DeliveryView,
    NewWebhook,
    NewWebhookView,
    WebhookPage,
    WebhookQuery,
    WebhookView,
)
from muster_events.webhooks.secrets import SecretBox
from muster_shared.auth import Principal
from muster_shared.auth.guards import scoped
from muster_shared.problems import NotFound
from muster_shared.web import Answer, PageQuery, Routes, page_answer, read_cursor
from muster_shared.web.app import part

routes = Routes("webhooks", prefix="/api/events/webhooks", tag="webhooks")

_FIRST_ID = UUID(int=0)


def _own(session: Session, webhook_id: UUID, principal: Principal) -> WebhookView:
    found = use_cases.webhook(session, webhook_id)
    try:
        part(EventsParts).memberships.require(principal, found.org_id)
    except NotFound:
        raise WebhookNotFound from None
    return found


@routes.post(
    "",
    guard=scoped("events:write"),
    body=NewWebhook,
    answers={201: NewWebhookView},
    idempotent=True,
    sensitive=True,
)
def create_webhook(*, body: NewWebhook, session: Session, principal: Principal) -> Answer:
    """Have an address called when something happens; the signing secret is shown once"""
    parts = part(EventsParts)
    made, secret = use_cases.create_webhook(
        session,
        actor=principal,
        box=SecretBox(parts.settings),
        org_id=acting_org(parts.memberships, principal, body.org_id),
        url=body.url,
        types=[kind.value for kind in body.types],
        description=body.description,
        allow_private=parts.settings.webhook_allow_private,
    )
    return Answer(NewWebhookView(**made.model_dump(), secret=secret), status=201)


@routes.get("", guard=scoped("events:read"), query=WebhookQuery, answers={200: WebhookPage})
def list_webhooks(*, query: WebhookQuery, session: Session, principal: Principal) -> Answer:
    """The webhooks of the caller's organisations"""
    org_ids = part(EventsParts).memberships.asked(principal, query.org_id)
    scope = f"webhooks:{principal.label}:{query.org_id}"
    seen = read_cursor(query.cursor, scope=scope)
    after = UUID(seen[0]) if seen else _FIRST_ID
    found = use_cases.webhooks_of(session, org_ids, after=after, rows=query.limit + 1)
    return Answer(
        page_answer(
            found,
            limit=query.limit,
            scope=scope,
            key=lambda one: (one.id,),
            view=lambda one: one.model_dump(mode="json"),
        )
    )


@routes.delete("/<uuid:webhook_id>", guard=scoped("events:write"))
def delete_webhook(*, webhook_id: UUID, session: Session, principal: Principal) -> Answer:
    """End a webhook"""
    use_cases.delete_webhook(session, _own(session, webhook_id, principal), actor=principal)
    return Answer(None, status=204)


@routes.get("/<uuid:webhook_id>/deliveries", guard=scoped("events:read"), query=PageQuery, answers={200: DeliveryPage})
def list_deliveries(*, webhook_id: UUID, query: PageQuery, session: Session, principal: Principal) -> Answer:
    """What was told to a webhook, newest first, with every attempt"""
    _own(session, webhook_id, principal)
    scope = f"deliveries:{webhook_id}"
    before, before_id = read_cursor(query.cursor, scope=scope) or (None, None)
    found = use_cases.deliveries_of(session, webhook_id, before=before, before_id=before_id, rows=query.limit + 1)
    return Answer(
        page_answer(
            found,
            limit=query.limit,
            scope=scope,
            key=lambda one: (one.created_at, one.id),
            view=lambda one: one.model_dump(mode="json"),
        )
    )


@routes.post(
    "/<uuid:webhook_id>/deliveries/<uuid:delivery_id>/replay",
    guard=scoped("events:write"),
    answers={202: DeliveryView},
    idempotent=True,
)
def replay(*, webhook_id: UUID, delivery_id: UUID, session: Session, principal: Principal) -> Answer:
    """Deliver something once more"""
    own = _own(session, webhook_id, principal)
    return Answer(use_cases.replay(session, own, actor=principal, delivery_id=delivery_id), status=202)
