"""An event's life over HTTP: made, read, edited, published, cancelled, completed, copied, deleted."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from muster_shared import clock
from muster_shared.db import Database
from muster_shared.ids import new_id
from services.events.tests.support import MakeEvent, MakeKey, People, event_body, in_days, messages_of

EVENTS = "/api/events"


def errors_of(answer: Any) -> dict[str, str]:
    """Pointer -> detail of a problem."""
    return {error["pointer"]: error["detail"] for error in answer.get_json().get("errors", [])}


def test_a_key_creates_for_its_own_organisation_when_none_is_named(
    client: FlaskClient, people: People, make_key: MakeKey
) -> None:
    answer = client.post(EVENTS, json=event_body(), headers=make_key("events:write"))
    assert answer.status_code == 201
    body = answer.get_json()
    assert body["org_id"] == str(people.org_id)
    assert body["status"] == "published"
    assert answer.headers["Location"] == f"{EVENTS}/{body['id']}"
    assert body["ends_at"] == (in_days(30) + timedelta(hours=2)).isoformat().replace("+00:00", "Z")
    assert body["guest_page"]["url"] == f"http://localhost:8080/g/{body['guest_page']['code']}"


def test_another_organisation_is_not_found_when_a_key_names_it(
    client: FlaskClient, people: People, make_key: MakeKey
) -> None:
    body = event_body(org_id=str(people.other_org_id))
    assert client.post(EVENTS, json=body, headers=make_key("events:write")).status_code == 404


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"title": None}, "/title"),
        ({"title": "   "}, "/title"),
        ({"title": "x" * 10_000}, "/title"),
        ({"title": "bell\u0007"}, "/title"),
        ({"title": 7}, "/title"),
        ({"kind": "wedding"}, "/kind"),
        ({"starts_at": "2030-01-01T10:00:00"}, "/starts_at"),
        ({"starts_at": "2030-02-30T10:00:00Z"}, "/starts_at"),
        ({"timezone": "Europe/Atlantis"}, "/timezone"),
        ({"timezone": None}, "/timezone"),
        ({"ends_at": in_days(40).isoformat()}, ""),
        ({"duration_minutes": None}, ""),
        ({"duration_minutes": None, "ends_at": in_days(29).isoformat()}, ""),
        ({"starts_at": in_days(-3).isoformat()}, "/starts_at"),
        ({"capacity": 0}, "/capacity"),
        ({"surprise": 1}, "/surprise"),
        ({"venue": {"type": "moon"}}, "/venue/type"),
        ({"venue": {"url": "javascript:alert(1)"}}, "/venue/url"),
        ({"guest_page": {"slug": "No Good"}}, "/guest_page/slug"),
        ({"crew": [{"crew_member_id": str(new_id()), "role": "Captain"}]}, "/crew/0/crew_member_id"),
        ({"finance": {"currency": "EUR", "revenue": 1.5}}, "/finance/revenue"),
        ({"questions": [{"id": "a", "label": "A"}, {"id": "a", "label": "B"}]}, ""),
    ],
)
def test_the_field_is_named_and_nothing_is_made_when_input_is_wrong(
    client: FlaskClient, people: People, database: Database, changes: dict[str, Any], pointer: str
) -> None:
    answer = client.post(EVENTS, json=event_body(org_id=str(people.org_id), **changes), headers=people.alice)
    assert answer.status_code == 422, answer.get_data(as_text=True)
    assert answer.mimetype == "application/problem+json"
    assert pointer in errors_of(answer)
    with database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM events")).scalar() == 0
        assert connection.execute(text("SELECT count(*) FROM outbox")).scalar() == 0


def test_right_to_left_text_is_kept_when_given(make_event: MakeEvent) -> None:
    assert make_event(title="רוח ים — رحلة")["title"] == "רוח ים — رحلة"


@pytest.mark.parametrize("body", [b"null", b"{", b"[]", b"\xff"])
def test_it_is_malformed_when_the_body_is_no_object(client: FlaskClient, people: People, body: bytes) -> None:
    answer = client.post(EVENTS, data=body, headers=people.alice, content_type="application/json")
    assert answer.status_code == 400


def test_finance_needs_its_own_scope_when_a_key_creates(client: FlaskClient, make_key: MakeKey) -> None:
    body = event_body(finance={"currency": "EUR", "revenue": 100})
    assert client.post(EVENTS, json=body, headers=make_key("events:write")).status_code == 403
    assert client.post(EVENTS, json=body, headers=make_key("events:write", "finance:write")).status_code == 201


def test_one_event_is_made_when_a_keyed_create_is_repeated(
    client: FlaskClient, people: People, database: Database
) -> None:
    body, headers = event_body(org_id=str(people.org_id)), {**people.alice, "Idempotency-Key": "booking-1"}
    first = client.post(EVENTS, json=body, headers=headers)
    second = client.post(EVENTS, json=body, headers=headers)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.get_json() == second.get_json()
    assert second.headers["Idempotency-Replayed"] == "true"
    assert len(messages_of(database, "event.changed.v1")) == 1


def test_a_slug_belongs_to_one_event_when_two_want_it(
    client: FlaskClient, people: People, make_event: MakeEvent
) -> None:
    make_event(guest_page={"slug": "sunset-sailing"})
    body = event_body(org_id=str(people.org_id), guest_page={"slug": "sunset-sailing"})
    answer = client.post(EVENTS, json=body, headers=people.alice)
    assert answer.status_code == 409
    assert answer.get_json()["type"].endswith("/slug-taken")


def test_an_edit_is_refused_when_the_version_was_not_the_one_read(
    client: FlaskClient, people: People, make_event: MakeEvent
) -> None:
    event = make_event()
    url = f"{EVENTS}/{event['id']}"
    etag = client.get(url, headers=people.alice).headers["ETag"]
    first = client.patch(url, json={"title": "A"}, headers={**people.alice, "If-Match": etag})
    assert (first.status_code, first.get_json()["version"]) == (200, 2)
    second = client.patch(url, json={"title": "B"}, headers={**people.bob, "If-Match": etag})
    assert second.status_code == 412
    assert client.get(url, headers=people.alice).get_json()["title"] == "A"


def test_sequence_and_version_grow_when_the_time_moves_but_not_when_nothing_differs(
    client: FlaskClient, people: People, make_event: MakeEvent, database: Database
) -> None:
    event = make_event()
    url = f"{EVENTS}/{event['id']}"
    same = client.patch(url, json={"title": event["title"]}, headers=people.alice).get_json()
    assert same["version"] == 1
    moved = client.patch(url, json={"starts_at": in_days(31).isoformat()}, headers=people.alice).get_json()
    assert moved["version"] == 2
    assert datetime.fromisoformat(moved["ends_at"]) - datetime.fromisoformat(moved["starts_at"]) == timedelta(hours=2)
    facts = messages_of(database, "event.changed.v1")[-1]["event"]
    assert (facts["version"], facts["ics_sequence"]) == (2, 1)


@pytest.mark.parametrize(
    ("patch", "pointer"),
    [
        ({"starts_at": in_days(-1).isoformat()}, "/starts_at"),
        ({"ends_at": in_days(29).isoformat()}, "/ends_at"),
        ({"title": None}, ""),
        ({"capacity": "many"}, "/capacity"),
    ],
)
def test_an_edit_names_the_field_when_it_cannot_be(
    client: FlaskClient, people: People, make_event: MakeEvent, patch: dict[str, Any], pointer: str
) -> None:
    answer = client.patch(f"{EVENTS}/{make_event()['id']}", json=patch, headers=people.alice)
    assert answer.status_code == 422
    assert pointer in errors_of(answer)


def test_a_draft_goes_its_way_when_published_then_cancelled(
    client: FlaskClient, people: People, make_event: MakeEvent
) -> None:
    event = make_event(publish=False)
    url = f"{EVENTS}/{event['id']}"
    assert client.get(url).status_code == 404
    assert client.post(f"{url}/publish", headers=people.alice).get_json()["status"] == "published"
    assert client.post(f"{url}/publish", headers=people.alice).status_code == 200
    assert client.delete(url, headers=people.alice).status_code == 409
    cancelled = client.post(f"{url}/cancel", json={"reason": "Gale warning"}, headers=people.alice).get_json()
    assert (cancelled["status"], cancelled["cancel_reason"]) == ("cancelled", "Gale warning")
    assert client.patch(url, json={"title": "x"}, headers=people.alice).status_code == 409
    assert client.post(f"{url}/complete", headers=people.alice).status_code == 409


def test_completion_waits_for_the_start_when_the_event_is_ahead(
    client: FlaskClient, people: People, make_event: MakeEvent
) -> None:
    url = f"{EVENTS}/{make_event()['id']}"
    assert client.post(f"{url}/complete", headers=people.alice).status_code == 409
    with clock.frozen(in_days(30) + timedelta(minutes=5)):
        assert client.post(f"{url}/complete", headers=people.alice).get_json()["status"] == "completed"


def test_nothing_is_left_when_a_draft_is_deleted(
    client: FlaskClient, people: People, make_event: MakeEvent, database: Database
) -> None:
    event = make_event(publish=False, finance={"currency": "EUR", "revenue": 5})
    assert client.delete(f"{EVENTS}/{event['id']}", headers=people.alice).status_code == 204
    assert client.get(f"{EVENTS}/{event['id']}", headers=people.alice).status_code == 404
    assert messages_of(database, "event.changed.v1")[-1]["event"]["deleted"] is True
    with database.transaction() as session:
        session.execute(text("SET LOCAL ROLE muster_events_finance"))
        assert session.execute(text("SELECT count(*) FROM events_finance.finances")).scalar() == 0


def test_the_local_hour_stays_when_a_copy_crosses_a_change_of_the_clock(
    client: FlaskClient, people: People, make_event: MakeEvent
) -> None:
    event = make_event(starts_at="2030-03-24T18:00:00+02:00", timezone="Europe/Athens", guest_page={"slug": "one"})
    answer = client.post(f"{EVENTS}/{event['id']}/duplicate", json={"shift_days": 7}, headers=people.alice)
    copy = answer.get_json()
    assert answer.status_code == 201
    assert copy["starts_at"] == "2030-03-31T15:00:00Z"
    assert (copy["status"], copy["guest_page"]["slug"], copy["copied_from"]) == ("draft", None, event["id"])
    assert copy["guest_page"]["code"] != event["guest_page"]["code"]


def test_everything_is_not_found_when_a_stranger_asks(
    client: FlaskClient, people: People, make_event: MakeEvent
) -> None:
    event = make_event(visibility="private")
    url = f"{EVENTS}/{event['id']}"
    calls = [
        client.get(url, headers=people.charlie),
        client.get(url),
        client.patch(url, json={"title": "Mine"}, headers=people.charlie),
        client.delete(url, headers=people.charlie),
        client.get(f"{url}/finance", headers=people.charlie),
        client.get(f"{url}/log", headers=people.charlie),
        *(
            client.post(f"{url}/{verb}", json={}, headers=people.charlie)
            for verb in ("publish", "cancel", "complete", "duplicate")
        ),
    ]
    assert [answer.status_code for answer in calls] == [404] * len(calls)
    unknown = client.patch(f"{EVENTS}/{new_id()}", json={"title": "Mine"}, headers=people.charlie)
    assert unknown.get_json()["type"] == calls[2].get_json()["type"]


def test_the_log_says_who_did_what_when_asked(client: FlaskClient, people: People, make_event: MakeEvent) -> None:
    url = f"{EVENTS}/{make_event()['id']}"
    client.patch(url, json={"title": "Other"}, headers=people.bob)
    items = client.get(f"{url}/log", headers=people.alice).get_json()["items"]
    assert [(item["action"], item["actor_name"], item["changed"]) for item in items] == [
        ("edited", "Bob", ["title"]),
        ("created", "Alice", ["published"]),
    ]


def test_my_events_come_in_pages_when_there_are_many(
    client: FlaskClient, people: People, make_event: MakeEvent
) -> None:
    made = [make_event(title=f"Number {n}", starts_at=in_days(10 + n).isoformat())["id"] for n in range(5)]
    seen, cursor = [], None
    while True:
        query = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = client.get(f"{EVENTS}/mine", query_string=query, headers=people.bob).get_json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == made
    assert client.get(f"{EVENTS}/mine", headers=people.charlie).get_json()["items"] == []
    tampered = client.get(f"{EVENTS}/mine", query_string={"cursor": "AAAA"}, headers=people.bob)
    assert tampered.status_code == 422
