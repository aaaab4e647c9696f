"""Calendar entries and the feeds that calendar programs subscribe to."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE calendar_entries (
          id uuid CONSTRAINT pk_calendar_entries PRIMARY KEY,
          org_id uuid NOT NULL,
          title text NOT NULL,
          starts_at timestamptz NOT NULL,
          ends_at timestamptz NOT NULL,
          timezone text NOT NULL,
          notes text NOT NULL DEFAULT '',
          deleted_at timestamptz,
          created_by text NOT NULL,
          created_at timestamptz NOT NULL,
          updated_at timestamptz NOT NULL,
          CONSTRAINT ck_calendar_entries_order CHECK (ends_at > starts_at)
        )
        """
    )
    op.execute("CREATE INDEX ix_calendar_entries_org_id_starts_at ON calendar_entries (org_id, starts_at, id)")
    op.execute(
        """
        CREATE TABLE calendar_feeds (
          id uuid CONSTRAINT pk_calendar_feeds PRIMARY KEY,
          kind text NOT NULL CONSTRAINT ck_calendar_feeds_kind CHECK (kind IN ('organization', 'personal')),
          org_id uuid,
          user_id uuid,
          label text NOT NULL DEFAULT '',
          token_hash bytea NOT NULL,
          created_by text NOT NULL,
          created_at timestamptz NOT NULL,
          revoked_at timestamptz,
          CONSTRAINT uq_calendar_feeds_token_hash UNIQUE (token_hash),
          CONSTRAINT ck_calendar_feeds_subject
            CHECK ((kind = 'organization' AND org_id IS NOT NULL) OR (kind = 'personal' AND user_id IS NOT NULL))
        )
        """
    )
    op.execute("CREATE INDEX ix_calendar_feeds_org_id ON calendar_feeds (org_id) WHERE revoked_at IS NULL")
    op.execute("CREATE INDEX ix_calendar_feeds_user_id ON calendar_feeds (user_id) WHERE revoked_at IS NULL")
