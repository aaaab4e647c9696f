"""Accounts, sessions, organisations, keys, the audit log."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None


def _id(name="id", *constraints, **rest):
    return sa.Column(name, sa.Uuid(as_uuid=True), *constraints, **rest)


def _time(name, *, nullable=False, **rest):
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, **rest)


def _text(name, *, nullable=False, **rest):
    return sa.Column(name, sa.Text, nullable=nullable, **rest)


def upgrade() -> None:
    # One sequence for every fact other services keep a copy of: a later change always has the higher number.
    op.execute("CREATE SEQUENCE fact_versions")
    _accounts()
    _sessions()
    _organizations()
    _audit()


def _accounts() -> None:
    op.create_table(
        "users",
        _id(),
        _text("name"),
        _text("email"),
        _text("email_key"),
        _text("password_hash"),
        _text("language"),
        sa.Column("totp_secret", sa.LargeBinary),
        _time("totp_confirmed_at", nullable=True),
        sa.Column("totp_last_step", sa.BigInteger),
        _time("created_at"),
        _time("password_changed_at"),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("email_key", name="uq_users_email_key"),
    )
    op.create_table(
        "recovery_codes",
        _id("user_id", nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        _time("used_at", nullable=True),
        sa.PrimaryKeyConstraint("user_id", "hash", name="pk_recovery_codes"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_recovery_codes_user_id", ondelete="CASCADE"),
    )
    op.create_table(
        "actions",
        _id(),
        _text("kind"),
        _id("user_id"),
        _text("email"),
        _text("email_key"),
        sa.Column("payload", postgresql.JSONB, nullable=False),
        _time("created_at"),
        _time("expires_at"),
        _time("used_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_actions"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_actions_user_id", ondelete="CASCADE"),
    )
    op.create_index("ix_actions_user_id", "actions", ["user_id"])
    op.create_index("ix_actions_email_key_kind", "actions", ["email_key", "kind", "created_at"])
    op.create_index("ix_actions_expires_at", "actions", ["expires_at"])
    op.create_table(
        "action_tokens",
        sa.Column("hash", sa.LargeBinary, nullable=False),
        _id("action_id", nullable=False),
        _time("created_at", server_default=sa.func.now()),
        sa.PrimaryKeyConstraint("hash", name="pk_action_tokens"),
        sa.ForeignKeyConstraint(["action_id"], ["actions.id"], name="fk_action_tokens_action_id", ondelete="CASCADE"),
    )
    op.create_index("ix_action_tokens_action_id", "action_tokens", ["action_id"])
    op.create_table(
        "asked_mails",
        _id(),
        sa.Column("address_hash", sa.LargeBinary, nullable=False),
        _time("asked_at"),
        sa.PrimaryKeyConstraint("id", name="pk_asked_mails"),
    )
    op.create_index("ix_asked_mails_address_hash", "asked_mails", ["address_hash", "asked_at"])
    op.create_index("ix_asked_mails_asked_at", "asked_mails", ["asked_at"])


def _sessions() -> None:
    op.create_table(
        "sessions",
        _id(),
        _id("user_id", nullable=False),
        _text("kind"),
        _text("device"),
        _text("address"),
        _time("created_at"),
        _time("last_used_at"),
        _time("expires_at"),
        _time("ended_at", nullable=True),
        _text("ended_reason", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_sessions_user_id", ondelete="CASCADE"),
        sa.CheckConstraint("kind IN ('browser', 'token')", name="ck_sessions_kind"),
    )
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"])
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"])
    op.create_table(
        "refresh_tokens",
        sa.Column("hash", sa.LargeBinary, nullable=False),
        _id("session_id", nullable=False),
        _time("created_at"),
        _time("expires_at"),
        _time("used_at", nullable=True),
        sa.Column("successor", sa.LargeBinary),
        sa.PrimaryKeyConstraint("hash", name="pk_refresh_tokens"),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name="fk_refresh_tokens_session_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_refresh_tokens_session_id", "refresh_tokens", ["session_id"])
    op.create_index("ix_refresh_tokens_expires_at", "refresh_tokens", ["expires_at"])
    op.create_table(
        "failed_sign_ins",
        sa.Column("subject", sa.LargeBinary, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        _time("locked_until"),
        _time("last_at"),
        sa.PrimaryKeyConstraint("subject", name="pk_failed_sign_ins"),
    )
    op.create_index("ix_failed_sign_ins_last_at", "failed_sign_ins", ["last_at"])


def _organizations() -> None:
    op.create_table(
        "organizations",
        _id(),
        _text("name"),
        _text("slug"),
        _text("language"),
        sa.Column("settings", postgresql.JSONB, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        _time("created_at"),
        _time("deleted_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_organizations"),
        sa.UniqueConstraint("slug", name="uq_organizations_slug"),
    )
    op.create_table(
        "members",
        _id("org_id", nullable=False),
        _id("user_id", nullable=False),
        _text("role"),
        sa.Column("version", sa.BigInteger, nullable=False),
        _time("created_at"),
        sa.PrimaryKeyConstraint("org_id", "user_id", name="pk_members"),
        sa.ForeignKeyConstraint(["org_id"], ["organizations.id"], name="fk_members_org_id"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_members_user_id", ondelete="CASCADE"),
        sa.CheckConstraint("role IN ('owner', 'manager')", name="ck_members_role"),
    )
    op.create_index("ix_members_user_id", "members", ["user_id"])
    op.create_table(
        "invitations",
        _id(),
        _id("org_id", nullable=False),
        _id("action_id"),
        _text("email"),
        _text("email_key"),
        _text("role"),
        _id("invited_by"),
        _time("created_at"),
        _time("expires_at"),
        _time("accepted_at", nullable=True),
        _time("revoked_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_invitations"),
        sa.ForeignKeyConstraint(["org_id"], ["organizations.id"], name="fk_invitations_org_id"),
        sa.ForeignKeyConstraint(["action_id"], ["actions.id"], name="fk_invitations_action_id", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["invited_by"], ["users.id"], name="fk_invitations_invited_by", ondelete="SET NULL"),
        sa.CheckConstraint("role IN ('owner', 'manager')", name="ck_invitations_role"),
    )
    op.create_index("ix_invitations_org_id", "invitations", ["org_id"])
    op.create_index("ix_invitations_action_id", "invitations", ["action_id"])
    op.create_index(
        "uq_invitations_open",
        "invitations",
        ["org_id", "email_key"],
        unique=True,
        postgresql_where=sa.text("accepted_at IS NULL AND revoked_at IS NULL"),
    )
    op.create_table(
        "service_keys",
        _id(),
        _id("org_id", nullable=False),
        _text("name"),
        _text("secret_hash"),
        sa.Column("scopes", sa.ARRAY(sa.Text), nullable=False),
        _id("created_by"),
        _time("created_at"),
        _time("expires_at"),
        _time("revoked_at", nullable=True),
        _time("last_used_at", nullable=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_service_keys"),
        sa.ForeignKeyConstraint(["org_id"], ["organizations.id"], name="fk_service_keys_org_id"),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name="fk_service_keys_created_by", ondelete="SET NULL"),
    )
    op.create_index("ix_service_keys_org_id", "service_keys", ["org_id"])


def _audit() -> None:
    op.create_table(
        "audit_entries",
        _id(),
        _id("org_id"),
        _time("occurred_at"),
        _text("service"),
        _text("actor_kind"),
        _id("actor_id"),
        _text("actor_name"),
        _text("action"),
        _text("target_kind"),
        _id("target_id"),
        sa.Column("changes", postgresql.JSONB, nullable=False),
        _text("request_id", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_audit_entries"),
    )
    op.create_index(
        "ix_audit_entries_org_id", "audit_entries", ["org_id", sa.text("occurred_at DESC"), sa.text("id DESC")]
    )
    # Append-only by grant: whoever takes over the service cannot take back what it has done.
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON audit_entries FROM muster_auth")
