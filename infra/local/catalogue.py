"""The services there are, read from services.toml."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SERVICES_FILE = Path(__file__).with_name("services.toml")

COMMON_SECRETS = ("database_url", "internal_secret", "cache_secret")


@dataclass(frozen=True)
class Service:
    """One service: its name, the secrets it may read and its vaults."""

    name: str
    extra_secrets: tuple[str, ...] = ()
    vaults: tuple[str, ...] = ()

    @property
    def package(self) -> str:
        """The Python package."""
        return f"muster_{self.name}"

    @property
    def role(self) -> str:
        """The database role it runs as."""
        return f"muster_{self.name}"

    @property
    def owner_role(self) -> str:
        """The database role that migrates it."""
        return f"muster_{self.name}_owner"

    @property
    def secrets(self) -> tuple[str, ...]:
        """The names of all its secrets, as files in its secrets directory."""
        return (*COMMON_SECRETS, *self.extra_secrets)


@cache
def services() -> tuple[Service, ...]:
    """Every service, in the order of the file."""
    table = tomllib.loads(SERVICES_FILE.read_text(encoding="utf-8"))
    return tuple(
        Service(name, tuple(entry.get("secrets", ())), tuple(entry.get("vaults", ()))) for name, entry in table.items()
    )
