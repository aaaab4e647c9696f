"""Writing the audit log."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from structlog.contextvars import get_contextvars

from muster_auth.audit.models import AuditEntry
from muster_shared import clock
from muster_shared.auth import Principal
from muster_shared.auth.audit import check_action
from muster_shared.ids import new_id
from muster_shared.messages.auth import AuditRecorded
from muster_shared.messaging.inbox import Context


@dataclass(frozen=True)
class Fact:
    """What was done to what. `changes` holds no secret and no address: names of fields, roles, scopes."""

    action: str
    target_kind: str
    target_id: UUID | None = None
    org_id: UUID | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)


def keep(session: Session, message: AuditRecorded, context: Context) -> None:
    """Adds an entry that another service told of; the message's id is the entry's, so that it is kept once."""
    values = message.model_dump()
    session.execute(insert(AuditEntry).values(id=UUID(context.message_id), **values).on_conflict_do_nothing())


def record(session: Session, actor: Principal, fact: Fact) -> None:
    """Adds an entry in the transaction of what it tells of. Of accounts (no `org_id`) no organisation reads."""
    if fact.org_id is not None:
        check_action(fact.action)
    session.add(
        AuditEntry(
            id=new_id(),
            org_id=fact.org_id,
            occurred_at=clock.now(),
            service="auth",
            actor_kind=actor.kind.value,
            actor_id=actor.user_id or actor.key_id,
            actor_name=actor.name,
            action=fact.action,
            target_kind=fact.target_kind,
            target_id=fact.target_id,
            changes=dict(fact.changes),
            request_id=get_contextvars().get("request_id"),
        )
    )
