"""Registrations, check-ins and the login-free links of the door."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE registrations (
          id uuid CONSTRAINT pk_registrations PRIMARY KEY,
          org_id uuid NOT NULL,
          event_id uuid NOT NULL,
          user_id uuid,
          name text NOT NULL,
          email text NOT NULL,
          email_key text NOT NULL,
          language text NOT NULL DEFAULT 'en',
          status text NOT NULL
            CONSTRAINT ck_registrations_status CHECK (status IN ('confirmed', 'waitlisted', 'cancelled')),
          queue_number integer NOT NULL,
          answers jsonb NOT NULL DEFAULT '{}',
          ticket_code text NOT NULL,
          link_version integer NOT NULL DEFAULT 1,
          told_sequence integer NOT NULL DEFAULT 0,
          told_cancelled boolean NOT NULL DEFAULT false,
          promoted_at timestamptz,
          cancelled_at timestamptz,
          cancelled_by text,
          checked_in_at timestamptz,
          checked_in_by text,
          check_in_scan uuid,
          created_at timestamptz NOT NULL,
          updated_at timestamptz NOT NULL,
          CONSTRAINT uq_registrations_ticket_code UNIQUE (ticket_code),
          CONSTRAINT fk_registrations_org_id_event_id
            FOREIGN KEY (org_id, event_id) REFERENCES events (org_id, id) ON DELETE CASCADE
        ) WITH (fillfactor = 90)
        """
    )
    # One living registration per address, and per account: what makes "already registered" certain.
    living = "WHERE status <> 'cancelled'"
    op.execute(f"CREATE UNIQUE INDEX uq_registrations_event_email ON registrations (event_id, email_key) {living}")
    op.execute(
        "CREATE UNIQUE INDEX uq_registrations_event_user ON registrations (event_id, user_id)"
        f" {living.replace('WHERE', 'WHERE user_id IS NOT NULL AND')}"
    )
    op.execute("CREATE INDEX ix_registrations_event_id_id ON registrations (event_id, id)")
    op.execute(
        "CREATE INDEX ix_registrations_waiting ON registrations (event_id, queue_number) WHERE status = 'waitlisted'"
    )
    op.execute("CREATE INDEX ix_registrations_user_id_id ON registrations (user_id, id) WHERE user_id IS NOT NULL")
    op.execute(
        """
        CREATE TABLE check_in_log (
          id uuid CONSTRAINT pk_check_in_log PRIMARY KEY,
          org_id uuid NOT NULL,
          event_id uuid NOT NULL,
          registration_id uuid NOT NULL,
          action text NOT NULL CONSTRAINT ck_check_in_log_action CHECK (action IN ('checked_in', 'undone')),
          by_whom text NOT NULL,
          at timestamptz NOT NULL,
          recorded_at timestamptz NOT NULL
        )
        """
    )
    op.execute("CREATE INDEX ix_check_in_log_event_id_id ON check_in_log (event_id, id)")
    op.execute("REVOKE UPDATE, DELETE ON check_in_log FROM muster_events")
    op.execute(
        """
        CREATE TABLE staff_links (
          id uuid CONSTRAINT pk_staff_links PRIMARY KEY,
          org_id uuid NOT NULL,
          event_id uuid NOT NULL,
          label text NOT NULL,
          token_hash bytea NOT NULL,
          expires_at timestamptz NOT NULL,
          revoked_at timestamptz,
          created_by text NOT NULL,
          created_at timestamptz NOT NULL,
          CONSTRAINT uq_staff_links_token_hash UNIQUE (token_hash),
          CONSTRAINT fk_staff_links_org_id_event_id
            FOREIGN KEY (org_id, event_id) REFERENCES events (org_id, id) ON DELETE CASCADE
        )
        """
    )
    op.execute("CREATE INDEX ix_staff_links_event_id ON staff_links (event_id)")
