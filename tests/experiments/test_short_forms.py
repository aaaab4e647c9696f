"""The short form of each experiment, as part of the tests."""

from typing import Any

import pytest

from tests.experiments import duplicate_storm, outbox_gap, poison, slow_handler
from tests.experiments.checker import compare

# Each sets up databases and queues of its own; the bound is against hanging, not against slow machines.
pytestmark = pytest.mark.timeout(400)


@pytest.mark.parametrize(
    "experiment", [outbox_gap, poison, duplicate_storm, slow_handler], ids=lambda module: module.__name__
)
def test_the_short_form_passes(experiment: Any) -> None:
    verdict = experiment.run(experiment.SHORT)
    assert verdict.passed, (verdict, verdict.failures)


def test_the_checker_counts_what_is_lost_doubled_and_unexpected() -> None:
    verdict = compare("x", attempted=4, accepted=["a", "b", "c"], effects=["a", "a", "c", "d"])
    assert (verdict.lost, verdict.duplicated, verdict.unexpected) == (1, 1, 1)
    assert not verdict.passed
    assert compare("x", attempted=1, accepted=["a"], effects=["a"]).passed
