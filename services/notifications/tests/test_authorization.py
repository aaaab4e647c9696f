"""Every route of notifications tried as everybody."""

import pytest
from flask.testing import FlaskClient

from muster_shared.testing.auditing import acts_of_operators, check_recorded
from muster_shared.testing.authorization import Row, findings, uncovered
from muster_shared.testing.tokens import TestIssuer
from services.notifications.tests.authorization import BASE, TABLE, UNRECORDED, make_app, make_world
from services.notifications.tests.support import Desk, assigned


def test_the_table_names_every_route(desk: Desk) -> None:
    assert uncovered(make_app(desk), TABLE) == (set(), set())


@pytest.mark.parametrize("tried", TABLE, ids=lambda tried: tried.route)
def test_nobody_gets_more_than_the_table_says(desk: Desk, issuer: TestIssuer, tried: Row) -> None:
    assert findings(make_world(desk, issuer, route=tried.route), tried) == []


@pytest.mark.parametrize("tried", acts_of_operators(TABLE), ids=lambda tried: tried.route)
def test_what_operators_do_is_told_to_the_audit_log(desk: Desk, issuer: TestIssuer, tried: Row) -> None:
    check_recorded(
        make_world(desk, issuer, route=tried.route),
        tried,
        entries=lambda: len(desk.rows("SELECT 1 FROM outbox WHERE type = 'audit.recorded.v1'")),
        exceptions=UNRECORDED,
    )


def test_a_demoted_member_is_out_when_their_removal_is_told(
    client: FlaskClient, desk: Desk, issuer: TestIssuer
) -> None:
    desk.organization()
    desk.handle(assigned())
    user = desk.member()
    headers = issuer.headers(user)
    path = f"{BASE}/{desk.only().id}"
    assert client.get(path, headers=headers).status_code == 200
    desk.run("UPDATE membership_copies SET role = NULL, version = 2 WHERE user_id = :user", user=user)
    desk.wiring.memberships.forget()
    assert client.get(path, headers=headers).status_code == 404
