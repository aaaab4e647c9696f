"""The short form of the search for money."""

import pytest

from muster_shared.testing.postgres import Cluster
from tests.experiments import finance_canary

pytestmark = pytest.mark.timeout(400)


def test_no_money_is_found_where_it_does_not_belong(postgres_cluster: Cluster) -> None:
    verdict = finance_canary.run(postgres_cluster)
    assert [(place.name, canary) for place, canary in verdict.hits] == []
    assert verdict.passed, verdict.line()
    assert {place.kind for place in verdict.places} == finance_canary.KINDS


def test_a_canary_that_is_planted_is_found_in_every_kind_of_place(postgres_cluster: Cluster) -> None:
    verdict = finance_canary.run(postgres_cluster, planted=True)
    assert verdict.kinds_hit == finance_canary.KINDS
    found_in = {place.name for place, _ in verdict.hits}
    assert found_in >= {
        "owner: GET /api/organizations/<uuid:org_id>/audit",
        "anonymous: GET /api/events",
        "anonymous: GET /c/<token>",
        "anonymous: GET /calendar/<token>.ics",
        "key: GET /api/events/<uuid:event_id>/registrations",
        "events.webhook_deliveries",
        "notifications.event_copies",
    }


def test_the_search_finds_a_canary_however_it_is_written() -> None:
    canaries = finance_canary.Canaries()
    for text in (f"{canaries.revenue}", f"EUR {canaries.revenue:,}", f"{canaries.revenue / 100:.2f}"):
        assert "revenue" in canaries.found_in(f"x {text} y")
    assert canaries.found_in("nothing 123") == set()
    assert canaries.found_in(f"12{canaries.revenue}34") == set(), "a part of a longer number"
