"""The local copies every service keeps of what auth decides, fed by messages and by read-through on a miss."""

from sqlalchemy import BigInteger, Column, DateTime, Index, Table, Text, Uuid, func
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from muster_shared.db.base import platform_metadata

# A removed member stays as a row without a role, so that a late message cannot bring them back.
memberships = Table(
    "membership_copies",
    platform_metadata,
    Column("org_id", Uuid(as_uuid=True), primary_key=True),
    Column("user_id", Uuid(as_uuid=True), primary_key=True),
    Column("role", Text, nullable=True),
    Column("version", BigInteger, nullable=False),
    Index("ix_membership_copies_user_id", "user_id"),
)

organizations = Table(
    "organization_copies",
    platform_metadata,
    Column("id", Uuid(as_uuid=True), primary_key=True),
    Column("name", Text, nullable=False),
    Column("slug", Text, nullable=False),
    Column("language", Text, nullable=False, server_default="en"),
    Column("settings", JSONB, nullable=False, server_default="{}"),
    Column("deleted_at", DateTime(timezone=True), nullable=True),
    Column("version", BigInteger, nullable=False),
)

# `session_id` null: every session of the user that began before `revoked_at`.
revoked_sessions = Table(
    "revoked_sessions",
    platform_metadata,
    Column("id", Uuid(as_uuid=True), primary_key=True),
    Column("user_id", Uuid(as_uuid=True), nullable=False),
    Column("session_id", Uuid(as_uuid=True), nullable=True),
    Column("revoked_at", DateTime(timezone=True), nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Index("ix_revoked_sessions_user_id", "user_id"),
)

service_keys = Table(
    "service_key_copies",
    platform_metadata,
    Column("id", Uuid(as_uuid=True), primary_key=True),
    Column("org_id", Uuid(as_uuid=True), nullable=False),
    Column("name", Text, nullable=False),
    Column("secret_hash", Text, nullable=False),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=True),
    Column("revoked_at", DateTime(timezone=True), nullable=True),
    Column("version", BigInteger, nullable=False),
)
