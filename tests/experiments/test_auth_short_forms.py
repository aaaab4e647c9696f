"""The short forms of the attacks on accounts, as part of the tests."""

import pytest

from tests.experiments import demotion, enumeration, jwt, keys, refresh_race

# Each sets up databases and queues of its own; the bound is against hanging, not against slow machines.
pytestmark = pytest.mark.timeout(400)


def test_every_service_refuses_within_five_seconds_when_rights_end() -> None:
    verdict = demotion.run(demotion.SHORT)
    assert verdict.passed, (verdict, verdict.failures)


def test_no_service_lets_a_forged_token_in() -> None:
    verdict = jwt.run(jwt.SHORT)
    assert verdict.passed, (verdict, verdict.failures)


def test_nobody_is_signed_out_when_tabs_race() -> None:
    verdict = refresh_race.run(refresh_race.SHORT)
    assert verdict.passed, (verdict, verdict.failures)


def test_answers_are_the_same_for_known_and_unknown_addresses() -> None:
    verdict = enumeration.run(enumeration.SHORT)
    assert verdict.passed, (verdict, verdict.failures)


def test_wrong_keys_are_refused_and_right_ones_served_when_both_come_at_once() -> None:
    verdict = keys.run(keys.SHORT)
    assert verdict.passed, (verdict, verdict.failures)
