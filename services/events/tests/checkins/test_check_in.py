"""The door: one ticket lets one person in, once, on however many devices, with and without a network."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from muster_shared import clock
from muster_shared.db import Database
from muster_shared.ids import new_id
from services.events.tests.support import MakeEvent, People, in_days


@pytest.fixture
def event(make_event: MakeEvent) -> dict[str, Any]:
    return make_event(capacity=2)


@pytest.fixture
def ticket(client: FlaskClient, event: dict[str, Any]) -> dict[str, Any]:
    return register(client, event, "Ada")


def register(client: FlaskClient, event: dict[str, Any], name: str) -> dict[str, Any]:
    body = {"name": name, "email": f"{name.lower()}@example.org"}
    made: dict[str, Any] = client.post(f"/api/events/{event['id']}/registrations", json=body).get_json()
    return made


def door_of(client: FlaskClient, event: dict[str, Any], headers: dict[str, str], **body: Any) -> tuple[str, str]:
    answer = client.post(f"/api/events/{event['id']}/staff-links", json={"label": "Gate A", **body}, headers=headers)
    assert answer.status_code == 201, answer.get_data(as_text=True)
    return answer.get_json()["id"], answer.get_json()["url"].removeprefix("http://localhost:8080")


def test_the_second_scan_says_when_and_by_whom_when_a_ticket_is_used_twice(
    client: FlaskClient, people: People, event: dict[str, Any], ticket: dict[str, Any]
) -> None:
    url, code = f"/api/events/{event['id']}/check-ins", ticket["ticket"]["code"]
    first = client.post(url, json={"code": code}, headers=people.bob)
    assert (first.status_code, first.get_json()["checked_in_by"]) == (200, "Bob")
    second = client.post(url, json={"code": code}, headers=people.alice)
    problem = second.get_json()
    assert (second.status_code, problem["type"].rsplit("/", 1)[1]) == (409, "already-checked-in")
    assert (problem["checked_in_at"], problem["checked_in_by"], problem["name"]) == (
        first.get_json()["checked_in_at"],
        "Bob",
        "Ada",
    )


def test_a_code_is_read_however_it_is_written(
    client: FlaskClient, people: People, event: dict[str, Any], ticket: dict[str, Any]
) -> None:
    url, code = f"/api/events/{event['id']}/check-ins", ticket["ticket"]["code"]
    for given in (f"http://localhost:8080/t/{code}", code.lower(), f"{code[:4]} {code[4:8]}-{code[8:]}"):
        done = client.post(url, json={"code": given}, headers=people.alice)
        assert done.status_code == 200
        undone = client.delete(f"{url}/{done.get_json()['registration_id']}", headers=people.alice)
        assert undone.get_json()["name"] == "Ada"
    assert client.delete(f"{url}/{ticket['id']}", headers=people.alice).status_code == 404


def test_nobody_gets_in_when_the_code_is_wrong_waiting_or_of_another_event(
    client: FlaskClient, people: People, make_event: MakeEvent, event: dict[str, Any], ticket: dict[str, Any]
) -> None:
    url = f"/api/events/{event['id']}/check-ins"
    other = f"/api/events/{make_event()['id']}/check-ins"
    code = ticket["ticket"]["code"]
    assert client.post(url, json={"code": "0" * 16}, headers=people.alice).status_code == 404
    assert client.post(other, json={"code": code}, headers=people.alice).status_code == 404
    assert client.post(url, json={"code": code}, headers=people.charlie).status_code == 404
    assert client.post(url, json={"code": code}).status_code == 401
    assert (
        client.delete(f"/api/events/{event['id']}/registrations/{ticket['id']}", headers=people.bob).status_code == 200
    )
    answer = client.post(url, json={"code": code}, headers=people.alice)
    assert (answer.status_code, answer.get_json()["type"].rsplit("/", 1)[1]) == (409, "ticket-not-valid")


def test_one_device_wins_when_many_scan_at_once(
    app: Flask, people: People, event: dict[str, Any], ticket: dict[str, Any], database: Database
) -> None:
    def scan(_: int) -> int:
        body = {"code": ticket["ticket"]["code"]}
        return app.test_client().post(f"/api/events/{event['id']}/check-ins", json=body, headers=people.bob).status_code

    with ThreadPoolExecutor(8) as pool:
        answers = sorted(pool.map(scan, range(24)))
    assert answers == [200] + [409] * 23
    with database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM check_in_log")).scalar() == 1


def test_who_was_let_in_cannot_cancel(
    client: FlaskClient, people: People, event: dict[str, Any], ticket: dict[str, Any]
) -> None:
    base = f"/api/events/{event['id']}"
    client.post(f"{base}/check-ins", json={"code": ticket["ticket"]["code"]}, headers=people.alice)
    answer = client.delete(f"{base}/registrations/{ticket['id']}", headers=people.alice)
    assert (answer.status_code, answer.get_json()["type"].rsplit("/", 1)[1]) == (409, "registration-settled")


def test_a_link_opens_one_door_without_an_account(
    client: FlaskClient, people: People, event: dict[str, Any], ticket: dict[str, Any], make_event: MakeEvent
) -> None:
    _, door = door_of(client, event, people.alice)
    page = client.get(door)
    assert page.status_code == 200
    assert f'data-api="{door}"' in page.get_data(as_text=True)
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "'unsafe-inline'" not in page.headers["Content-Security-Policy"]
    code = ticket["ticket"]["code"]
    listed = client.get(f"{door}/tickets").get_json()
    assert [one["name"] for one in listed["tickets"]] == ["Ada"]
    assert listed["tickets"][0]["code_sha256"] == hashlib.sha256(code.encode()).hexdigest()
    assert code not in client.get(f"{door}/tickets").get_data(as_text=True)
    assert client.post(f"{door}/check-ins", json={"code": code}).get_json()["checked_in_by"] == "Gate A"
    assert client.delete(f"{door}/check-ins/{ticket['id']}").status_code == 200
    elsewhere = register(client, make_event(), "Ben")
    assert client.post(f"{door}/check-ins", json={"code": elsewhere["ticket"]["code"]}).status_code == 404


def test_a_door_is_shut_when_its_link_is_revoked_expired_or_made_up(
    client: FlaskClient, people: People, event: dict[str, Any], database: Database
) -> None:
    link_id, door = door_of(client, event, people.alice)
    _, brief = door_of(client, event, people.alice, expires_at=in_days(1).isoformat())
    base = f"/api/events/{event['id']}/staff-links"
    assert client.delete(f"{base}/{link_id}", headers=people.charlie).status_code == 404
    assert client.delete(f"{base}/{link_id}", headers=people.alice).status_code == 204
    assert client.get(f"{door}/tickets").status_code == 404
    assert client.get(f"{brief}/tickets").status_code == 200
    with clock.frozen(in_days(2)):
        assert client.get(f"{brief}/tickets").status_code == 404
    made_up = client.get(f"/t/staff/{'A' * 43}")
    assert (made_up.status_code, made_up.mimetype) == (404, "text/html"), "people open it"
    with database.read() as connection:
        rows = connection.execute(text("SELECT string_agg(t::text, ' ') FROM staff_links t")).scalar()
    assert brief.rsplit("/", 1)[1] not in rows


def test_scans_made_offline_count_once_when_sent_twice(
    client: FlaskClient, people: People, event: dict[str, Any], ticket: dict[str, Any], database: Database
) -> None:
    _, door = door_of(client, event, people.alice)
    when = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=9)
    scan = {"scan_id": str(new_id()), "code": ticket["ticket"]["code"], "at": when.isoformat()}
    again = {**scan, "scan_id": str(new_id())}
    wrong = {**scan, "scan_id": str(new_id()), "code": "nonsense"}
    outcomes = [
        [result["outcome"] for result in client.post(f"{door}/sync", json={"scans": scans}).get_json()["results"]]
        for scans in ([scan, wrong, again], [scan, wrong, again])
    ]
    assert outcomes == [["checked_in", "unknown", "already"]] * 2
    with database.read() as connection:
        rows = connection.execute(text("SELECT at FROM check_in_log")).scalars().all()
    assert rows == [when]


def test_a_devices_clock_is_not_believed_when_it_is_ahead(
    client: FlaskClient, people: People, event: dict[str, Any], ticket: dict[str, Any]
) -> None:
    _, door = door_of(client, event, people.alice)
    body = {"code": ticket["ticket"]["code"], "at": in_days(3).isoformat(), "scan_id": str(new_id())}
    checked_in_at = client.post(f"{door}/check-ins", json=body).get_json()["checked_in_at"]
    assert datetime.fromisoformat(checked_in_at) <= datetime.now(UTC)


def test_a_ticket_can_be_shown_printed_and_put_in_a_calendar(
    client: FlaskClient, people: People, event: dict[str, Any], ticket: dict[str, Any]
) -> None:
    path = ticket["ticket"]["url"].removeprefix("http://localhost:8080")
    page = client.get(path)
    assert page.status_code == 200
    assert f'src="{path}.svg"' in page.get_data(as_text=True)
    assert "Ada" in page.get_data(as_text=True)
    picture = client.get(f"{path}.svg")
    assert picture.content_type.startswith("image/svg+xml")
    assert picture.get_data().startswith(b"<svg")
    assert "sandbox" in picture.headers["Content-Security-Policy"]
    assert f"UID:{event['id']}@muster.events" in client.get(f"{path}.ics").get_data(as_text=True)
    client.delete(f"/api/events/{event['id']}/registrations/{ticket['id']}", headers=people.alice)
    assert "was cancelled" in client.get(path).get_data(as_text=True)
    assert client.get(f"{path}.svg").status_code == 404
    assert client.get("/t/0000000000000000").status_code == 404


def test_the_doors_worker_may_run_and_reach_its_own_origin_alone(client: FlaskClient) -> None:
    answer = client.get("/t/staff/worker.js")
    assert (answer.status_code, answer.mimetype) == (200, "text/javascript")
    assert answer.text == 'importScripts("/pages/checkin-worker.js");\n'
    policy = answer.headers["Content-Security-Policy"]
    assert policy == "default-src 'none'; script-src 'self'; connect-src 'self'"
