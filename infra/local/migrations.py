"""`make migrate` and `make migration`: applies migrations to the stack that runs here, and begins a new one."""

import os
import re
import subprocess
import sys
from pathlib import Path

from local.catalogue import ROOT, Service, services
from local.layout import Home

_NAME = re.compile(r"[a-z][a-z0-9_]{2,60}")
_NUMBERED = re.compile(r"([0-9]{4})_\w+\.py")
_TEMPLATE = '''"""{title}"""

import sqlalchemy as sa
from alembic import op

revision = "{number}"
down_revision = {previous}


def upgrade() -> None:
    """Expands only: the code before this one goes on running on the result."""
    op.add_column("a_table", sa.Column("a_column", sa.Text(), nullable=True))


def downgrade() -> None:
    """Takes the expansion back."""
    op.drop_column("a_table", "a_column")
'''


def folder(service: Service, root: Path = ROOT) -> Path:
    """Where the migrations of a service lie."""
    return root / "services" / service.name / "migrations" / "versions"


def begin(service: Service, name: str, root: Path = ROOT) -> Path:
    """Writes the next migration of `service`, to be filled in. Raises `ValueError` for a bad name."""
    if not _NAME.fullmatch(name):
        raise ValueError("a migration's name is lower case letters, digits and underscores")
    numbers = sorted(
        match.group(1) for path in folder(service, root).iterdir() if (match := _NUMBERED.match(path.name))
    )
    number = f"{int(numbers[-1]) + 1:04d}" if numbers else "0001"
    path = folder(service, root) / f"{number}_{name}.py"
    previous = f'"{numbers[-1]}"' if numbers else "None"
    title = f"{name.replace('_', ' ').capitalize()}."
    path.write_text(_TEMPLATE.format(title=title, number=number, previous=previous), encoding="utf-8")
    return path


def apply(home: Home) -> int:
    """Applies every service's migrations to the stack on `home`; the first status that is not 0 ends it."""
    for service in services():
        owner_url = home.secrets / "migrations" / f"{service.name}_database_owner_url"
        if not owner_url.exists():
            sys.stderr.write(f"muster: no stack was ever started on {home.root}: run `make run` first\n")
            return 1
        environment = {**os.environ, "MUSTER_DATABASE_OWNER_URL_FILE": str(owner_url)}
        done = subprocess.run(
            [sys.executable, "-m", "muster_shared.migrate", service.package], env=environment, check=False
        )
        if done.returncode != 0:
            return done.returncode
    return 0


def main(arguments: list[str]) -> int:
    """`apply`, or `new SERVICE NAME`."""
    by_name = {service.name: service for service in services()}
    if arguments == ["apply"]:
        return apply(Home.chosen(os.environ))
    if len(arguments) != 3 or arguments[0] != "new" or arguments[1] not in by_name:
        sys.stderr.write(f"usage: make migration SERVICE={'|'.join(by_name)} NAME=add_something\n")
        return 64
    try:
        path = begin(by_name[arguments[1]], arguments[2])
    except ValueError as error:
        sys.stderr.write(f"muster: {error}\n")
        return 64
    sys.stdout.write(f"{path.relative_to(ROOT)}: fill it in; it runs at the next start, or with `make migrate`\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
