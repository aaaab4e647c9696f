"""Answers: each press has one effect, at the right time, and reaches those who should know."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from services.events.tests.crew.support import FORM_BROWSER, CrewWorld


def test_form_leads_back_to_the_sheet_when_confirmed(crew: CrewWorld) -> None:
    assignment = crew.assign(crew.event(), crew.member())
    token = crew.token(assignment)
    answer = crew.press(token, "confirm", {"seen": "1"})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/c/{token}")
    page = crew.open(token).get_data(as_text=True)
    assert "Thank you. You are confirmed." in page
    assert "Confirm: I’ll be there" not in page
    shown = crew.assignment(assignment)
    assert shown["status"] == "confirmed"
    assert shown["responded_at"] is not None
    assert [m["answer"] for m in crew.messages("crew.answered.v1")] == ["confirmed"]


def test_one_effect_remains_when_the_same_is_pressed_again(crew: CrewWorld) -> None:
    assignment = crew.assign(crew.event(), crew.member())
    token = crew.token(assignment)
    for action in ("confirm", "confirm", "decline", "decline"):
        assert crew.send(token, action).status_code == 200
    assert [m["answer"] for m in crew.messages("crew.answered.v1")] == ["confirmed", "declined"]
    assert crew.history(assignment) == ["assigned", "confirmed", "declined"]
    assert len(crew.messages("planner.alerted.v1")) == 1


def test_one_effect_remains_when_pressed_by_many_at_once(crew: CrewWorld, app: Flask) -> None:
    assignment = crew.assign(crew.event(), crew.member())
    token = crew.token(assignment)

    def press(_number: int) -> int:
        return app.test_client().post(f"/c/{token}/confirm", data={}, headers=FORM_BROWSER).status_code

    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(press, range(60)))
    assert set(statuses) == {303}
    assert len(crew.messages("crew.answered.v1")) == 1
    assert crew.history(assignment) == ["assigned", "confirmed"]


def test_operator_is_told_at_once_when_declined_with_a_reason(crew: CrewWorld) -> None:
    assignment = crew.assign(crew.event(), crew.member("Kostas"))
    answer = crew.press(crew.token(assignment), "decline", {"reason": "Flu,\r\nsorry"})
    assert answer.status_code == 303
    shown = crew.assignment(assignment)
    assert (shown["status"], shown["decline_reason"]) == ("declined", "Flu,\nsorry")
    alert = crew.messages("planner.alerted.v1")[0]
    assert (alert["alert"], alert["crew_name"], alert["role"], alert["reason"]) == (
        "declined",
        "Kostas",
        "Captain",
        "Flu,\nsorry",
    )


def test_answer_can_change_both_ways_when_before_the_start(crew: CrewWorld) -> None:
    assignment = crew.assign(crew.event(), crew.member())
    token = crew.token(assignment)
    for action, status in (("decline", "declined"), ("confirm", "confirmed"), ("decline", "declined")):
        assert crew.send(token, action).get_json()["status"] == status
    assert crew.history(assignment) == ["assigned", "declined", "confirmed", "declined"]
    alerts = [m["alert"] for m in crew.messages("planner.alerted.v1")]
    assert alerts == ["declined", "confirmed_after_decline", "declined"]


@pytest.mark.parametrize("action", ["confirm", "decline"])
def test_answer_is_refused_when_it_has_begun(crew: CrewWorld, action: str) -> None:
    event = crew.event()
    assignment = crew.assign(event, crew.member())
    token = crew.token(assignment)
    crew.shift_event(event, starts_in=timedelta(seconds=-1))
    refused = crew.send(token, action)
    assert refused.status_code == 409
    assert refused.get_json()["type"].endswith("/answer-too-late")
    page = crew.press(token, action)
    assert page.status_code == 409
    assert "answers are no longer taken here" in page.get_data(as_text=True)
    assert f"/{action}" not in page.get_data(as_text=True)
    assert crew.assignment(assignment)["status"] == "invited"


def test_answer_is_taken_when_the_last_moment_before_the_start(crew: CrewWorld) -> None:
    event = crew.event()
    assignment = crew.assign(event, crew.member())
    crew.shift_event(event, starts_in=timedelta(seconds=30))
    assert crew.send(crew.token(assignment), "confirm").status_code == 200


def test_press_is_refused_when_the_page_showed_another_time(crew: CrewWorld) -> None:
    event = crew.event()
    assignment = crew.assign(event, crew.member())
    token = crew.token(assignment)
    assert 'name="seen" value="1"' in crew.open(token).get_data(as_text=True)
    crew.edit_event(event, duration_minutes=300)
    refused = crew.press(token, "confirm", {"seen": "1"})
    page = refused.get_data(as_text=True)
    assert refused.status_code == 409
    assert "Time or place changed while this page was open" in page
    assert 'name="seen" value="2"' in page
    assert crew.assignment(assignment)["status"] == "invited"
    assert crew.press(token, "confirm", {"seen": "2"}).status_code == 303
    assert crew.assignment(assignment)["status"] == "confirmed"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
    ],
)
def test_form_is_refused_when_it_stands_on_another_site(crew: CrewWorld, headers: dict[str, str]) -> None:
    assignment = crew.assign(crew.event(), crew.member())
    answer = crew.press(crew.token(assignment), "confirm", {}, **headers)
    assert answer.status_code == 403
    assert "this answer was not taken" in answer.get_data(as_text=True)
    assert crew.assignment(assignment)["status"] == "invited"


def test_form_is_refused_when_an_old_browser_names_another_origin(crew: CrewWorld) -> None:
    assignment = crew.assign(crew.event(), crew.member())
    address = f"/c/{crew.token(assignment)}/confirm"
    form = {"seen": "1"}
    assert crew.client.post(address, data=form, headers={"Origin": "https://elsewhere.example"}).status_code == 403
    assert crew.client.post(address, json={}, headers={"Origin": "https://elsewhere.example"}).status_code == 403
    assert crew.assignment(assignment)["status"] == "invited"
    assert crew.client.post(address, data=form, headers={"Origin": "http://localhost:8080"}).status_code == 303


@pytest.mark.parametrize(
    ("action", "body", "pointer"),
    [
        ("confirm", {"seen": "1"}, "/seen"),
        ("confirm", {"seen": 0}, "/seen"),
        ("confirm", {"answer": "yes"}, "/answer"),
        ("decline", {"reason": "x" * 501}, "/reason"),
        ("decline", {"reason": ["ill"]}, "/reason"),
        ("decline", {"reason": "a\u0000b"}, None),
        ("status", {}, "/status"),
        ("status", {"status": "asleep"}, "/status"),
        ("photos", {"filename": "a.jpg", "content_type": "image/jpeg", "size": 0, "purpose": "job_before"}, "/size"),
        ("photos", {"filename": "a.jpg", "content_type": "image/jpeg", "size": 1, "purpose": "banner"}, "/purpose"),
    ],
)
def test_bad_press_is_refused_naming_the_field_when_sent(
    crew: CrewWorld, action: str, body: dict[str, object], pointer: str | None
) -> None:
    assignment = crew.assign(crew.event(), crew.member())
    answer = crew.send(crew.token(assignment), action, body)
    assert answer.status_code in {400, 422}
    if pointer is not None:
        assert [error["pointer"] for error in answer.get_json()["errors"]] == [pointer]
    assert crew.assignment(assignment)["status"] == "invited"


@pytest.mark.parametrize("raw", [b"null", b"[]", b"{", b'"x"', b"\xff"])
def test_bad_body_is_refused_when_it_is_no_object(crew: CrewWorld, raw: bytes) -> None:
    assignment = crew.assign(crew.event(), crew.member())
    address = f"/c/{crew.token(assignment)}/decline"
    assert crew.client.post(address, data=raw, content_type="application/json").status_code == 400
    assert crew.assignment(assignment)["status"] == "invited"


def test_presses_are_slowed_when_somebody_toggles_without_end(crew: CrewWorld) -> None:
    token = crew.token(crew.assign(crew.event(), crew.member()))
    statuses = [crew.send(token, ("confirm", "decline")[n % 2]).status_code for n in range(30)]
    assert statuses[:20] == [200] * 20
    assert set(statuses[20:]) == {200, 429}
    assert crew.open(token).status_code == 200


def test_answer_is_recorded_when_a_planner_heard_it_otherwise(crew: CrewWorld) -> None:
    assignment = crew.assign(crew.event(), crew.member())
    assert crew.patch(assignment, status="confirmed").get_json()["status"] == "confirmed"
    declined = crew.patch(assignment, status="declined", decline_reason="Rang to say so").get_json()
    assert (declined["status"], declined["decline_reason"]) == ("declined", "Rang to say so")
    assert crew.history(assignment) == ["assigned", "confirmed", "declined"]


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "invited"},
        {"status": None},
        {"status": "confirmed", "decline_reason": "x"},
        {"role": ""},
        {"standby_rank": 0},
        {"worked_minutes": -1},
        {"delivery": "sent"},
        {"crew_member_id": "x"},
    ],
)
def test_bad_change_is_refused_when_sent(crew: CrewWorld, changes: dict[str, object]) -> None:
    assignment = crew.assign(crew.event(), crew.member())
    assert crew.patch(assignment, **changes).status_code == 422
    assert crew.assignment(assignment) == assignment


def test_webhooks_are_told_when_somebody_answers(crew: CrewWorld) -> None:
    hook = {"url": "https://93.184.215.14/in", "types": ["crew.confirmed"], "org_id": str(crew.people.org_id)}
    made = crew.client.post("/api/events/webhooks", json=hook, headers=crew.people.alice)
    assert made.status_code == 201, made.text
    assignment = crew.assign(crew.event(booking_ref="B-7"), crew.member())
    for action in ("confirm", "decline"):
        crew.send(crew.token(assignment), action)
    with crew.database.read() as connection:
        payloads = list(connection.execute(text("SELECT payload FROM webhook_deliveries")).scalars())
    assert [payload["type"] for payload in payloads] == ["crew.confirmed"]
    assert payloads[0]["data"]["assignment_id"] == assignment["id"]
    assert payloads[0]["data"]["booking_ref"] == "B-7"
