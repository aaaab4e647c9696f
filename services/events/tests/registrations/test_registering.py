"""Registering, waiting, cancelling: over HTTP, by account, by e-mail, by link, and all at once."""

import csv
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from muster_events.registrations.fan_out import tell_due
from muster_shared import clock
from muster_shared.auth import links
from muster_shared.db import Database
from muster_shared.ids import new_id
from muster_shared.testing.tokens import TestIssuer
from services.events.tests.support import LINK_SECRET, MakeEvent, MakeKey, People, in_days, messages_of

NAMES = ("Ada", "Ben", "Cleo", "Dora", "Emil")


def url_of(event: dict[str, Any], tail: str = "registrations") -> str:
    return f"/api/events/{event['id']}/{tail}"


def person(name: str) -> dict[str, Any]:
    return {"name": name, "email": f"{name.lower()}@example.org"}


def register(client: FlaskClient, event: dict[str, Any], name: str, **more: Any) -> dict[str, Any]:
    answer = client.post(url_of(event), json={**person(name), **more})
    assert answer.status_code == 201, answer.get_data(as_text=True)
    made: dict[str, Any] = answer.get_json()
    return made


def link_to(registration: dict[str, Any], **changes: Any) -> str:
    given = {
        "secret": LINK_SECRET,
        "audience": "registration-link",
        "subject": UUID(registration["id"]),
        "version": 1,
        "expires_at": in_days(1),
        **changes,
    }
    return f"/api/events/registrations/{links.mint(**given)}"


def counts(database: Database, event: dict[str, Any]) -> tuple[int, int, Counter[str]]:
    with database.read() as connection:
        row = connection.execute(
            text("SELECT registered_count, waitlisted_count FROM events WHERE id = :id"), {"id": event["id"]}
        ).one()
        rows = connection.execute(
            text("SELECT status FROM registrations WHERE event_id = :id"), {"id": event["id"]}
        ).scalars()
        return row[0], row[1], Counter(rows)


def reasons(database: Database) -> list[tuple[str, str]]:
    told = messages_of(database, "registration.changed.v1")
    return [(message["name"], message["reason"]) for message in told]


def test_a_ticket_is_given_when_there_is_room(client: FlaskClient, make_event: MakeEvent, database: Database) -> None:
    made = register(client, make_event(capacity=2), "Ada")
    assert (made["status"], made["position"]) == ("confirmed", None)
    code = made["ticket"]["code"]
    assert made["ticket"]["qr_svg_url"] == f"http://localhost:8080/t/{code}.svg"
    [told] = messages_of(database, "registration.changed.v1")
    assert (told["email"], told["reason"], told["ticket_code"]) == ("ada@example.org", "registered", code)


def test_the_queue_is_kept_in_order_when_it_is_full(
    client: FlaskClient, make_event: MakeEvent, database: Database
) -> None:
    event = make_event(capacity=1)
    made = [register(client, event, name) for name in NAMES[:3]]
    assert [(one["status"], one["position"], one["ticket"] is None) for one in made] == [
        ("confirmed", None, False),
        ("waitlisted", 1, True),
        ("waitlisted", 2, True),
    ]
    assert client.delete(link_to(made[0])).status_code == 200
    assert client.get(link_to(made[1])).get_json()["status"] == "confirmed"
    assert client.get(link_to(made[2])).get_json()["position"] == 1
    assert reasons(database)[-2:] == [("Ada", "cancelled"), ("Ben", "promoted")]
    assert counts(database, event) == (1, 1, Counter(confirmed=1, waitlisted=1, cancelled=1))


def test_nobody_passes_the_queue_when_capacity_is_raised(
    client: FlaskClient, people: People, make_event: MakeEvent, database: Database
) -> None:
    event = make_event(capacity=1)
    for name in NAMES[:4]:
        register(client, event, name)
    url = f"/api/events/{event['id']}"
    raised = client.patch(url, json={"capacity": 3}, headers=people.alice).get_json()
    assert (raised["registered_count"], raised["waitlisted_count"]) == (3, 1)
    assert [name for name, reason in reasons(database) if reason == "promoted"] == ["Ben", "Cleo"]
    assert register(client, event, "Emil")["position"] == 2
    unlimited = client.patch(url, json={"capacity": None}, headers=people.alice).get_json()
    assert (unlimited["registered_count"], unlimited["waitlisted_count"]) == (5, 0)


def test_capacity_cannot_go_below_who_is_registered(client: FlaskClient, people: People, make_event: MakeEvent) -> None:
    event = make_event(capacity=3)
    for name in NAMES[:2]:
        register(client, event, name)
    url = f"/api/events/{event['id']}"
    answer = client.patch(url, json={"capacity": 1, "title": "Smaller"}, headers=people.alice)
    assert answer.status_code == 409
    assert answer.get_json()["type"].endswith("/capacity-too-low")
    assert client.get(url, headers=people.alice).get_json()["title"] == event["title"]


def test_the_second_is_refused_when_the_address_differs_only_in_capitals(
    client: FlaskClient, make_event: MakeEvent, database: Database
) -> None:
    event = make_event(capacity=5)
    register(client, event, "Ada")
    answer = client.post(url_of(event), json={"name": "Ada again", "email": "ADA@example.org"})
    assert answer.status_code == 409
    assert answer.get_json()["type"].endswith("/already-registered")
    assert counts(database, event)[0] == 1


def test_a_place_can_be_taken_again_when_it_was_cancelled(
    client: FlaskClient, make_event: MakeEvent, database: Database
) -> None:
    event = make_event(capacity=1)
    first = register(client, event, "Ada")
    assert client.delete(link_to(first)).get_json()["status"] == "cancelled"
    assert client.delete(link_to(first)).status_code == 200
    second = register(client, event, "Ada")
    assert second["status"] == "confirmed"
    assert second["ticket"]["code"] != first["ticket"]["code"]
    assert counts(database, event) == (1, 0, Counter(confirmed=1, cancelled=1))


@pytest.mark.parametrize("capacity", [20, None])
def test_never_one_too_many_when_all_come_at_once(
    app: Flask, make_event: MakeEvent, database: Database, capacity: int | None
) -> None:
    event, people_count = make_event(capacity=capacity), 120

    def come(number: int) -> tuple[int, str, int | None]:
        answer = app.test_client().post(url_of(event), json=person(f"P{number}"))
        body = answer.get_json()
        return answer.status_code, body.get("status"), body.get("position")

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(come, range(people_count)))
    assert {status for status, _, _ in answers} == {201}
    seats = people_count if capacity is None else capacity
    assert Counter(status for _, status, _ in answers)["confirmed"] == seats
    assert sorted(p for _, _, p in answers if p is not None) == list(range(1, people_count - seats + 1))
    assert counts(database, event)[:2] == (seats, people_count - seats)


def test_every_seat_stays_taken_when_people_cancel_and_come_at_once(
    app: Flask, client: FlaskClient, make_event: MakeEvent, database: Database
) -> None:
    event = make_event(capacity=10)
    first = [register(client, event, f"F{n}") for n in range(20)]

    def act(number: int) -> int:
        one = app.test_client()
        if number % 2:
            return one.delete(link_to(first[number // 2])).status_code
        return one.post(url_of(event), json=person(f"L{number}")).status_code

    with ThreadPoolExecutor(12) as pool:
        assert set(pool.map(act, range(40))) <= {200, 201}
    registered, waiting, statuses = counts(database, event)
    assert registered == statuses["confirmed"] == 10
    assert waiting == statuses["waitlisted"] == 10
    promoted = [name for name, reason in reasons(database) if reason == "promoted"]
    assert len(promoted) == len(set(promoted))


def test_one_registration_is_made_when_the_same_call_comes_twice(
    client: FlaskClient, make_event: MakeEvent, database: Database
) -> None:
    event, headers = make_event(capacity=5), {"Idempotency-Key": "form-1"}
    answers = [client.post(url_of(event), json=person("Ada"), headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].get_json() == answers[1].get_json()
    assert counts(database, event)[0] == 1


def test_it_is_closed_when_the_event_is_cancelled_over_or_a_draft(
    client: FlaskClient, people: People, make_event: MakeEvent
) -> None:
    cancelled, over, draft = make_event(), make_event(), make_event(publish=False)
    client.post(f"/api/events/{cancelled['id']}/cancel", json={}, headers=people.alice)
    answer = client.post(url_of(cancelled), json=person("Ada"))
    assert (answer.status_code, answer.get_json()["type"].rsplit("/", 1)[1]) == (409, "registration-closed")
    with clock.frozen(in_days(40)):
        assert client.post(url_of(over), json=person("Ada")).status_code == 409
    assert client.post(url_of(draft), json=person("Ada")).status_code == 404
    assert client.post(url_of({"id": new_id()}), json=person("Ada")).status_code == 404


def test_a_private_event_is_not_found_but_its_staff_may_register_people(
    client: FlaskClient, people: People, make_event: MakeEvent
) -> None:
    event = make_event(visibility="private")
    assert client.post(url_of(event), json=person("Ada")).status_code == 404
    assert client.post(url_of(event), json=person("Ada"), headers=people.charlie).status_code == 404
    assert client.post(url_of(event), json=person("Ada"), headers=people.bob).status_code == 201


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"email": "ada@example.org"}, "/name"),
        ({"name": "Ada"}, "/email"),
        ({"name": "Ada", "email": "nowhere"}, "/email"),
        ({"name": "A\u0000da", "email": "ada@example.org"}, None),
        ({"name": "x" * 121, "email": "ada@example.org"}, "/name"),
        ({"name": "Ada", "email": "ada@example.org", "answers": {"food": "fish"}}, "/answers/terms"),
        ({"name": "Ada", "email": "ada@example.org", "answers": {"terms": True, "food": "cake"}}, "/answers/food"),
        ({"name": "Ada", "email": "ada@example.org", "answers": {"terms": True, "other": "x"}}, "/answers/other"),
    ],
)
def test_the_field_is_named_when_a_registration_is_wrong(
    client: FlaskClient, make_event: MakeEvent, database: Database, body: dict[str, Any], pointer: str | None
) -> None:
    questions = [
        {"id": "terms", "label": "I can swim", "type": "boolean", "required": True},
        {"id": "food", "label": "Food", "type": "choice", "options": ["fish", "none"]},
    ]
    event = make_event(questions=questions)
    answer = client.post(url_of(event), json=body)
    assert answer.status_code in {400, 422}
    if pointer is not None:
        assert pointer in {error["pointer"] for error in answer.get_json()["errors"]}
    assert counts(database, event) == (0, 0, Counter())


def test_an_account_sees_what_it_is_registered_for(
    client: FlaskClient, people: People, make_event: MakeEvent, issuer: TestIssuer
) -> None:
    visitor = issuer.headers(new_id(), name="Vera")
    event, other = make_event(capacity=1), make_event(title="Another")
    assert client.get(url_of(event, "registrations/me"), headers=visitor).status_code == 404
    for one in (event, other):
        answer = client.post(url_of(one), json={"email": "vera@example.org"}, headers=visitor)
        assert (answer.status_code, answer.get_json()["name"]) == (201, "Vera")
    listed = client.get("/api/events/registered", headers=visitor).get_json()["items"]
    assert [item["event"]["title"] for item in listed] == ["Another", event["title"]]
    assert "crew" not in listed[0]["event"]
    assert client.get(url_of(event, "registrations/me"), headers=visitor).get_json()["status"] == "confirmed"
    assert client.delete(url_of(event, "registrations/me"), headers=visitor).status_code == 200
    assert client.get(url_of(event, "registrations/me"), headers=visitor).get_json()["status"] == "cancelled"
    assert client.get("/api/events/registered", headers=people.charlie).get_json()["items"] == []


def test_a_link_is_dead_when_forged_expired_or_for_something_else(client: FlaskClient, make_event: MakeEvent) -> None:
    made = register(client, make_event(), "Ada")
    assert client.get(link_to(made)).status_code == 200
    assert client.get(link_to(made, expires_at=in_days(-1))).status_code == 410
    assert client.get(link_to(made, version=2)).status_code == 410
    for forged in ({"secret": "another-secret-of-more-than-32-characters"}, {"audience": "crew-link"}):
        assert client.get(link_to(made, **forged)).status_code == 404
        assert client.delete(link_to(made, **forged)).status_code == 404


def test_the_list_is_for_staff_and_as_csv_runs_no_formula(
    client: FlaskClient, people: People, make_event: MakeEvent, make_key: MakeKey
) -> None:
    questions = [{"id": "wish", "label": "=Wishes"}]
    event = make_event(capacity=1, questions=questions)
    hostile = '=HYPERLINK("http://evil.example","x")'
    client.post(url_of(event), json={"name": hostile, "email": "x@example.org", "answers": {"wish": "@SUM(A1)"}})
    register(client, event, "Ben", answers={"wish": "tea, please\n+ milk"})
    assert client.get(url_of(event)).status_code == 401
    assert client.get(url_of(event), headers=people.charlie).status_code == 404
    listed = client.get(url_of(event), query_string={"status": "waitlisted"}, headers=people.bob).get_json()["items"]
    assert [item["name"] for item in listed] == ["Ben"]
    answer = client.get(url_of(event), headers={**make_key("events:read"), "Accept": "text/csv"})
    assert answer.content_type == "text/csv; charset=utf-8"
    header, first, second = list(csv.reader(StringIO(answer.get_data(as_text=True))))
    assert (header[0], header[-1]) == ("name", "'=Wishes")
    assert (first[0], first[-1]) == ("'" + hostile, "'@SUM(A1)")
    assert (second[2], second[-1]) == ("waitlisted", "tea, please\n+ milk")


def test_everybody_is_told_once_when_the_event_moves_and_is_called_off(
    client: FlaskClient, people: People, make_event: MakeEvent, database: Database
) -> None:
    event = make_event(capacity=1)
    for name in NAMES[:2]:
        register(client, event, name)
    gone = register(client, event, "Cleo")
    client.delete(link_to(gone))
    url = f"/api/events/{event['id']}"
    client.patch(url, json={"starts_at": in_days(31).isoformat()}, headers=people.alice)
    client.patch(url, json={"starts_at": in_days(32).isoformat()}, headers=people.alice)
    client.patch(url, json={"description": "Bring a coat"}, headers=people.alice)
    tell_due(database)
    before = len(messages_of(database, "registration.changed.v1"))
    with clock.frozen(clock.now() + timedelta(seconds=10)):
        tell_due(database)
        tell_due(database)
    assert reasons(database)[before:] == [("Ada", "event_changed"), ("Ben", "event_changed")]
    client.post(f"{url}/cancel", json={}, headers=people.alice)
    with clock.frozen(clock.now() + timedelta(seconds=10)):
        tell_due(database)
        tell_due(database)
    assert reasons(database)[before + 2 :] == [("Ada", "event_cancelled"), ("Ben", "event_cancelled")]


def test_an_address_is_spared_when_somebody_registers_it_everywhere(
    client: FlaskClient, make_event: MakeEvent, database: Database
) -> None:
    event = make_event()
    answers = []
    for _ in range(22):
        answer = client.post(url_of(event), json=person("Ada"))
        answers.append(answer.status_code)
        if answer.status_code == 201:
            client.delete(link_to(answer.get_json()))
    assert answers[:20] == [201] * 20
    assert answers[-1] == 429
    assert client.post(url_of(event), json=person("Ben")).status_code == 201


def test_a_page_says_so_when_there_is_no_such_ticket(client: FlaskClient) -> None:
    answer = client.get("/t/7QX2MKD0A1B2C3D4")
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert "There is no such ticket" in answer.text
    assert "7QX2" not in answer.text
