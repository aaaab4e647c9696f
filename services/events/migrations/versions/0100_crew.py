"""Crew: roster, assignments, their history, changes still to be told, photos of jobs."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0100"
down_revision = None
depends_on = "0001"

_TIME = sa.DateTime(timezone=True)
_EVENT = {"refcolumns": ["events.org_id", "events.id"], "ondelete": "CASCADE"}


def upgrade() -> None:
    _members()
    _assignments()
    _history()
    _pending_changes()
    _photos()


def _members() -> None:
    op.create_table(
        "crew_members",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(collation="C"), nullable=False),
        sa.Column("email", sa.Text()),
        sa.Column("email_key", sa.Text()),
        sa.Column("phone", sa.Text(), nullable=False, server_default=""),
        sa.Column("skills", postgresql.ARRAY(sa.Text()), nullable=False, server_default="{}"),
        sa.Column("language", sa.Text(), nullable=False, server_default="en"),
        sa.Column("notes", sa.Text(), nullable=False, server_default=""),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.Column("removed_at", _TIME),
        sa.PrimaryKeyConstraint("id", name="pk_crew_members"),
        sa.UniqueConstraint("org_id", "id", name="uq_crew_members_org_id"),
        sa.CheckConstraint("removed_at IS NOT NULL OR email_key IS NOT NULL", name="ck_crew_members_address"),
    )
    op.create_index(
        "uq_crew_members_org_id_email_key",
        "crew_members",
        ["org_id", "email_key"],
        unique=True,
        postgresql_where=sa.text("removed_at IS NULL"),
    )
    op.create_index("ix_crew_members_org_id_name_key_id", "crew_members", ["org_id", "name_key", "id"])


def _assignments() -> None:
    op.create_table(
        "crew_assignments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("crew_member_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("standby_rank", sa.Integer()),
        sa.Column("link_version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("details_version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("answered_for", sa.Text()),
        sa.Column("told_for", sa.Text()),
        sa.Column("asked_at", _TIME),
        sa.Column("responded_at", _TIME),
        sa.Column("decline_reason", sa.Text()),
        sa.Column("ladder_step", sa.Text(), nullable=False, server_default="asked"),
        sa.Column("next_step_at", _TIME),
        sa.Column("reminded_for", _TIME),
        sa.Column("standbys_called_at", _TIME),
        sa.Column("replaced_by", sa.Uuid()),
        sa.Column("delivery", sa.Text(), nullable=False, server_default="queued"),
        sa.Column("delivery_id", sa.Uuid()),
        sa.Column("delivery_version", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("field_status", sa.Text()),
        sa.Column("on_my_way_at", _TIME),
        sa.Column("arrived_at", _TIME),
        sa.Column("done_at", _TIME),
        sa.Column("worked_minutes", sa.Integer()),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_crew_assignments"),
        sa.ForeignKeyConstraint(["org_id", "event_id"], name="fk_crew_assignments_org_id_event_id", **_EVENT),
        sa.ForeignKeyConstraint(
            ["org_id", "crew_member_id"],
            ["crew_members.org_id", "crew_members.id"],
            name="fk_crew_assignments_org_id_crew_member_id",
        ),
        sa.CheckConstraint(
            "status IN ('invited', 'confirmed', 'declined', 'standby', 'removed', 'no_show')",
            name="ck_crew_assignments_status",
        ),
        sa.CheckConstraint(
            "delivery IN ('queued', 'sent', 'delivered', 'bounced', 'suppressed')",
            name="ck_crew_assignments_delivery",
        ),
        sa.CheckConstraint(
            "ladder_step IN ('asked', 'reminded', 'planner_alerted', 'standbys_called')",
            name="ck_crew_assignments_ladder_step",
        ),
        sa.CheckConstraint("field_status IN ('on_my_way', 'arrived', 'done')", name="ck_crew_assignments_field_status"),
        sa.CheckConstraint("worked_minutes >= 0", name="ck_crew_assignments_worked_minutes"),
        # Only somebody who is waiting for an answer is reminded.
        sa.CheckConstraint("next_step_at IS NULL OR status = 'invited'", name="ck_crew_assignments_next_step_at"),
    )
    op.create_index(
        "uq_crew_assignments_event_id_crew_member_id",
        "crew_assignments",
        ["event_id", "crew_member_id"],
        unique=True,
        postgresql_where=sa.text("status <> 'removed'"),
    )
    op.create_index("ix_crew_assignments_crew_member_id", "crew_assignments", ["crew_member_id"])
    op.create_index(
        "ix_crew_assignments_next_step_at",
        "crew_assignments",
        ["next_step_at"],
        postgresql_where=sa.text("next_step_at IS NOT NULL"),
    )
    # Those who are still to be reminded of their event: few, however long the history grows.
    op.create_index(
        "ix_crew_assignments_to_remind",
        "crew_assignments",
        ["event_id"],
        postgresql_where=sa.text("status = 'confirmed' AND reminded_for IS NULL"),
    )
    op.create_index("ix_crew_assignments_event_id_status", "crew_assignments", ["event_id", "status"])


def _history() -> None:
    op.create_table(
        "crew_history",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("assignment_id", sa.Uuid(), nullable=False),
        sa.Column("crew_member_id", sa.Uuid(), nullable=False),
        sa.Column("link_version", sa.Integer(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text()),
        sa.Column("by_kind", sa.Text(), nullable=False),
        sa.Column("by_id", sa.Uuid()),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("request_id", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_crew_history"),
    )
    op.create_index("ix_crew_history_assignment_id_id", "crew_history", ["assignment_id", "id"])
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON crew_history FROM muster_events")


def _pending_changes() -> None:
    op.create_table(
        "crew_pending_changes",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("before", postgresql.JSONB(), nullable=False),
        sa.Column("due_at", _TIME, nullable=False),
        sa.Column("latest_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("event_id", name="pk_crew_pending_changes"),
        sa.ForeignKeyConstraint(["org_id", "event_id"], name="fk_crew_pending_changes_org_id_event_id", **_EVENT),
    )
    op.create_index("ix_crew_pending_changes_due_at", "crew_pending_changes", ["due_at"])


def _photos() -> None:
    op.create_table(
        "crew_job_photos",
        sa.Column("photo_id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("assignment_id", sa.Uuid()),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("photo_id", name="pk_crew_job_photos"),
    )
    op.create_index("ix_crew_job_photos_event_id", "crew_job_photos", ["event_id"])
    op.create_table(
        "crew_shot_lists",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("before", sa.Integer(), nullable=False),
        sa.Column("after", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name="pk_crew_shot_lists"),
        sa.ForeignKeyConstraint(["org_id", "event_id"], name="fk_crew_shot_lists_org_id_event_id", **_EVENT),
    )
