"""Wire shapes of service keys."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints

from muster_auth.service_keys.models import OrganizationKey
from muster_shared import clock
from muster_shared.web import AwareTime, Body, Line, Page, UtcTime, View

Scope = Literal[
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
]


class CreateKeyBody(Body):
    """A new key. Without `expires_at` it lives a year; it may live five."""

    name: Annotated[Line, Field(min_length=1, max_length=80), StringConstraints(pattern=r"\S")]
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=20)]
    expires_at: AwareTime | None = None


class KeyView(View):
    """A key without its secret. `last_used_at` is at most some minutes behind."""

    id: UUID
    name: str
    scopes: list[str]
    status: Literal["live", "expired", "revoked"]
    created_at: UtcTime
    expires_at: UtcTime
    revoked_at: UtcTime | None
    last_used_at: UtcTime | None

    @classmethod
    def of(cls, key: OrganizationKey) -> Self:
        """The view of a key."""
        return cls(**_facts(key))


class NewKeyView(KeyView):
    """A key with its text, shown this once."""

    key: str

    @classmethod
    def made(cls, key: OrganizationKey, text: str) -> Self:
        """The view of a key just made."""
        return cls(**_facts(key), key=text)


def _facts(key: OrganizationKey) -> dict[str, object]:
    status = "revoked" if key.revoked_at else "expired" if key.expires_at <= clock.now() else "live"
    names = ("id", "name", "scopes", "created_at", "expires_at", "revoked_at", "last_used_at")
    return {"status": status, **{name: getattr(key, name) for name in names}}


KeyPage = Page[KeyView]
