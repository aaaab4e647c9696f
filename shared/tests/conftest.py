"""A small service of the tests' own, so that the library is tried without any of the real ones."""

import sys
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from muster_shared.db import Database
from muster_shared.settings import Settings
from muster_shared.testing.postgres import Databases
from muster_shared.testing.settings import make_settings
from muster_shared.testing.tokens import TestIssuer
from muster_shared.wiring import Wiring, wire

sys.path.insert(0, str(Path(__file__).parent / "sample_service"))


@pytest.fixture
def database(databases: Databases) -> Database:
    return databases.get("sample", package="sample_app")


@pytest.fixture
def settings(database: Database) -> Settings:
    return make_settings(Settings, database_url=database.url)


@pytest.fixture
def wiring(settings: Settings, issuer: TestIssuer) -> Wiring:
    return wire(settings, service="sample", keys=issuer.keys)


@pytest.fixture
def app(settings: Settings, wiring: Wiring) -> Flask:
    from sample_app.app import build_app

    return build_app(settings, wiring)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
