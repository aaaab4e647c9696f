"""The auth app over a real database, and a person who uses it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask
from flask.testing import FlaskClient

from muster_auth.app import build_app
from muster_auth.config import AuthSettings
from muster_auth.core import Core
from muster_auth.keyring import KeyRing
from muster_shared.db import Database
from muster_shared.testing.postgres import Databases
from muster_shared.testing.settings import make_settings
from muster_shared.wiring import Wiring, wire
from services.auth.tests.people import People


def private_pem() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


@pytest.fixture
def database(databases: Databases) -> Database:
    return databases.get("auth")


@pytest.fixture(scope="session")
def keys_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "jwt_keys.json"
    path.write_text(json.dumps([{"kid": "k-1", "private_pem": private_pem(), "status": "signing"}]))
    return path


@pytest.fixture
def settings(database: Database, keys_file: Path) -> AuthSettings:
    return make_settings(
        AuthSettings,
        database_url=database.url,
        password_pepper="test-pepper-of-thirty-two-characters-",
        jwt_keys_file=keys_file,
        bcrypt_cost=4,
        hashing_at_once=8,
        hashing_waiting=32,
    )


@pytest.fixture
def keys(keys_file: Path) -> KeyRing:
    return KeyRing(keys_file)


@pytest.fixture
def wiring(settings: AuthSettings, keys: KeyRing) -> Wiring:
    return wire(settings, service="auth", keys=keys)


@pytest.fixture
def app(settings: AuthSettings, wiring: Wiring, keys: KeyRing) -> Flask:
    return build_app(settings, wiring, keys)


@pytest.fixture
def core(app: Flask) -> Core:
    return app.extensions["muster"].parts[Core]


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def make_client(app: Flask) -> Callable[[], FlaskClient]:
    return app.test_client


@pytest.fixture
def people(app: Flask, core: Core, database: Database) -> People:
    return People(app=app, core=core, database=database)
