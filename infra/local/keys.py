"""Secrets and keys of a local stack: made once, kept in files of mode 0600, one directory per service."""

import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from local.catalogue import Service

MIGRATIONS = "migrations"
EDGE = "edge"
SHARED = "shared"


class SecretStore:
    """The secrets under one root. Every value is made at its first use and never changes after."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def path(self, owner: str, name: str) -> Path:
        """Where the secret `name` of `owner` lies."""
        return self._root / owner / name

    def get(self, owner: str, name: str, make: Callable[[], str]) -> str:
        """The secret, made by `make` when it is not there yet."""
        path = self.path(owner, name)
        if path.exists():
            return path.read_text(encoding="utf-8")
        value = make()
        self.put(owner, name, value)
        return value

    def put(self, owner: str, name: str, value: str) -> None:
        """Writes the secret whole or not at all, readable by its owner only."""
        path = self.path(owner, name)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if path.exists() and path.read_text(encoding="utf-8") == value:
            return
        partial = path.with_name(f".{name}.partial")
        partial.unlink(missing_ok=True)
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(value)
        partial.replace(path)


def random_secret() -> str:
    """256 random bits, URL-safe."""
    return secrets.token_urlsafe(32)


def _private_pem() -> str:
    return (
        ec.generate_private_key(ec.SECP256R1())
        .private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        .decode()
    )


def _jwt_keys() -> str:
    signing = {"kid": f"k-{secrets.token_hex(8)}", "private_pem": _private_pem(), "status": "signing"}
    return json.dumps([signing])


def _public_pem(private_pem: str) -> str:
    key = serialization.load_pem_private_key(private_pem.encode(), password=None)
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def hand_out(store: SecretStore, services: tuple[Service, ...], database: Callable[[str, str], str]) -> None:
    """Gives each service the files it may read, and no other.

    `database(role, password)` is the address of the database for a role.
    """
    common = {name: store.get(SHARED, name, random_secret) for name in ("internal_secret", "link_secret")}
    for service in services:
        password = store.get(SHARED, f"password_{service.role}", random_secret)
        owner_password = store.get(SHARED, f"password_{service.owner_role}", random_secret)
        store.put(service.name, "database_url", database(service.role, password))
        store.put(MIGRATIONS, f"{service.name}_database_owner_url", database(service.owner_role, owner_password))
        for name in service.secrets:
            if name in common:
                store.put(service.name, name, common[name])
            elif name == "jwt_keys":
                store.get(service.name, name, _jwt_keys)
            elif name == "cdn_private_key":
                private_pem = store.get(service.name, name, _private_pem)
                store.put(EDGE, "cdn_public_key", _public_pem(private_pem))
            elif name != "database_url":
                store.get(service.name, name, random_secret)
