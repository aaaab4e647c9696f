"""The append-only log of what was done with events, and by whom; the organisation's audit log is told too."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session
from structlog.contextvars import get_contextvars

from muster_events.audit import audit
from muster_shared import clock
from muster_shared.auth.audit import Change
from muster_shared.auth.principal import Principal
from muster_shared.ids import new_id

_INSERT = text(
    "INSERT INTO event_log (id, org_id, event_id, actor, actor_name, action, changed, request_id, at)"
    " VALUES (:id, :org_id, :event_id, :actor, :actor_name, :action, :changed, :request_id, :at)"
)


def record(
    session: Session,
    *,
    org_id: UUID,
    event_id: UUID,
    actor: Principal,
    action: str,
    changed: Sequence[str] = (),
) -> None:
    """Writes that `actor` did `action`; `changed` names fields, never their values."""
    session.execute(
        _INSERT,
        {
            "id": new_id(),
            "org_id": org_id,
            "event_id": event_id,
            "actor": actor.label,
            "actor_name": actor.name,
            "action": action,
            "changed": list(changed),
            "request_id": get_contextvars().get("request_id"),
            "at": clock.now(),
        },
    )
    changes: dict[str, Change] = {"fields": list(changed)} if changed else {}
    audit.record(session, actor, action=f"event.{action}", org_id=org_id, target_id=event_id, changes=changes)
