"""The organisation's audit log is told what was done with its events, by whom, and never a figure."""

from flask.testing import FlaskClient

from muster_shared.db import Database
from services.events.tests.support import MakeEvent, MakeKey, People, event_body, messages_of


def test_each_act_is_told_with_its_actor(
    client: FlaskClient, people: People, make_event: MakeEvent, database: Database
) -> None:
    event = make_event()
    url = f"/api/events/{event['id']}"
    client.patch(url, json={"title": "Another title"}, headers=people.bob)
    client.put(f"{url}/finance", json={"currency": "EUR", "revenue": 987_654_321}, headers=people.alice)
    client.post(f"{url}/cancel", json={}, headers=people.alice)
    told = messages_of(database, "audit.recorded.v1")
    actions = [entry["action"] for entry in told]
    assert actions[0] == "event.created"
    assert actions[-3:] == ["event.edited", "event.finance_set", "event.cancelled"]
    assert told[-3]["actor_id"] == str(people.bob_id)
    assert told[-3]["changes"] == {"fields": ["title"]}
    assert {entry["target_id"] for entry in told} == {event["id"]}
    assert "987654321" not in str(told)


def test_a_key_is_told_as_a_key(client: FlaskClient, make_key: MakeKey, database: Database) -> None:
    client.post("/api/events", json=event_body(), headers=make_key("events:write"))
    assert messages_of(database, "audit.recorded.v1")[0]["actor_kind"] == "service_key"


def test_nothing_is_told_when_nothing_was_done(
    client: FlaskClient, people: People, make_event: MakeEvent, database: Database
) -> None:
    event = make_event()
    before = len(messages_of(database, "audit.recorded.v1"))
    assert client.patch(f"/api/events/{event['id']}", json={"title": "x"}, headers=people.charlie).status_code == 404
    assert len(messages_of(database, "audit.recorded.v1")) == before
