"""An event's money: who reads it, what it adds up to, and that nobody else can."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from muster_shared.db import Database
from services.events.tests.support import MakeEvent, MakeKey, People

FIGURES: dict[str, Any] = {
    "currency": "EUR",
    "revenue": 120_000,
    "fees": [{"name": "Fuel", "amount": 18_000}, {"name": "Mooring", "amount": 2_500}],
    "captain_fee": 25_000,
    "internal_memo": "Regular guest; 10 % next time",
}


def test_net_is_computed_when_figures_are_set(client: FlaskClient, people: People, make_event: MakeEvent) -> None:
    url = f"/api/events/{make_event()['id']}/finance"
    assert client.get(url, headers=people.alice).status_code == 404
    answer = client.put(url, json=FIGURES, headers=people.bob)
    assert answer.status_code == 200
    assert answer.get_json()["net"] == 120_000 - 18_000 - 2_500 - 25_000
    read = client.get(url, headers=people.alice).get_json()
    assert {name: read[name] for name in FIGURES} == FIGURES


def test_a_loss_is_below_zero_when_costs_are_higher(client: FlaskClient, people: People, make_event: MakeEvent) -> None:
    event = make_event(finance={"currency": "GBP", "revenue": 100, "captain_fee": 300})
    assert client.get(f"/api/events/{event['id']}/finance", headers=people.alice).get_json()["net"] == -200


def test_it_is_refused_when_the_caller_has_no_business_with_it(
    client: FlaskClient, people: People, make_event: MakeEvent, make_key: MakeKey
) -> None:
    url = f"/api/events/{make_event(finance=FIGURES)['id']}/finance"
    assert client.get(url).status_code == 401
    assert client.get(url, headers=people.charlie).status_code == 404
    assert client.put(url, json=FIGURES, headers=people.charlie).status_code == 404
    assert client.get(url, headers=make_key("events:read", "finance:write")).status_code == 403
    assert client.get(url, headers=make_key("finance:read", org_id=people.other_org_id)).status_code == 404
    assert client.get(url, headers=make_key("finance:read")).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        {"revenue": -1},
        {"revenue": 10.0},
        {"revenue": 10**13},
        {"currency": "eur"},
        {"net": 5},
        {"fees": [{"name": "x"}]},
    ],
)
def test_it_is_invalid_when_figures_are_none(
    client: FlaskClient, people: People, make_event: MakeEvent, change: dict[str, Any]
) -> None:
    url = f"/api/events/{make_event()['id']}/finance"
    assert client.put(url, json={**FIGURES, **change}, headers=people.alice).status_code == 422


def test_the_services_own_role_is_denied_when_it_forgets_to_ask(database: Database) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), database.transaction() as session:
        session.execute(text("SELECT * FROM events_finance.finances"))


def test_the_finance_role_reads_nothing_else_when_taken_on(database: Database) -> None:
    with database.transaction() as session:
        session.execute(text("SET LOCAL ROLE muster_events_finance"))
        session.execute(text("SELECT * FROM events_finance.finances"))
        with pytest.raises(ProgrammingError, match="permission denied"):
            session.execute(text("SELECT * FROM events.events"))
