"""The short form of the experiments with photos, as part of the tests."""

from typing import Any

import pytest

from tests.experiments import lost_s3_events, uploads

# Each sets up databases and queues of its own; the bound is against hanging, not against slow machines.
pytestmark = pytest.mark.timeout(400)


@pytest.mark.parametrize("experiment", [lost_s3_events, uploads], ids=lambda module: module.__name__)
def test_the_short_form_passes(experiment: Any) -> None:
    verdict = experiment.run(experiment.SHORT)
    assert verdict.passed, (verdict, verdict.failures)
