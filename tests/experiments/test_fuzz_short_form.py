"""The short form of the fuzzing of every service."""

import warnings
from collections import Counter

import pytest

from tests.experiments import fuzz

# Worlds are made by the hundred.
pytestmark = pytest.mark.timeout(400)


@pytest.mark.parametrize("name", sorted(fuzz.SERVICES))
def test_service_has_no_answer_that_is_not_documented(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with fuzz.SERVICES[name]() as service:
            found = fuzz.run(service, examples=fuzz.SHORT)
    assert found.failures == []
    assert found.unreached == []
    assert found.refused <= fuzz.MOST_REFUSED


def test_calls_that_only_tried_the_door_are_told() -> None:
    found = fuzz.Findings(guarded={"GET /a"})
    found.statuses["GET /a"] = Counter({401: 3, 404: 1})
    found.statuses["GET /b"] = Counter({401: 1, 200: 1})
    assert found.unreached == ["GET /a"]
    assert found.refused == 0.75
