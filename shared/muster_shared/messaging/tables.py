"""The tables that messaging keeps in every service's schema."""

from sqlalchemy import ARRAY, Column, DateTime, Index, Integer, Table, Text, Uuid, func, text
from sqlalchemy.dialects.postgresql import JSONB

from muster_shared.db import platform_metadata

# A row is due while `sent_at` is null and `claimed_until` is past: the claim of a relay that died runs out by
# itself, and a failed send sets it to the next attempt. `delivered_to` names the consumers that have it.
outbox = Table(
    "outbox",
    platform_metadata,
    Column("id", Uuid(as_uuid=True), primary_key=True),
    Column("type", Text, nullable=False),
    Column("payload", JSONB, nullable=False),
    Column("headers", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("claimed_until", DateTime(timezone=True)),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("delivered_to", ARRAY(Text), nullable=False, server_default=text("'{}'::text[]")),
    Column("sent_at", DateTime(timezone=True)),
)

# Only what is still to be sent: stays small however many sent rows wait for the cleaning job.
Index("ix_outbox_unsent", outbox.c.id, postgresql_where=outbox.c.sent_at.is_(None))
Index("ix_outbox_sent_at", outbox.c.sent_at, postgresql_where=outbox.c.sent_at.is_not(None))

# One row per message and queue; `handled_at` commits with the effect. A second delivery waits on the first's.
inbox = Table(
    "inbox",
    platform_metadata,
    Column("queue", Text, primary_key=True),
    Column("message_id", Text, primary_key=True),
    Column("handled_at", DateTime(timezone=True)),
    # Only for handlers that work outside a transaction: who is at it, and until when that is believed.
    Column("claim", Uuid(as_uuid=True)),
    Column("claimed_until", DateTime(timezone=True)),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
)
Index("ix_inbox_handled_at", inbox.c.handled_at)

# When each periodic job last began, so that one of several workers runs it when it is due.
job_runs = Table(
    "job_runs",
    platform_metadata,
    Column("name", Text, primary_key=True),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("finished_at", DateTime(timezone=True)),
)
