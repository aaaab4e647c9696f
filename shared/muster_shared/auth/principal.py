"""The one who asks."""

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID


class PrincipalKind(StrEnum):
    """How the caller is known."""

    ANONYMOUS = "anonymous"
    USER = "user"
    SERVICE_KEY = "service_key"
    SERVICE = "service"


class Role(StrEnum):
    """A member's role. An owner may do all; a manager all but members, keys and deletion."""

    OWNER = "owner"
    MANAGER = "manager"


SCOPES = frozenset(
    {
        "events:read",
        "events:write",
        "finance:read",
        "finance:write",
        "crew:read",
        "crew:write",
        "calendar:write",
        "media:read",
        "media:write",
        "notifications:read",
    }
)


@dataclass(frozen=True)
class Principal:
    """Who asks. `org_id` and `scopes` are set for a service key only; `service` for a call between services."""

    kind: PrincipalKind
    user_id: UUID | None = None
    session_id: UUID | None = None
    org_id: UUID | None = None
    key_id: UUID | None = None
    scopes: frozenset[str] = field(default_factory=frozenset)
    name: str = ""
    service: str = ""

    @property
    def is_user(self) -> bool:
        """Signed in with an account."""
        return self.kind is PrincipalKind.USER

    @property
    def is_service_key(self) -> bool:
        """An integration of one organisation."""
        return self.kind is PrincipalKind.SERVICE_KEY

    @property
    def is_anonymous(self) -> bool:
        """Nobody known."""
        return self.kind is PrincipalKind.ANONYMOUS

    @property
    def label(self) -> str:
        """A stable text for idempotency keys, rate limits and the audit log."""
        who = self.user_id or self.key_id or self.service or ""
        return f"{self.kind.value}:{who}"


ANONYMOUS = Principal(kind=PrincipalKind.ANONYMOUS)
