"""Fixtures of the crew's tests."""

import pytest
from flask.testing import FlaskClient

from muster_shared.db import Database
from services.events.tests.crew.support import CrewWorld
from services.events.tests.support import MakeEvent, People


@pytest.fixture
def crew(client: FlaskClient, database: Database, people: People, make_event: MakeEvent) -> CrewWorld:
    return CrewWorld(client=client, database=database, people=people, make_event=make_event)
