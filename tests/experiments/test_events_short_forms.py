"""The short forms of the experiments over events."""

from muster_shared.testing.postgres import Cluster
from tests.experiments import finance_canary


def test_no_money_is_found_where_it_does_not_belong(postgres_cluster: Cluster) -> None:
    verdict = finance_canary.run(postgres_cluster)
    assert verdict.hits == []
    assert verdict.passed, verdict
    assert verdict.searched > 100


def test_the_search_finds_a_canary_however_it_is_written() -> None:
    canaries = finance_canary.Canaries()
    for text in (f"{canaries.revenue}", f"EUR {canaries.revenue:,}", f"{canaries.revenue / 100:.2f}"):
        assert "revenue" in canaries.found_in(f"x {text} y")
    assert canaries.found_in("nothing 123") == set()
