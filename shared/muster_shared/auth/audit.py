"""Telling the audit log, which auth keeps, what was done in another service."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.orm import Session
from structlog.contextvars import get_contextvars

from muster_shared import clock
from muster_shared.auth.principal import Principal
from muster_shared.messages.auth import AuditRecorded
from muster_shared.messaging import outbox

Change = str | int | bool | list[str] | None


@dataclass(frozen=True)
class Done:
    """What was done to what: `event.cancelled` to an `event`. `changes` holds no secret, address or amount."""

    service: str
    action: str
    target_kind: str
    target_id: UUID | None = None
    changes: Mapping[str, Change] = field(default_factory=dict)


def record(session: Session, actor: Principal, *, org_id: UUID, done: Done) -> None:
    """Emits the entry in the transaction of what it tells of; owners read it within seconds."""
    outbox.emit(
        session,
        AuditRecorded(
            org_id=org_id,
            service=done.service,
            actor_kind=actor.kind.value,
            actor_id=actor.user_id or actor.key_id,
            actor_name=actor.name,
            action=done.action,
            target_kind=done.target_kind,
            target_id=done.target_id,
            changes=dict(done.changes),
            request_id=get_contextvars().get("request_id"),
            occurred_at=clock.now(),
        ),
    )
