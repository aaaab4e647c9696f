"""Every route of media tried as everybody."""

import pytest
from flask import Flask

from muster_shared.testing.auditing import acts_of_operators, check_recorded
from muster_shared.testing.authorization import Row, findings, uncovered
from services.media.tests.authorization import TABLE, UNRECORDED, make_world
from services.media.tests.support import Stage


def test_the_table_names_every_route(app: Flask) -> None:
    assert uncovered(app, TABLE) == (set(), set())


@pytest.mark.parametrize("tried", TABLE, ids=lambda tried: tried.route)
def test_nobody_gets_more_than_the_table_says(app: Flask, stage: Stage, tried: Row) -> None:
    assert findings(make_world(app, stage), tried) == []


@pytest.mark.parametrize("tried", acts_of_operators(TABLE), ids=lambda tried: tried.route)
def test_what_operators_do_is_told_to_the_audit_log(app: Flask, stage: Stage, tried: Row) -> None:
    check_recorded(
        make_world(app, stage),
        tried,
        entries=lambda: len(stage.messages("audit.recorded.v1")),
        exceptions=UNRECORDED,
    )
