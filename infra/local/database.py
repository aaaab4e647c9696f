"""The `muster` database with every service's schema and roles, as a database administrator prepares it."""

import hashlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812 - it is a class

import muster_shared.db.provision
from local.catalogue import Service
from muster_shared.db.provision import provision

DATABASE = "muster"
_CONNECT_TIMEOUT_SECONDS = 5
# Text sorts and compares the same whatever the server was set up with.
_CREATE = (
    "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'"
    " LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LC_COLLATE 'C' LC_CTYPE 'C'"
)

Password = Callable[[str], str]


def address(admin_url: str, role: str, password: str) -> str:
    """The address of the `muster` database for `role`, on the server of `admin_url`."""
    parts = urlsplit(admin_url)
    place = f"{role}:{password}@{parts.hostname}:{parts.port or 5432}"
    return urlunsplit(("postgresql+psycopg2", place, f"/{DATABASE}", "", ""))


def prepare_database(admin_url: str, services: tuple[Service, ...], password: Password) -> bool:
    """Brings roles, schemas and grants to what `services` need. Returns whether anything had to be done.

    `admin_url` is a superuser's; `password(role)` gives the password of a role. What was done last is
    remembered as the database's comment, so that a second start costs one query.
    """
    _create_database(admin_url)
    wanted = _fingerprint(services, password)
    with closing(_connect(admin_url, DATABASE)) as connection:
        if _remembered(connection) == wanted:
            return False
        name = sql.Identifier(DATABASE)
        _run(connection, sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
        _run(connection, sql.SQL("REVOKE ALL ON SCHEMA public FROM PUBLIC"))
        for service in services:
            provision(
                connection,
                service=service.name,
                password=password(service.role),
                owner_password=password(service.owner_role),
                vaults=service.vaults,
            )
            for role in (service.role, service.owner_role):
                _run(
                    connection,
                    sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(name, sql.Identifier(role)),
                )
        _run(connection, sql.SQL("COMMENT ON DATABASE {} IS {}").format(name, sql.Literal(wanted)))
    return True


def _connect(admin_url: str, database: str) -> Connection:
    parts = urlsplit(admin_url)
    dsn = urlunsplit(("postgresql", parts.netloc, f"/{database}", "", ""))
    connection = psycopg2.connect(dsn, connect_timeout=_CONNECT_TIMEOUT_SECONDS)
    connection.autocommit = True
    return connection


def _create_database(admin_url: str) -> None:
    with closing(_connect(admin_url, "postgres")) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,))
        if cursor.fetchone() is None:
            cursor.execute(sql.SQL(_CREATE).format(sql.Identifier(DATABASE)))


def _run(connection: Connection, statement: sql.Composable) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _remembered(connection: Connection) -> str | None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()"
        )
        row = cursor.fetchone()
    return row[0] if row else None


def _fingerprint(services: tuple[Service, ...], password: Password) -> str:
    """A digest of what is wanted, passwords included: they are 256 random bits, so it gives nothing away."""
    digest = hashlib.sha256()
    for module in (muster_shared.db.provision.__file__, __file__):
        digest.update(Path(module).read_bytes())
    for service in services:
        digest.update(repr((service, password(service.role), password(service.owner_role))).encode())
    return f"prepared {digest.hexdigest()}"
