"""The short forms of the crew's experiments, as part of the tests."""

import pytest

from tests.experiments import crew_machine, scanner


def test_crew_invariants_hold_when_everything_happens_in_any_order() -> None:
    verdict = crew_machine.run(crew_machine.SHORT)
    assert verdict.passed, (verdict, verdict.failures)


@pytest.mark.browser
def test_no_machine_answers_and_a_person_does_when_links_are_opened() -> None:
    verdict = scanner.run(scanner.SHORT)
    assert verdict.passed, (verdict, verdict.failures)
