"""Telling the audit log, which auth keeps, what was done in another service."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session
from structlog.contextvars import get_contextvars

from muster_shared import clock
from muster_shared.auth.principal import Principal
from muster_shared.messages.auth import AuditRecorded
from muster_shared.messaging import outbox

Change = str | int | bool | list[str] | None


@dataclass(frozen=True)
class AuditLog:
    """What one service tells the audit log."""

    service: str

    def record(
        self,
        session: Session,
        actor: Principal,
        *,
        action: str,
        org_id: UUID,
        target_id: UUID | None = None,
        changes: Mapping[str, Change] | None = None,
    ) -> None:
        """Emits the entry in the transaction of what it tells of; owners read it within seconds.

        `action` begins with the kind of its target: `event.cancelled`. `changes` holds ids, states and names of
        fields; no secret, no address, no name of a person, no amount.
        """
        outbox.emit(
            session,
            AuditRecorded(
                org_id=org_id,
                service=self.service,
                actor_kind=actor.kind.value,
                actor_id=actor.user_id or actor.key_id,
                actor_name=actor.name,
                action=action,
                target_kind=action.partition(".")[0],
                target_id=target_id,
                changes=dict(changes or {}),
                request_id=get_contextvars().get("request_id"),
                occurred_at=clock.now(),
            ),
        )
