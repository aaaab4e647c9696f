"""The short form of each mail experiment, as part of the tests."""

from typing import Any

import pytest

from tests.experiments import fairness, kill_workers, ses_brownout, ses_feedback

# Each sets up databases and queues of its own; the bound is against hanging, not against slow machines.
pytestmark = pytest.mark.timeout(600)


@pytest.mark.parametrize(
    "experiment", [fairness, ses_feedback, ses_brownout, kill_workers], ids=lambda module: module.__name__
)
def test_the_short_form_passes(experiment: Any) -> None:
    verdict = experiment.run(experiment.SHORT)
    assert verdict.passed, (verdict, verdict.failures)
