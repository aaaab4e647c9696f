"""Putting addresses on the suppression list and taking them off."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from muster_notifications.audit import audit
from muster_notifications.deliveries.models import Delivery
from muster_notifications.deliveries.recipients import key_of
from muster_notifications.deliveries.use_cases import add_step
from muster_notifications.errors import SuppressionNotFound
from muster_notifications.suppressions.models import Suppression
from muster_notifications.suppressions.schemas import SuppressionQuery
from muster_notifications.templates.registry import TEMPLATES
from muster_shared import clock
from muster_shared.auth.principal import Principal
from muster_shared.ids import new_id

_UNSUBSCRIBE = text(
    "INSERT INTO suppressions (id, lane, recipient, recipient_key, scope, reason, delivery_id, created_at)"
    " SELECT :id, lane, recipient, recipient_key, :scope, 'unsubscribe', id, :now FROM deliveries"
    " WHERE id = :delivery_id ON CONFLICT (lane, recipient_key, scope) DO NOTHING RETURNING id"
)


def unsubscribe(session: Session, delivery_id: UUID) -> bool:
    """Stops mails of this delivery's kind to its recipient; False when there is no such delivery or no such kind.

    Doing it twice is the same as doing it once.
    """
    delivery = session.get(Delivery, delivery_id)
    template = TEMPLATES.get(delivery.template) if delivery is not None else None
    if delivery is None or template is None or template.scope is None:
        return False
    names = {"id": new_id(), "delivery_id": delivery_id, "scope": template.scope, "now": clock.now()}
    if session.execute(_UNSUBSCRIBE, names).first() is not None:
        add_step(session, delivery_id, "unsubscribed", detail={"scope": template.scope})
    return True


def entries(
    session: Session, *, organizations: Collection[UUID], query: SuppressionQuery, after: UUID | None
) -> Sequence[Suppression]:
    """Up to `limit + 1` entries of these organisations, the newest first."""
    statement = select(Suppression).where(Suppression.lane.in_(organizations))
    if query.recipient is not None:
        statement = statement.where(Suppression.recipient_key == key_of(query.recipient))
    if after is not None:
        statement = statement.where(Suppression.id < after)
    return session.scalars(statement.order_by(Suppression.id.desc()).limit(query.limit + 1)).all()


def remove(session: Session, suppression_id: UUID, *, organizations: Collection[UUID], actor: Principal) -> None:
    """Takes an entry off the list. Raises `SuppressionNotFound`."""
    removed = session.execute(
        delete(Suppression)
        .where(Suppression.id == suppression_id, Suppression.lane.in_(organizations))
        .returning(Suppression.lane)
    ).first()
    if removed is None:
        raise SuppressionNotFound
    audit.record(session, actor, action="suppression.lifted", org_id=removed.lane, target_id=suppression_id)
