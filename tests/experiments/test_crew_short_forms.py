"""The short forms of the crew's experiments, as part of the tests."""

import pytest
from hypothesis import Phase
from hypothesis.errors import FlakyFailure

from muster_events.crew.use_cases import answering
from tests.experiments import crew_machine, scanner

# Each sets up databases and queues of its own; the bound is against hanging, not against slow machines.
pytestmark = pytest.mark.timeout(400)


def test_crew_invariants_hold_when_everything_happens_in_any_order() -> None:
    verdict = crew_machine.run(crew_machine.SHORT)
    assert verdict.passed, (verdict, verdict.failures)


def test_broken_rule_is_noticed_when_a_standby_takes_a_place_that_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "fill", lambda *_arguments, **_named: None)
    # Flaky: it was noticed, but not a second time when the example was run again.
    with pytest.raises((AssertionError, FlakyFailure)):
        crew_machine.run(crew_machine.Scale(examples=400, steps=50), phases=[Phase.generate])


@pytest.mark.browser
def test_no_machine_answers_and_a_person_does_when_links_are_opened() -> None:
    verdict = scanner.run(scanner.SHORT)
    assert verdict.passed, (verdict, verdict.failures)
