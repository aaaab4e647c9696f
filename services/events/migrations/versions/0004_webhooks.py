"""Webhooks, what is to be delivered to them, and every attempt."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE webhooks (
          id uuid CONSTRAINT pk_webhooks PRIMARY KEY,
          org_id uuid NOT NULL,
          url text NOT NULL,
          description text NOT NULL DEFAULT '',
          types text[] NOT NULL DEFAULT '{}',
          secret bytea NOT NULL,
          disabled_at timestamptz,
          disabled_reason text,
          created_by text NOT NULL,
          created_at timestamptz NOT NULL,
          CONSTRAINT uq_webhooks_org_id_id UNIQUE (org_id, id)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE webhook_deliveries (
          id uuid CONSTRAINT pk_webhook_deliveries PRIMARY KEY DEFAULT gen_random_uuid(),
          org_id uuid NOT NULL,
          webhook_id uuid NOT NULL,
          type text NOT NULL,
          payload jsonb NOT NULL,
          status text NOT NULL DEFAULT 'pending'
            CONSTRAINT ck_webhook_deliveries_status CHECK (status IN ('pending', 'delivered', 'failed')),
          attempts integer NOT NULL DEFAULT 0,
          next_attempt_at timestamptz,
          claimed_until timestamptz,
          last_status integer,
          last_error text,
          created_at timestamptz NOT NULL,
          delivered_at timestamptz,
          CONSTRAINT fk_webhook_deliveries_org_id_webhook_id
            FOREIGN KEY (org_id, webhook_id) REFERENCES webhooks (org_id, id) ON DELETE CASCADE
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_webhook_deliveries_due ON webhook_deliveries (next_attempt_at) WHERE status = 'pending'"
    )
    op.execute("CREATE INDEX ix_webhook_deliveries_log ON webhook_deliveries (webhook_id, created_at, id)")
    op.execute(
        """
        CREATE TABLE webhook_attempts (
          id uuid CONSTRAINT pk_webhook_attempts PRIMARY KEY,
          delivery_id uuid NOT NULL
            CONSTRAINT fk_webhook_attempts_delivery_id REFERENCES webhook_deliveries (id) ON DELETE CASCADE,
          at timestamptz NOT NULL,
          milliseconds integer NOT NULL,
          status integer,
          error text
        )
        """
    )
    op.execute("CREATE INDEX ix_webhook_attempts_delivery_id ON webhook_attempts (delivery_id, at)")
