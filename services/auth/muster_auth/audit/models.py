"""The table of the audit log."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from muster_shared.db import Base


class AuditEntry(Base):
    """Something a member or a key did. The runtime role may add and read rows, and nothing else."""

    __tablename__ = "audit_entries"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    org_id: Mapped[UUID | None]
    occurred_at: Mapped[datetime]
    service: Mapped[str]
    actor_kind: Mapped[str]
    actor_id: Mapped[UUID | None]
    actor_name: Mapped[str]
    action: Mapped[str]
    target_kind: Mapped[str]
    target_id: Mapped[UUID | None]
    changes: Mapped[dict[str, Any]]
    request_id: Mapped[str | None]
