"""What auth tells."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from muster_shared.messages.base import Message


class OrganizationChanged(Message):
    """An organisation was made, renamed, given other settings, or deleted. The highest `version` wins."""

    type: ClassVar[str] = "organization.changed.v1"

    org_id: UUID
    version: int
    name: str
    slug: str
    language: str = "en"
    settings: dict[str, str | int | bool | None] = {}
    deleted_at: datetime | None = None


class MembershipChanged(Message):
    """A member came, changed role, name or address, or left (`role` null). The highest `version` wins."""

    type: ClassVar[str] = "membership.changed.v1"

    org_id: UUID
    user_id: UUID
    role: Literal["owner", "manager"] | None
    version: int
    name: str = ""
    email: str = ""
    user_language: str = "en"


class SessionRevoked(Message):
    """One session ended, or (`session_id` null) every session of the user begun before `revoked_at`."""

    type: ClassVar[str] = "session.revoked.v1"

    revocation_id: UUID
    user_id: UUID
    session_id: UUID | None
    revoked_at: datetime


class ServiceKeyChanged(Message):
    """A service key was made or revoked. `secret_hash` is bcrypt of 256 random bits. The highest `version` wins."""

    type: ClassVar[str] = "service_key.changed.v1"

    key_id: UUID
    org_id: UUID
    name: str
    secret_hash: str
    scopes: list[str]
    expires_at: datetime | None
    revoked_at: datetime | None
    version: int


class ServiceKeyUsed(Message):
    """A service key was used. Each process tells at most once a minute for a key; any service may tell."""

    type: ClassVar[str] = "service_key.used.v1"

    key_id: UUID
    used_at: datetime


class AuditRecorded(Message):
    """A member or a key did something in another service; auth keeps it in the audit log.

    `changes` names what changed (fields, roles, states), never a secret, an address or an amount.
    """

    type: ClassVar[str] = "audit.recorded.v1"

    org_id: UUID
    service: str
    actor_kind: str
    actor_id: UUID | None
    actor_name: str = ""
    action: str
    target_kind: str
    target_id: UUID | None
    changes: dict[str, str | int | bool | list[str] | None] = {}
    request_id: str | None = None
    occurred_at: datetime


class MailRequested(Message):
    """Auth wants a mail sent. A template with a link names `action_id`: its token is minted at send time."""

    type: ClassVar[str] = "mail.requested.v1"

    mail_id: UUID
    template: Literal[
        "verify_email",
        "already_registered",
        "reset_password",
        "password_changed",
        "change_email",
        "email_changed",
        "invitation",
        "refresh_reuse",
        "account_deleted",
        "ownership_transferred",
        "totp_changed",
    ]
    recipient: str
    recipient_name: str = ""
    language: str = "en"
    org_id: UUID | None = None
    action_id: UUID | None = None
    expires_at: datetime | None = None
    variables: dict[str, str] = {}
