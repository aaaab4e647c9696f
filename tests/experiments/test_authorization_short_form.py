"""The short form of the experiment over every route; each service's own tests try all of its rows."""

from dataclasses import replace

import pytest

from muster_shared.testing.authorization import EVERYBODY, Actor, row
from muster_shared.testing.postgres import Cluster
from services.notifications.tests import authorization as of_notifications
from tests.experiments import authorization

pytestmark = pytest.mark.timeout(300)


def test_nobody_gets_in_but_those_whom_the_tables_name(postgres_cluster: Cluster) -> None:
    verdict = authorization.run(authorization.SHORT, postgres_cluster)
    assert verdict.passed, (verdict, verdict.failures)
    assert verdict.accepted > 20
    control = verdict.facts["let in where GET /api/notifications has no guard"]
    assert Actor.ANONYMOUS.value in str(control)


def test_a_route_without_a_row_and_a_door_that_is_open_fail_it(
    postgres_cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *others = of_notifications.TABLE
    too_narrow = replace(first, allowed=frozenset({Actor.OWNER}))
    table = [too_narrow, *others[:-1], row("GET /api/none", EVERYBODY, 200)]
    monkeypatch.setattr(of_notifications, "TABLE", table)
    monkeypatch.setattr(authorization, "SERVICES", {"notifications": authorization.notifications})
    verdict = authorization.run(authorization.SHORT, postgres_cluster)
    assert not verdict.passed
    assert f"{others[-1].route} is in no table" in verdict.failures
    assert "GET /api/none is no route" in verdict.failures
    assert any(Actor.MANAGER.value in failure for failure in verdict.failures)
