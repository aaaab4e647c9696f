"""Announcing to webhooks: a delivery for each that wants the type, in the transaction of what it tells of."""

from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from muster_events.events.models import Event
from muster_shared import clock
from muster_shared.clock import rfc3339

TYPES = (
    "event.created",
    "event.updated",
    "event.published",
    "event.cancelled",
    "event.completed",
    "registration.created",
    "registration.promoted",
    "registration.cancelled",
    "check_in.created",
    "check_in.undone",
    "crew.confirmed",
    "crew.declined",
)


def announcing(*, org_id: str, kind: str, payload: str, now: str) -> str:
    """SQL of the deliveries to the webhooks that want `kind`, a row for each; arguments are SQL too.

    One statement however many webhooks there are; none of it happens for an organisation without any.
    """
    return f"""
    INSERT INTO webhook_deliveries (org_id, webhook_id, type, payload, next_attempt_at, created_at)
    SELECT org_id, id, {kind}, {payload}, {now}, {now} FROM webhooks
    WHERE org_id = {org_id} AND disabled_at IS NULL AND (types = '{{}}' OR {kind} = ANY(types)) RETURNING 1
    """  # noqa: S608  # fixed texts, values bound


# Tells the worker of deliveries; to select from what `announcing` gives.
NOTICE = "SELECT pg_notify(current_schema() || '_webhooks', '')"
_ANNOUNCE = text(
    f"WITH made AS ({announcing(org_id=':org_id', kind=':type', payload='CAST(:payload AS jsonb)', now=':now')})"
    f" {NOTICE} FROM made LIMIT 1"
)


def announce(session: Session, *, org_id: UUID, kind: str, data: dict[str, Any]) -> None:
    """Has `data` delivered to the organisation's webhooks that want `kind`. Never put money in."""
    now = clock.now()
    session.execute(_ANNOUNCE, {"org_id": org_id, "type": kind, "payload": payload_of(kind, data, at=now), "now": now})


def payload_of(kind: str, data: dict[str, Any], *, at: datetime) -> str:
    """The body of a delivery, as JSON."""
    return orjson.dumps({"type": kind, "timestamp": rfc3339(at), "data": data}, default=str).decode()


def announce_event(session: Session, event: Event, kind: str) -> None:
    """Announces something about `event`: what it is now, without notes, crew or money."""
    announce(
        session,
        org_id=event.org_id,
        kind=kind,
        data={
            "id": event.id,
            "org_id": event.org_id,
            "kind": event.kind,
            "status": event.status,
            "title": event.title,
            "starts_at": rfc3339(event.starts_at),
            "ends_at": rfc3339(event.ends_at),
            "timezone": event.timezone,
            "booking_ref": event.booking_ref,
            "version": event.version,
        },
    )
