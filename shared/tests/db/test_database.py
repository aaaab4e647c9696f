"""Transactions, grants, migrations, and a database that goes away."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator

import psycopg2
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from muster_shared.db import Database, constraint_of, is_unavailable
from muster_shared.db.provision import owner_of, provision, role_of
from muster_shared.ids import new_id
from muster_shared.migrate import migrate
from muster_shared.testing.postgres import Cluster, Databases


def add(database: Database, name: str) -> None:
    with database.transaction() as session:
        session.execute(text("INSERT INTO things VALUES (:id, :name)"), {"id": new_id(), "name": name})


def count(database: Database) -> int:
    with database.read() as connection:
        return connection.execute(text("SELECT count(*) FROM things")).scalar_one()


def test_transaction_leaves_nothing_when_it_raises(database: Database) -> None:
    with pytest.raises(RuntimeError), database.transaction() as session:
        session.execute(text("INSERT INTO things VALUES (:id, 'a')"), {"id": new_id()})
        raise RuntimeError
    assert count(database) == 0


def test_conflict_is_told_by_its_constraint(database: Database) -> None:
    thing = new_id()
    with pytest.raises(IntegrityError) as caught, database.transaction() as session:
        for _ in range(2):
            session.execute(text("INSERT INTO things VALUES (:id, 'a')"), {"id": thing})
    assert constraint_of(caught.value) == "things_pkey"
    assert not is_unavailable(caught.value)


def test_pool_comes_back_by_itself_when_the_server_has_hung_up(database: Database, postgres_cluster: Cluster) -> None:
    add(database, "before")
    assert database.rows("SELECT 1", {}) == [(1,)]
    with contextlib.closing(psycopg2.connect(postgres_cluster.dsn("postgres"))) as admin, admin.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'muster'"
        )
        assert cursor.fetchone()[0] >= 1
        admin.rollback()
        deadline = time.monotonic() + 10
        # The signal is sent; the sockets close when each process has seen it.
        while time.monotonic() < deadline:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'muster'")
            if cursor.fetchone()[0] == 0:
                break
            admin.rollback()
    add(database, "after")
    assert count(database) == 2
    assert database.rows("SELECT 2", {}) == [(2,)]


def test_outage_is_told_from_a_mistake(database: Database) -> None:
    away = Database("postgresql+psycopg2://nobody@127.0.0.1:9/none", pool_size=1)
    with pytest.raises(OperationalError) as gone:
        away.ping()
    assert is_unavailable(gone.value)
    with pytest.raises(DBAPIError) as mistaken, database.read() as connection:
        connection.execute(text("SELECT nothing FROM things"))
    assert not is_unavailable(mistaken.value)
    with pytest.raises(DBAPIError) as slow, database.transaction() as session:
        session.execute(text("SET LOCAL statement_timeout = '20ms'"))
        session.execute(text("SELECT pg_sleep(5)"))
    assert is_unavailable(slow.value)
    assert is_unavailable(PoolTimeoutError())


def test_runtime_role_cannot_change_the_schema(database: Database) -> None:
    for statement in ("CREATE TABLE mine (x int)", "DROP TABLE things", "ALTER TABLE things ADD COLUMN x int"):
        with pytest.raises(ProgrammingError), database.transaction() as session:
            session.execute(text(statement))


@pytest.fixture
def empty(postgres_cluster: Cluster) -> Iterator[str]:
    """A database with the roles and schema of a service called `vaulted`, and nothing in it."""
    name = f"empty_{new_id().hex[-12:]}"
    with contextlib.closing(psycopg2.connect(postgres_cluster.dsn("postgres"))) as admin:
        admin.autocommit = True
        with admin.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name}")
        with contextlib.closing(psycopg2.connect(postgres_cluster.dsn(name))) as connection:
            connection.autocommit = True
            for _ in range(2):
                provision(
                    connection, service="vaulted", password="p" * 12, owner_password="o" * 12, vaults=("finance",)
                )
        yield name
        with admin.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_vault_is_closed_until_it_is_asked_for(postgres_cluster: Cluster, empty: str) -> None:
    owner = Database(postgres_cluster.url(empty, user=owner_of("vaulted")))
    with owner.transaction() as session:
        session.execute(text("CREATE TABLE vaulted_finance.money (amount bigint)"))
    runtime = Database(postgres_cluster.url(empty, user=role_of("vaulted")))
    with pytest.raises(ProgrammingError, match="permission denied"), runtime.transaction() as session:
        session.execute(text("SELECT * FROM vaulted_finance.money"))
    with runtime.transaction() as session:
        session.execute(text("SET LOCAL ROLE muster_vaulted_finance"))
        session.execute(text("INSERT INTO vaulted_finance.money VALUES (5)"))
        session.execute(text("RESET ROLE"))
    with pytest.raises(ProgrammingError, match="permission denied"), runtime.transaction() as session:
        session.execute(text("SELECT * FROM vaulted_finance.money"))
    owner.close()
    runtime.close()


def test_migrations_apply_once_and_wait_for_each_other(databases: Databases, database: Database) -> None:
    assert count(database) == 0
    assert migrate(databases.owner_url("sample"), package="sample_app") == []
    with database.read() as connection:
        tables = set(connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'sample'")).scalars())
    assert {"outbox", "inbox", "idempotency_keys", "rate_limits", "membership_copies", "things"} <= tables


def test_migrate_ends_with_one_line_when_the_database_is_away() -> None:
    environment = {**os.environ, "MUSTER_DATABASE_OWNER_URL": "postgresql+psycopg2://nobody@127.0.0.1:9/none"}
    for environ, status, word in ((environment, 1, "did not run"), ({}, 78, "MUSTER_DATABASE_OWNER_URL")):
        ended = subprocess.run(
            [sys.executable, "-m", "muster_shared.migrate", "muster_shared"],
            env={"PATH": os.environ["PATH"], **environ},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == status
        assert word in ended.stderr
        assert len(ended.stderr.strip().splitlines()) == 1
