"""The notifications service on a real database, with a provider that says what the test wants."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from muster_notifications.app import build_app
from muster_notifications.config import NotificationsSettings
from muster_shared.db import Database
from muster_shared.testing.postgres import Databases
from muster_shared.testing.settings import make_settings
from muster_shared.testing.tokens import TestIssuer
from muster_shared.wiring import Wiring, wire
from services.notifications.tests.support import LINK_SECRET, Desk, SilentAuth


@pytest.fixture
def database(databases: Databases) -> Database:
    return databases.get("notifications")


@pytest.fixture
def settings(database: Database) -> NotificationsSettings:
    return make_settings(
        NotificationsSettings,
        database_url=database.url,
        link_secret=LINK_SECRET,
        mail_from="Muster <no-reply@muster.test>",
        send_lease_seconds=30,
        ses_unknown_seconds=60,
    )


@pytest.fixture
def wiring(settings: NotificationsSettings, issuer: TestIssuer) -> Any:
    made = wire(settings, service="notifications", keys=issuer.keys, auth=SilentAuth())
    yield made
    made.database.close()


@pytest.fixture
def desk(settings: NotificationsSettings, wiring: Wiring, database: Database) -> Any:
    """Everything at hand: messages in, mails out."""
    made = Desk(settings=settings, wiring=wiring, database=database)
    yield made
    made.close()


@pytest.fixture
def client(settings: NotificationsSettings, wiring: Wiring) -> FlaskClient:
    return build_app(settings, wiring).test_client()
