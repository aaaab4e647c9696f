"""Every route of auth tried as everybody."""

from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import text

from muster_shared.testing.auditing import acts_of_operators, check_recorded
from muster_shared.testing.authorization import (
    EVERYBODY,
    MEMBERS,
    OWNERS,
    SIGNED_IN,
    Actor,
    Row,
    World,
    findings,
    row,
    uncovered,
)
from services.auth.tests.authorization import ORG, TABLE, UNRECORDED, make_world
from services.auth.tests.people import People


@pytest.fixture
def world(people: People) -> World:
    return make_world(people)


def test_table_lists_every_route_and_nothing_else(app: Flask) -> None:
    assert uncovered(app, TABLE) == (set(), set())


def test_missing_row_and_superfluous_row_are_found(app: Flask) -> None:
    missing, unknown = uncovered(app, [*TABLE[1:], row("GET /api/none", EVERYBODY, 200)])
    assert (missing, unknown) == ({TABLE[0].route}, {"GET /api/none"})


def changes_nothing(tried: Row) -> bool:
    return tried.route.startswith("GET ") or (tried.allowed == EVERYBODY and "/login" not in tried.route)


def test_nobody_gets_in_but_those_who_may_when_nothing_changes(world: World) -> None:
    quiet = [tried for tried in TABLE if changes_nothing(tried)]
    assert len(quiet) > 15
    assert [found for tried in quiet for found in findings(world, tried)] == []


@pytest.mark.parametrize(
    "tried", [tried for tried in TABLE if not changes_nothing(tried)], ids=lambda tried: tried.route
)
def test_nobody_gets_in_but_those_who_may(world: World, tried: Row) -> None:
    assert findings(world, tried) == []


@pytest.mark.parametrize("tried", acts_of_operators(TABLE), ids=lambda tried: tried.route)
def test_what_operators_do_is_in_the_audit_log(world: World, people: People, tried: Row) -> None:
    def entries() -> int:
        with people.database.read() as connection:
            return int(connection.execute(text("SELECT count(*) FROM audit_entries")).scalar_one())

    check_recorded(world, tried, entries=entries, exceptions=UNRECORDED)


def test_checker_finds_a_door_that_is_open_when_it_should_not_be(world: World) -> None:
    wrong = row(f"GET {ORG}", OWNERS, 200)
    found = findings(world, wrong)
    assert [(one.actor, one.status, one.is_success) for one in found] == [("manager", 200, True)]


def test_checker_finds_a_door_that_is_shut_when_it_should_not_be(world: World) -> None:
    wrong = row(f"GET {ORG}/audit", MEMBERS, 200)
    assert [(one.actor, one.status) for one in findings(world, wrong)] == [("manager", 403)]


def test_checker_finds_a_door_that_opens_to_nobody(world: World) -> None:
    wrong = row("POST /api/auth/verify-email", EVERYBODY, (200, 422), {"token": "A" * 43})
    assert [(one.actor, one.status) for one in findings(world, wrong)] == [("anybody of those who may", 0)]


def test_checker_finds_what_an_outsider_is_told(world: World) -> None:
    told = replace(world, marker="next_cursor")
    found = findings(told, row("GET /api/organizations", SIGNED_IN, 200))
    outsiders = {Actor.NOBODY, Actor.FOREIGN_MANAGER, Actor.FOREIGN_OWNER}
    assert {one.actor for one in found} == {actor.value for actor in outsiders}


def test_checker_of_the_audit_log_finds_an_act_that_is_not_told(world: World) -> None:
    act = next(one for one in acts_of_operators(TABLE) if one.route.endswith("/transfer"))
    with pytest.raises(AssertionError, match="transfer"):
        check_recorded(world, act, entries=lambda: 1, exceptions={})
