"""The platform's tables: outbox, inbox, idempotency keys, rate limits, copies of what auth decides."""

from alembic import op

from muster_shared.db.base import platform_metadata

revision = "0001"
down_revision = None


def upgrade() -> None:
    import muster_shared.auth.tables
    import muster_shared.messaging.tables
    import muster_shared.web.idempotency
    import muster_shared.web.rate_limit  # noqa: F401  # imported for the tables they declare

    platform_metadata.create_all(op.get_bind(), checkfirst=False)
