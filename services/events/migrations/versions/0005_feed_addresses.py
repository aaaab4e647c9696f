"""The address of the account behind a personal feed, and registrations found by address alone."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute("ALTER TABLE calendar_feeds ADD COLUMN email_key text, ADD COLUMN email_asked_at timestamptz")
    op.execute("CREATE INDEX ix_registrations_email_key ON registrations (email_key) WHERE user_id IS NULL")
