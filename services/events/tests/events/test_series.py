"""A recurring series, made at once: the rule in the event's own zone, within bounds, all or nothing."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from muster_shared.db import Database
from services.events.tests.support import MakeEvent, People, event_body, messages_of

SERIES = "/api/events/series"


def make(client: FlaskClient, people: People, rrule: str, **changes: Any) -> Any:
    given = {"starts_at": "2030-03-24T18:00:00+02:00", **changes}
    return client.post(
        SERIES, json={**event_body(org_id=str(people.org_id), **given), "rrule": rrule}, headers=people.alice
    )


def test_each_keeps_its_local_hour_when_the_clocks_change_within(client: FlaskClient, people: People) -> None:
    answer = make(client, people, "RRULE:FREQ=WEEKLY;COUNT=3", guest_page={"slug": "weekly-sail"})
    assert answer.status_code == 201
    made = answer.get_json()
    assert [event["starts_at"] for event in made["items"]] == [
        "2030-03-24T16:00:00Z",
        "2030-03-31T15:00:00Z",
        "2030-04-07T15:00:00Z",
    ]
    assert {event["series_id"] for event in made["items"]} == {made["series_id"]}
    assert [event["guest_page"]["slug"] for event in made["items"]] == ["weekly-sail", "weekly-sail-2", "weekly-sail-3"]
    listed = client.get("/api/events/mine", query_string={"series_id": made["series_id"]}, headers=people.bob)
    assert len(listed.get_json()["items"]) == 3


def test_autumn_is_right_too(client: FlaskClient, people: People) -> None:
    answer = make(client, people, "FREQ=DAILY;UNTIL=20301028", starts_at="2030-10-26T18:00:00+03:00")
    starts = [event["starts_at"] for event in answer.get_json()["items"]]
    assert starts == ["2030-10-26T15:00:00Z", "2030-10-27T16:00:00Z", "2030-10-28T16:00:00Z"]


def test_fractions_of_a_second_are_no_matter(client: FlaskClient, people: People) -> None:
    answer = make(client, people, "FREQ=DAILY;COUNT=2", starts_at="2030-03-24T18:00:00.123456+02:00")
    starts = [event["starts_at"] for event in answer.get_json()["items"]]
    assert starts == ["2030-03-24T16:00:00.123456Z", "2030-03-25T16:00:00.123456Z"]


def test_one_can_be_moved_without_the_others(client: FlaskClient, people: People) -> None:
    first, second = make(client, people, "FREQ=MONTHLY;COUNT=2").get_json()["items"]
    client.patch(f"/api/events/{first['id']}", json={"title": "Moved"}, headers=people.alice)
    assert client.get(f"/api/events/{second['id']}", headers=people.alice).get_json()["title"] == second["title"]


@pytest.mark.parametrize(
    ("rrule", "reason"),
    [
        ("FREQ=DAILY;COUNT=10000", "more than 366"),
        ("FREQ=DAILY", "must end"),
        ("FREQ=DAILY;UNTIL=99991231T000000Z", "more than 366"),
        ("FREQ=YEARLY;COUNT=50", "five years"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=3", "starts_at"),
        ("FREQ=HOURLY;COUNT=5", "FREQ"),
        ("FREQ=DAILY;BYHOUR=1,2,3;COUNT=5", "within a day"),
        ("FREQ=WEEKLY;BYDAY=MO;COUNT=2", "starts_at"),
        ("FREQ=WEEKLY;BYDAY=XX;COUNT=2", "not an RRULE"),
        ("FREQ=DAILY;COUNT=-1", "COUNT"),
        ("FREQ=DAILY;COUNT=\u0663", "COUNT"),
        ("FREQ=DAILY;UNTIL=tomorrow", "UNTIL"),
        ("FREQ=DAILY;INTERVAL=0;COUNT=3", "INTERVAL"),
        ("nonsense", "FREQ"),
        ("FREQ=DAILY;COUNT=2;EXDATE=20300325", "not an RRULE"),
    ],
)
def test_it_is_refused_and_nothing_is_made_when_the_rule_will_not_do(
    client: FlaskClient, people: People, database: Database, rrule: str, reason: str
) -> None:
    answer = make(client, people, rrule)
    assert answer.status_code == 422, answer.get_data(as_text=True)
    [error] = answer.get_json()["errors"]
    assert error["pointer"] == "/rrule"
    assert reason in error["detail"]
    assert messages_of(database, "event.changed.v1") == []


def test_nothing_is_made_when_one_of_them_cannot_be(
    client: FlaskClient, people: People, make_event: MakeEvent, database: Database
) -> None:
    make_event(guest_page={"slug": "weekly-sail-3"})
    answer = make(client, people, "FREQ=WEEKLY;COUNT=4", guest_page={"slug": "weekly-sail"})
    assert answer.status_code == 409
    with database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM events")).scalar() == 1
