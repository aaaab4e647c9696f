"""Copies of events, photos, what is counted, reports, albums, and objects to be deleted."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0001"
down_revision = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "event_copies",
        sa.Column("event_id", sa.Uuid(), primary_key=True),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("starts_at", _TIME, nullable=False),
        sa.Column("ends_at", _TIME, nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("guest_code", sa.Text()),
        sa.Column("guest_slug", sa.Text()),
        sa.Column("guest_enabled", sa.Boolean(), nullable=False),
        sa.Column("uploads_open_at", _TIME),
        sa.Column("uploads_close_at", _TIME),
        sa.Column("reveal_at", _TIME),
        sa.Column("moderated", sa.Boolean(), nullable=False),
        sa.Column("guest_quota", sa.Integer(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
    )
    # Not unique: a name that moves from one event to another may be told of in either order.
    op.create_index("ix_event_copies_guest_code", "event_copies", ["guest_code"])
    op.create_index("ix_event_copies_guest_slug", "event_copies", ["guest_slug"])
    _create_photos()
    op.create_table(
        "usage",
        sa.Column("kind", sa.Text(), primary_key=True),
        sa.Column("subject", sa.Uuid(), primary_key=True),
        sa.Column("photos", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("photo_limit", sa.BigInteger(), nullable=False),
        sa.Column("byte_limit", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("photos >= 0 AND bytes >= 0", name="not_negative"),
        sa.CheckConstraint("kind IN ('assignment', 'event', 'guest_page', 'organization')", name="kind"),
    )
    op.create_table(
        "photo_reports",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("photo_id", sa.Uuid(), sa.ForeignKey("photos.id", name="fk_photo_reports_photo_id"), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("message", sa.Text()),
        sa.Column("created_at", _TIME, nullable=False, server_default=sa.func.now()),
    )
    op.create_index("ix_photo_reports_photo_id", "photo_reports", ["photo_id"])
    _create_albums()


def _create_photos() -> None:
    op.create_table(
        "photos",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False, server_default="1"),
        sa.Column("reason", sa.Text()),
        sa.Column("hidden_reason", sa.Text()),
        sa.Column("reviewed_at", _TIME),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("caption", sa.Text()),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("announced_bytes", sa.BigInteger(), nullable=False),
        sa.Column("announced_sha256", sa.Text()),
        sa.Column("quarantine_key", sa.Text(), nullable=False, unique=True),
        sa.Column("uploader_type", sa.Text(), nullable=False),
        sa.Column("uploader_id", sa.Uuid()),
        sa.Column("uploader_name", sa.Text()),
        sa.Column("receipt_hash", sa.Text(), unique=True),
        sa.Column("request_key", sa.Text()),
        sa.Column("counted_in", ARRAY(sa.Text()), nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.Column("check_at", _TIME, nullable=False),
        sa.Column("checks", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("lease", sa.Uuid()),
        sa.Column("leased_until", _TIME),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("width", sa.Integer()),
        sa.Column("height", sa.Integer()),
        sa.Column("size_bytes", sa.BigInteger()),
        sa.Column("sha256", sa.Text()),
        sa.Column("original_key", sa.Text()),
        sa.Column("web_key", sa.Text()),
        sa.Column("thumbnail_key", sa.Text()),
        sa.Column("public_path", sa.Text()),
        sa.Column("duplicate_of", sa.Uuid()),
        sa.Column("taken_at", _TIME),
        sa.Column("received_at", _TIME),
        sa.Column("created_at", _TIME, nullable=False, server_default=sa.func.now()),
        sa.Column("settled_at", _TIME),
        sa.CheckConstraint(
            "status IN ('pending', 'processing', 'ready', 'hidden', 'rejected', 'deleted')", name="status"
        ),
        sa.CheckConstraint("purpose IN ('photo', 'banner', 'job_before', 'job_after')", name="purpose"),
        sa.CheckConstraint("(status = 'hidden') = (hidden_reason IS NOT NULL)", name="hidden_reason"),
        sa.CheckConstraint(
            "status NOT IN ('ready', 'hidden') OR (web_key IS NOT NULL AND thumbnail_key IS NOT NULL"
            " AND original_key IS NOT NULL AND sha256 IS NOT NULL)",
            name="complete_when_shown",
        ),
        sa.CheckConstraint("(status = 'processing') = (lease IS NOT NULL)", name="lease"),
        sa.UniqueConstraint("uploader_id", "request_key", name="uq_photos_uploader_id_request_key"),
    )
    op.create_index(
        "ix_photos_event_id_id",
        "photos",
        ["event_id", sa.text("id DESC")],
        postgresql_where=sa.text("status <> 'deleted' AND duplicate_of IS NULL"),
    )
    op.create_index(
        "ix_photos_event_id_sha256",
        "photos",
        ["event_id", "sha256"],
        postgresql_where=sa.text("status IN ('ready', 'hidden')"),
    )
    op.create_index(
        "ix_photos_check_at", "photos", ["check_at"], postgresql_where=sa.text("status IN ('pending', 'processing')")
    )
    op.create_index(
        "ix_photos_duplicate_of", "photos", ["duplicate_of"], postgresql_where=sa.text("duplicate_of IS NOT NULL")
    )


def _create_albums() -> None:
    op.create_table(
        "albums",
        sa.Column("event_id", sa.Uuid(), primary_key=True),
        sa.Column("kind", sa.Text(), primary_key=True),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("build_after", _TIME),
        sa.Column("change_number", sa.BigInteger(), nullable=False, server_default="1"),
        sa.Column("withdrawals", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("lease", sa.Uuid()),
        sa.Column("leased_until", _TIME),
        sa.Column("failures", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("object_key", sa.Text()),
        sa.Column("photo_count", sa.Integer()),
        sa.Column("size_bytes", sa.BigInteger()),
        sa.Column("built_at", _TIME),
        sa.CheckConstraint("kind IN ('guest', 'members', 'evidence')", name="kind"),
    )
    op.create_index(
        "ix_albums_build_after", "albums", ["build_after"], postgresql_where=sa.text("build_after IS NOT NULL")
    )
    op.create_table(
        "unwanted_objects",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("bucket", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("not_before", _TIME, nullable=False, server_default=sa.func.now()),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
    )
    op.create_index("ix_unwanted_objects_not_before", "unwanted_objects", ["not_before"])
