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
# What may be in an organisation's audit log, by the kind of the target. Each has its sentence in the dashboard.
_VERBS: Mapping[str, tuple[str, ...]] = {
    "organization": ("created", "changed", "deleted", "ownership_transferred"),
    "member": ("joined", "left", "removed", "role_changed"),
    "invitation": ("created", "revoked"),
    "service_key": ("created", "revoked"),
    "event": (
        "created",
        "edited",
        "published",
        "cancelled",
        "completed",
        "deleted",
        "duplicated",
        "finance_set",
        "shot_list_set",
        "attendees_exported",
    ),
    "crew_member": ("added", "edited", "removed"),
    "roster": ("imported", "exported"),
    "assignment": (
        "created",
        "reassigned",
        "role_changed",
        "rank_changed",
        "confirmed",
        "declined",
        "no_show",
        "hours_recorded",
        "reminded",
        "removed",
    ),
    "registration": ("added", "cancelled", "resent"),
    "check_in": ("undone",),
    "staff_link": ("created", "revoked"),
    "calendar_entry": ("created", "deleted"),
    "calendar_feed": ("created", "revoked"),
    "webhook": ("created", "deleted", "replayed"),
    "photo": ("approved", "captioned", "hidden", "shown", "deleted"),
    "album": ("requested",),
    "delivery": ("resent",),
    "suppression": ("lifted",),
}
ACTIONS = frozenset(f"{kind}.{verb}" for kind, verbs in _VERBS.items() for verb in verbs)


def check_action(action: str) -> None:
    """Raises `ValueError` for what is no action of an organisation's audit log."""
    if action not in ACTIONS:
        raise ValueError(f"{action} is no action of the audit log")


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

        `action` is one of `ACTIONS`: `event.cancelled`. `changes` holds ids, states and names of
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
