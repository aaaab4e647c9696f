"""Events, their log, the pages published of them, and finance in its own schema."""

from alembic import op

revision = "0001"
down_revision = None

_SEARCH = """
    setweight(to_tsvector('simple', title), 'A')
    || setweight(to_tsvector('simple', coalesce(category, '') || ' ' || venue_name), 'B')
    || setweight(to_tsvector('simple', description), 'C')
"""


def upgrade() -> None:
    op.execute(
        f"""
        CREATE TABLE events (
          id uuid CONSTRAINT pk_events PRIMARY KEY,
          org_id uuid NOT NULL,
          kind text NOT NULL CONSTRAINT ck_events_kind CHECK (kind IN ('charter', 'job', 'meetup')),
          status text NOT NULL
            CONSTRAINT ck_events_status CHECK (status IN ('draft', 'published', 'cancelled', 'completed')),
          visibility text NOT NULL
            CONSTRAINT ck_events_visibility CHECK (visibility IN ('public', 'unlisted', 'private')),
          title text NOT NULL,
          description text NOT NULL DEFAULT '',
          category text,
          starts_at timestamptz NOT NULL,
          ends_at timestamptz NOT NULL,
          timezone text NOT NULL,
          venue_type text NOT NULL DEFAULT 'in_person'
            CONSTRAINT ck_events_venue_type CHECK (venue_type IN ('in_person', 'online')),
          venue_name text NOT NULL DEFAULT '',
          venue_address text NOT NULL DEFAULT '',
          venue_url text,
          capacity integer CONSTRAINT ck_events_capacity CHECK (capacity > 0),
          registered_count integer NOT NULL DEFAULT 0
            CONSTRAINT ck_events_registered_count CHECK (registered_count >= 0),
          waitlisted_count integer NOT NULL DEFAULT 0
            CONSTRAINT ck_events_waitlisted_count CHECK (waitlisted_count >= 0),
          last_queue_number integer NOT NULL DEFAULT 0,
          questions jsonb NOT NULL DEFAULT '[]',
          booking_ref text,
          crew_notes text NOT NULL DEFAULT '',
          banner_path text,
          banner_photo_id uuid,
          banner_photo_version bigint,
          guest_code text NOT NULL,
          guest_slug text,
          guest_enabled boolean NOT NULL DEFAULT true,
          photos_open_before_hours integer,
          photos_close_after_hours integer NOT NULL DEFAULT 336,
          photos_reveal_at timestamptz,
          photos_moderated boolean NOT NULL DEFAULT false,
          photos_guest_quota integer NOT NULL DEFAULT 500,
          on_the_way_at timestamptz,
          arrived_at timestamptz,
          done_at timestamptz,
          series_id uuid,
          copied_from uuid,
          cancel_reason text,
          published_at timestamptz,
          cancelled_at timestamptz,
          completed_at timestamptz,
          version bigint NOT NULL DEFAULT 1,
          page_revision bigint NOT NULL DEFAULT 1,
          ics_sequence integer NOT NULL DEFAULT 0,
          details_sequence integer NOT NULL DEFAULT 0,
          tell_registered_at timestamptz,
          created_by text NOT NULL,
          created_at timestamptz NOT NULL,
          updated_at timestamptz NOT NULL,
          search tsvector NOT NULL GENERATED ALWAYS AS ({_SEARCH}) STORED,
          CONSTRAINT uq_events_org_id_id UNIQUE (org_id, id),
          CONSTRAINT uq_events_guest_code UNIQUE (guest_code),
          CONSTRAINT ck_events_order CHECK (ends_at > starts_at),
          CONSTRAINT ck_events_seats CHECK (capacity IS NULL OR registered_count <= capacity)
        ) WITH (fillfactor = 85)
        """
    )
    op.execute("CREATE UNIQUE INDEX uq_events_guest_slug ON events (guest_slug) WHERE guest_slug IS NOT NULL")
    # The public listing: one index for each way in, holding only what is listed, in the order it is listed.
    listed = "WHERE status = 'published' AND visibility = 'public'"
    op.execute(f"CREATE INDEX ix_events_listed ON events (starts_at, id) {listed}")
    op.execute(f"CREATE INDEX ix_events_listed_category ON events (category, starts_at, id) {listed}")
    op.execute(f"CREATE INDEX ix_events_listed_venue_type ON events (venue_type, starts_at, id) {listed}")
    op.execute(
        f"CREATE INDEX ix_events_listed_category_venue_type ON events (category, venue_type, starts_at, id) {listed}"
    )
    # Without the pending list: a reader would have to go through it, and it makes the odd insert slow.
    op.execute(f"CREATE INDEX ix_events_search ON events USING gin (search) WITH (fastupdate = off) {listed}")
    op.execute("CREATE INDEX ix_events_org_id_starts_at ON events (org_id, starts_at, id)")
    op.execute(
        "CREATE INDEX ix_events_tell_registered_at ON events (tell_registered_at) WHERE tell_registered_at IS NOT NULL"
    )
    op.execute("CREATE INDEX ix_events_updated_at ON events (updated_at)")
    op.execute("CREATE INDEX ix_events_series_id ON events (series_id) WHERE series_id IS NOT NULL")
    op.execute(
        """
        CREATE TABLE event_log (
          id uuid CONSTRAINT pk_event_log PRIMARY KEY,
          org_id uuid NOT NULL,
          event_id uuid NOT NULL,
          actor text NOT NULL,
          actor_name text NOT NULL DEFAULT '',
          action text NOT NULL,
          changed text[] NOT NULL DEFAULT '{}',
          request_id text,
          at timestamptz NOT NULL
        )
        """
    )
    op.execute("CREATE INDEX ix_event_log_event_id_id ON event_log (event_id, id)")
    op.execute("REVOKE UPDATE, DELETE ON event_log FROM muster_events")
    # What the site bucket holds of an event's page; `revision` is the event's page_revision it was made from.
    op.execute(
        """
        CREATE TABLE published_pages (
          event_id uuid CONSTRAINT pk_published_pages PRIMARY KEY,
          revision bigint NOT NULL,
          code text NOT NULL,
          slug text,
          published_at timestamptz NOT NULL
        )
        """
    )
    op.execute(
        """
        CREATE TABLE events_finance.finances (
          event_id uuid CONSTRAINT pk_finances PRIMARY KEY,
          org_id uuid NOT NULL,
          currency text NOT NULL CONSTRAINT ck_finances_currency CHECK (currency ~ '^[A-Z]{3}$'),
          revenue bigint NOT NULL,
          fees jsonb NOT NULL DEFAULT '[]',
          captain_fee bigint NOT NULL DEFAULT 0,
          internal_memo text NOT NULL DEFAULT '',
          version bigint NOT NULL DEFAULT 1,
          updated_by text NOT NULL,
          updated_at timestamptz NOT NULL
        )
        """
    )
