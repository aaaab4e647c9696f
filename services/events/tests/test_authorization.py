"""Every route of events tried as everybody."""

from collections.abc import Callable

import pytest
from flask import Flask

from muster_shared.db import Database
from muster_shared.testing.auditing import acts_of_operators, check_recorded
from muster_shared.testing.authorization import Row, World, findings, uncovered
from muster_shared.testing.tokens import TestIssuer
from services.events.tests.authorization import TABLE, UNRECORDED, make_app, make_world
from services.events.tests.support import messages_of


@pytest.fixture
def app(database: Database, issuer: TestIssuer) -> Flask:
    return make_app(database, issuer)


@pytest.fixture
def world_of(app: Flask, database: Database, issuer: TestIssuer) -> Callable[[Row], World]:
    return lambda tried: make_world(app, database, issuer, route=tried.route)


def test_the_table_names_every_route(app: Flask) -> None:
    assert uncovered(app, TABLE) == (set(), set())


@pytest.mark.parametrize("tried", TABLE, ids=lambda tried: tried.route)
def test_nobody_gets_more_than_the_table_says(world_of: Callable[[Row], World], tried: Row) -> None:
    assert findings(world_of(tried), tried) == []


@pytest.mark.parametrize("tried", acts_of_operators(TABLE), ids=lambda tried: tried.route)
def test_what_operators_do_is_told_to_the_audit_log(
    world_of: Callable[[Row], World], database: Database, tried: Row
) -> None:
    check_recorded(
        world_of(tried),
        tried,
        entries=lambda: len(messages_of(database, "audit.recorded.v1")),
        exceptions=UNRECORDED,
    )
