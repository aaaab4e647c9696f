"""A million events in under two minutes: `python -m tests.bench._events_data 1000000 <owner's address>`.

Without an address it fills a PostgreSQL of its own and says how long that took. Titles and descriptions are drawn
from a vocabulary in which few words are common and most are rare; nine in ten events are public and published.
"""

import contextlib
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg2

from muster_shared.testing.postgres import Databases, running_cluster

ORGANIZATIONS = 200
CATEGORIES = 12
SPAN_DAYS = 730
_PARTS = 4

# Word n of 3000 comes up in proportion to 1/n: `w1` in most texts, `w2999` in a few of a million.
_WORD = "'w' || floor(exp(random() * ln(3000)))::int"
_SOME_WORDS = f"(SELECT string_agg({_WORD}, ' ') FROM generate_series(1, {{}}) WHERE n IS NOT NULL)"
_INSERT = f"""
INSERT INTO events (id, org_id, kind, status, visibility, title, description, category, starts_at, ends_at, timezone,
  venue_type, venue_name, venue_address, capacity, guest_code, created_by, created_at, updated_at)
SELECT gen_random_uuid(), lpad(to_hex(mod(n, {ORGANIZATIONS})), 32, '0')::uuid, 'meetup',
  CASE WHEN mod(n, 20) = 0 THEN 'draft' ELSE 'published' END,
  CASE WHEN mod(n, 20) = 1 THEN 'unlisted' ELSE 'public' END,
  {_SOME_WORDS.format(4)}, {_SOME_WORDS.format(16)},
  'category ' || (mod(n, {CATEGORIES})), day, day + interval '2 hours', 'Europe/Athens',
  CASE WHEN mod(n, 10) < 3 THEN 'online' ELSE 'in_person' END, 'Marina ' || (mod(n, 500)), 'Quay ' || (mod(n, 90)), 100,
  'B' || to_char(n, 'FM0000000000000000000'), 'bench', now() - interval '40 days', now() - interval '40 days'
FROM (SELECT n, date_trunc('minute', now() + interval '1 day' + random() * interval '{SPAN_DAYS} days') AS day
      FROM generate_series(%s, %s) n) drawn
"""


def fill(dsn: str, count: int) -> None:
    """Fills the events of an empty, migrated database; its indexes are made anew when the rows are there."""
    with contextlib.closing(psycopg2.connect(dsn)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("SET search_path TO events; SET maintenance_work_mem = '256MB'")
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes i WHERE schemaname = 'events' AND tablename = 'events'"
            " AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conname = i.indexname)"
        )
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
        cursor.execute(
            "INSERT INTO organization_copies (id, name, slug, version)"
            " SELECT lpad(to_hex(n), 32, '0')::uuid, 'Organisation ' || n, 'org-' || n, 1"
            f" FROM generate_series(0, {ORGANIZATIONS - 1}) n ON CONFLICT DO NOTHING"
        )
    step = -(-count // _PARTS)
    with ThreadPoolExecutor(_PARTS) as pool:
        list(pool.map(lambda first: _insert(dsn, first, min(first + step - 1, count)), range(1, count + 1, step)))
    with ThreadPoolExecutor(_PARTS) as pool:
        list(pool.map(lambda index: _run(dsn, index[1]), indexes))
    _run(dsn, "VACUUM ANALYZE events")


def _insert(dsn: str, first: int, last: int) -> None:
    with contextlib.closing(psycopg2.connect(dsn)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("SET search_path TO events")
        cursor.execute(_INSERT, (first, last))


def _run(dsn: str, statement: str) -> None:
    with contextlib.closing(psycopg2.connect(dsn)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SET search_path TO events")
            cursor.execute("SET maintenance_work_mem = '256MB'")
            cursor.execute(statement)


def main(arguments: list[str]) -> int:
    """The command."""
    count = int(arguments[0]) if arguments else 1_000_000
    with contextlib.ExitStack() as stack:
        if len(arguments) > 1:
            dsn = arguments[1]
        else:
            cluster = stack.enter_context(running_cluster())
            databases = stack.enter_context(contextlib.closing(Databases(cluster, worker="data")))
            databases.get("events")
            dsn = cluster.dsn(databases.name("events"))
        began = time.monotonic()
        fill(dsn, count)
        sys.stdout.write(f"{count} events in {time.monotonic() - began:.1f} s\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
