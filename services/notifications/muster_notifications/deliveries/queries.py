"""Reading deliveries and their traces."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from muster_notifications.deliveries.models import Delivery
from muster_notifications.deliveries.recipients import key_of
from muster_notifications.deliveries.schemas import DeliveryQuery
from muster_notifications.errors import DeliveryNotFound

# Four kinds of rows, one story: what asked for the mail and what was decided (steps), each try at handing it over
# (two lines: taken from the queue, and how it ended), and what SES told afterwards.
_TRACE = text(
    """
    SELECT at, kind, detail FROM (
        SELECT at, 0 AS turn, kind, detail FROM delivery_steps WHERE delivery_id = :id
        UNION ALL
        SELECT claimed_at, 1, 'claimed', jsonb_build_object('attempt', number)
        FROM attempts WHERE delivery_id = :id
        UNION ALL
        SELECT called_at, 2, 'handed_to_ses', jsonb_build_object('attempt', number)
        FROM attempts WHERE delivery_id = :id AND called_at IS NOT NULL
        UNION ALL
        SELECT ended_at, 3, 'ses_' || outcome, jsonb_strip_nulls(
            jsonb_build_object('attempt', number, 'error', error, 'ses_message_id', ses_message_id))
        FROM attempts WHERE delivery_id = :id AND ended_at IS NOT NULL AND outcome <> 'not_called'
        UNION ALL
        SELECT occurred_at, 4, 'event_' || kind, detail FROM ses_events WHERE delivery_id = :id
    ) steps ORDER BY at, turn
    """
)


@dataclass(frozen=True)
class TraceStep:
    """One line of a trace."""

    at: datetime
    kind: str
    detail: dict[str, Any]


def newest(
    session: Session,
    *,
    organizations: Collection[UUID],
    query: DeliveryQuery,
    after: UUID | None,
) -> Sequence[Delivery]:
    """Up to `limit + 1` deliveries of these organisations, the newest first."""
    statement = select(Delivery).where(Delivery.org_id.in_(organizations))
    if query.event_id is not None:
        statement = statement.where(Delivery.event_id == query.event_id)
    if query.assignment_id is not None:
        statement = statement.where(Delivery.assignment_id == query.assignment_id)
    if query.recipient is not None:
        statement = statement.where(Delivery.recipient_key == key_of(query.recipient))
    if query.status is not None:
        statement = statement.where(Delivery.status == query.status.value)
    if after is not None:
        statement = statement.where(Delivery.id < after)
    return session.scalars(statement.order_by(Delivery.id.desc()).limit(query.limit + 1)).all()


def one(session: Session, delivery_id: UUID, *, for_update: bool = False) -> Delivery:
    """The delivery; of whichever organisation. Raises `DeliveryNotFound`."""
    statement = select(Delivery).where(Delivery.id == delivery_id, Delivery.org_id.is_not(None))
    found = session.scalars(statement.with_for_update() if for_update else statement).one_or_none()
    if found is None:
        raise DeliveryNotFound
    return found


def trace(session: Session, delivery_id: UUID) -> list[TraceStep]:
    """Everything that happened to a delivery, in order."""
    return [TraceStep(row.at, row.kind, row.detail) for row in session.execute(_TRACE, {"id": delivery_id})]
