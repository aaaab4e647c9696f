"""Deliveries with their attempts, steps and SES events; suppressions; copies; the sending rate."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None

_TIME = sa.DateTime(timezone=True)
_STATES = "'queued','sending','sent','delivered','bounced','complained','suppressed','failed'"


def upgrade() -> None:
    _deliveries()
    _feedback()
    _suppressions()
    _copies()
    op.create_table(
        "send_rate",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("free_at", _TIME, nullable=False, server_default=sa.func.now()),
        sa.PrimaryKeyConstraint("id", name="pk_send_rate"),
        sa.CheckConstraint("id = 1", name="ck_send_rate_single"),
    )
    op.execute("INSERT INTO send_rate (id) VALUES (1)")


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("dedupe_key", sa.Text, nullable=False),
        sa.Column("lane", sa.Uuid, nullable=False),
        sa.Column("org_id", sa.Uuid),
        sa.Column("event_id", sa.Uuid),
        sa.Column("assignment_id", sa.Uuid),
        sa.Column("registration_id", sa.Uuid),
        sa.Column("link_version", sa.Integer),
        sa.Column("action_id", sa.Uuid),
        sa.Column("template", sa.Text, nullable=False),
        sa.Column("template_version", sa.Text),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("recipient", sa.Text, nullable=False),
        sa.Column("recipient_key", sa.Text, nullable=False),
        sa.Column("recipient_name", sa.Text, nullable=False, server_default=""),
        sa.Column("context", JSONB, nullable=False, server_default="{}"),
        sa.Column("status", sa.Text, nullable=False, server_default="queued"),
        sa.Column("reason", sa.Text),
        sa.Column("version", sa.Integer, nullable=False, server_default="1"),
        sa.Column("urgent", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("due_at", _TIME, nullable=False),
        sa.Column("expires_at", _TIME),
        sa.Column("attempt_id", sa.Uuid),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("claimed_until", _TIME),
        sa.Column("request_id", sa.Text),
        sa.Column("resend_of", sa.Uuid),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.Column("sent_at", _TIME),
        sa.Column("delivered_at", _TIME),
        sa.Column("opened_by_machine_at", _TIME),
        sa.Column("acted_at", _TIME),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.UniqueConstraint("dedupe_key", name="uq_deliveries_dedupe_key"),
        sa.CheckConstraint(f"status IN ({_STATES})", name="ck_deliveries_status"),
    )
    op.create_index(
        "ix_deliveries_queued", "deliveries", ["lane", "due_at", "id"], postgresql_where=sa.text("status = 'queued'")
    )
    op.create_index(
        "ix_deliveries_sending", "deliveries", ["claimed_until"], postgresql_where=sa.text("status = 'sending'")
    )
    op.create_index("ix_deliveries_org_id_id", "deliveries", ["org_id", "id"])
    op.create_index("ix_deliveries_event_id_id", "deliveries", ["event_id", "id"])
    op.create_index("ix_deliveries_recipient_key_id", "deliveries", ["recipient_key", "id"])
    op.create_index("ix_deliveries_assignment_id", "deliveries", ["assignment_id", "link_version"])
    op.create_index("ix_deliveries_resend_of", "deliveries", ["resend_of"])


def _feedback() -> None:
    op.create_table(
        "attempts",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("delivery_id", sa.Uuid, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("claimed_at", _TIME, nullable=False),
        sa.Column("called_at", _TIME),
        sa.Column("ended_at", _TIME),
        sa.Column("outcome", sa.Text),
        sa.Column("error", sa.Text),
        sa.Column("ses_message_id", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_attempts"),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name="fk_attempts_delivery_id", ondelete="CASCADE"),
        sa.UniqueConstraint("ses_message_id", name="uq_attempts_ses_message_id"),
    )
    op.create_index("ix_attempts_delivery_id", "attempts", ["delivery_id"])
    op.create_table(
        "delivery_steps",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("delivery_id", sa.Uuid, nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("detail", JSONB, nullable=False, server_default="{}"),
        sa.PrimaryKeyConstraint("id", name="pk_delivery_steps"),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["deliveries.id"], name="fk_delivery_steps_delivery_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_delivery_steps_delivery_id", "delivery_steps", ["delivery_id"])
    op.create_table(
        "ses_events",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("dedupe_key", sa.Text, nullable=False),
        sa.Column("ses_message_id", sa.Text, nullable=False),
        sa.Column("attempt_id", sa.Uuid),
        sa.Column("delivery_id", sa.Uuid),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("occurred_at", _TIME, nullable=False),
        sa.Column("received_at", _TIME, nullable=False),
        sa.Column("detail", JSONB, nullable=False, server_default="{}"),
        sa.PrimaryKeyConstraint("id", name="pk_ses_events"),
        sa.UniqueConstraint("dedupe_key", name="uq_ses_events_dedupe_key"),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["deliveries.id"], name="fk_ses_events_delivery_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_ses_events_ses_message_id", "ses_events", ["ses_message_id"])
    op.create_index("ix_ses_events_delivery_id", "ses_events", ["delivery_id"])
    op.create_index(
        "ix_ses_events_unmatched", "ses_events", ["received_at"], postgresql_where=sa.text("delivery_id IS NULL")
    )


def _suppressions() -> None:
    op.create_table(
        "suppressions",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("lane", sa.Uuid, nullable=False),
        sa.Column("recipient", sa.Text, nullable=False),
        sa.Column("recipient_key", sa.Text, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("delivery_id", sa.Uuid),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("expires_at", _TIME),
        sa.PrimaryKeyConstraint("id", name="pk_suppressions"),
        sa.UniqueConstraint("lane", "recipient_key", "scope", name="uq_suppressions_lane_recipient_key_scope"),
        sa.CheckConstraint("reason IN ('bounce','complaint','unsubscribe')", name="ck_suppressions_reason"),
    )
    op.create_index("ix_suppressions_lane_id", "suppressions", ["lane", "id"])


def _copies() -> None:
    op.create_table(
        "event_copies",
        sa.Column("event_id", sa.Uuid, nullable=False),
        sa.Column("org_id", sa.Uuid, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("facts", JSONB, nullable=False),
        sa.PrimaryKeyConstraint("event_id", name="pk_event_copies"),
    )
    op.create_table(
        "contacts",
        sa.Column("org_id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("role", sa.Text),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("org_id", "user_id", name="pk_contacts"),
    )
    op.create_table(
        "assignment_states",
        sa.Column("assignment_id", sa.Uuid, nullable=False),
        sa.Column("link_version", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("changed_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("assignment_id", name="pk_assignment_states"),
        sa.CheckConstraint("state IN ('asked','confirmed','declined','released')", name="ck_assignment_states_state"),
    )
