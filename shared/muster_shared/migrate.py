"""Migrations of one service: `python -m muster_shared.migrate muster_events`.

Runs as a one-off task before new code takes traffic, as the owner role, under an advisory lock so that two runs
wait for each other, with a lock timeout so that a busy table refuses the migration instead of the traffic.
"""

import argparse
import importlib
import os
import sys
import time
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import OperationalError

import muster_shared.db.migrations

_LOCK = 6_884_571
_LOCK_TIMEOUT = "2s"
_STATEMENT_TIMEOUT = "15min"
_ATTEMPTS = 10
_PLATFORM = Path(muster_shared.db.migrations.__file__).parent
_PLATFORM_TABLE = "alembic_version_platform"
_SERVICE_TABLE = "alembic_version"


def migrations_of(package: str) -> Path:
    """The migrations folder beside a service's package."""
    module = importlib.import_module(package)
    return Path(str(module.__file__)).parent.parent / "migrations"


def migrate(owner_url: str, *, package: str) -> list[str]:
    """Brings the schema of `package` to its newest version; returns the revisions that were applied.

    Waits and tries again, a bounded number of times, when a lock cannot be had within two seconds.
    """
    engine = create_engine(owner_url, connect_args={"connect_timeout": 5})
    try:
        for attempt in range(_ATTEMPTS):
            try:
                with engine.connect() as connection:
                    return _migrate(connection, package)
            except OperationalError as error:
                if getattr(error.orig, "pgcode", None) != "55P03" or attempt == _ATTEMPTS - 1:
                    raise
                time.sleep(min(0.2 * 2**attempt, 5))
    finally:
        engine.dispose()
    raise AssertionError("unreachable")


def _migrate(connection: Connection, package: str) -> list[str]:
    connection.execute(text(f"SET lock_timeout = '{_LOCK_TIMEOUT}'"))
    connection.execute(text(f"SET statement_timeout = '{_STATEMENT_TIMEOUT}'"))
    connection.execute(text("SELECT pg_advisory_lock(:lock, hashtext(current_user))"), {"lock": _LOCK})
    connection.commit()
    try:
        applied = _upgrade(connection, _PLATFORM, _PLATFORM_TABLE)
        return applied + _upgrade(connection, migrations_of(package), _SERVICE_TABLE)
    finally:
        connection.rollback()
        connection.execute(text("SELECT pg_advisory_unlock(:lock, hashtext(current_user))"), {"lock": _LOCK})
        connection.commit()


def _upgrade(connection: Connection, folder: Path, version_table: str) -> list[str]:
    config = Config()
    config.set_main_option("script_location", str(folder))
    script = ScriptDirectory.from_config(config)
    applied: list[str] = []

    def steps(revision: Any, _context: Any) -> list[Any]:
        found = script._upgrade_revs("heads", revision)
        applied.extend(f"{folder.parent.name}:{step.revision.revision}" for step in found)
        return found

    with EnvironmentContext(config, script, fn=steps) as environment:
        environment.configure(connection=connection, version_table=version_table, transaction_per_migration=True)
        with environment.begin_transaction():
            environment.run_migrations()
    connection.commit()
    return applied


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="muster-migrate", description=__doc__)
    parser.add_argument("package", help="a service's package, as muster_events")
    package = parser.parse_args().package
    url = os.environ.get("MUSTER_DATABASE_OWNER_URL", "")
    if not url and (path := os.environ.get("MUSTER_DATABASE_OWNER_URL_FILE")):
        url = Path(path).read_text(encoding="utf-8").strip()
    if not url:
        sys.stderr.write("muster: wrong settings: MUSTER_DATABASE_OWNER_URL: Field required\n")
        return 78
    try:
        applied = migrate(url, package=package)
    except OperationalError as error:
        reason = str(error.orig).strip().splitlines()[0] if error.orig else "no answer"
        sys.stderr.write(f"muster: the migrations of {package} did not run: {reason}\n")
        return 1
    sys.stdout.write(f"{package}: {', '.join(applied) if applied else 'up to date'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
