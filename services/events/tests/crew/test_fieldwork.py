"""The day itself: reports, photos, the shot list, hours and no-shows."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from muster_events.app import build_app
from muster_events.config import EventsSettings
from muster_events.crew.use_cases.deliveries import photo_changed
from muster_shared.auth.internal import verify_service_token
from muster_shared.db import Database
from muster_shared.ids import new_id
from muster_shared.messages.media import PhotoChanged
from muster_shared.testing.settings import make_settings
from muster_shared.wiring import Wiring
from services.events.tests.crew.media_double import MediaDouble, media_double
from services.events.tests.crew.support import CrewWorld
from services.events.tests.support import LINK_SECRET

PHOTO = {"filename": "yard.jpg", "content_type": "image/jpeg", "size": 1000, "purpose": "job_before"}


def _on_the_day(crew: CrewWorld, **event: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A job that begins in an hour, and somebody who has confirmed for it."""
    job = crew.event(**{"kind": "job", **event})
    assignment = crew.assign(job, crew.member("Dan"), role="Driver")
    crew.send(crew.token(assignment), "confirm")
    crew.shift_event(job, starts_in=timedelta(hours=1))
    return job, assignment


def _photo(crew: CrewWorld, job: dict[str, Any], purpose: str, status: str = "ready") -> None:
    message = PhotoChanged(
        photo_id=new_id(),
        event_id=UUID(job["id"]),
        org_id=crew.people.org_id,
        version=1,
        purpose=purpose,  # type: ignore[arg-type]
        status=status,  # type: ignore[arg-type]
        occurred_at=datetime.now(UTC),
    )
    with crew.database.transaction() as session:
        photo_changed(session, message)


def test_reports_are_kept_with_their_times_when_pressed(crew: CrewWorld) -> None:
    job, assignment = _on_the_day(crew)
    token = crew.token(assignment)
    for status in ("on_my_way", "on_my_way", "arrived", "done"):
        assert crew.press(token, "status", {"status": status}).status_code == 303
    shown = crew.assignment(assignment)
    assert shown["field_status"] == "done"
    assert shown["on_my_way_at"] < shown["arrived_at"] < shown["done_at"]
    assert crew.history(assignment)[2:] == ["on_my_way", "arrived", "done"]
    progress = crew.client.get(f"/api/events/{job['id']}", headers=crew.people.alice).get_json()["progress"]
    assert None not in progress.values()


def test_sheet_offers_the_day_when_it_has_come(crew: CrewWorld) -> None:
    _, assignment = _on_the_day(crew)
    token = crew.token(assignment)
    crew.send(token, "status", {"status": "on_my_way"})
    page = crew.open(token).get_data(as_text=True)
    assert 'value="on_my_way" type="submit" aria-pressed="true"' in page
    assert 'value="arrived" type="submit" aria-pressed="false"' in page
    assert f'data-upload="/c/{token}/photos"' in page
    assert 'data-purpose="job_after" data-have="0"' in page


def test_report_is_refused_when_the_day_is_over(crew: CrewWorld) -> None:
    job, assignment = _on_the_day(crew)
    crew.shift_event(job, starts_in=timedelta(hours=-27))
    token = crew.token(assignment)
    assert crew.send(token, "status", {"status": "arrived"}).get_json()["type"].endswith("/not-the-day")
    assert crew.press(token, "status", {"status": "arrived"}).status_code == 409
    assert "On the day" not in crew.open(token).get_data(as_text=True)


def test_report_is_taken_but_not_offered_when_the_day_is_still_to_come(crew: CrewWorld) -> None:
    job, assignment = _on_the_day(crew)
    crew.shift_event(job, starts_in=timedelta(hours=25))
    token = crew.token(assignment)
    page = crew.open(token).get_data(as_text=True)
    assert "On the day" not in page
    assert "job-photos" not in page
    assert crew.send(token, "status", {"status": "arrived"}).status_code == 200


def test_report_is_refused_when_not_confirmed(crew: CrewWorld) -> None:
    event = crew.event()
    assignment = crew.assign(event, crew.member())
    crew.shift_event(event, starts_in=timedelta(hours=1))
    refused = crew.send(crew.token(assignment), "status", {"status": "arrived"})
    assert refused.get_json()["type"].endswith("/not-confirmed")


def test_job_cannot_be_completed_when_photos_are_missing(crew: CrewWorld) -> None:
    job, _ = _on_the_day(crew)
    crew.shift_event(job, starts_in=timedelta(hours=-3))
    address = f"/api/events/{job['id']}/complete"
    _photo(crew, job, "job_before")
    _photo(crew, job, "job_after", status="rejected")
    refused = crew.client.post(address, headers=crew.people.alice)
    assert refused.status_code == 409
    assert refused.get_json()["errors"] == [{"pointer": "/shots/after", "detail": "1 more photo of after needed"}]
    _photo(crew, job, "job_after")
    assert crew.client.post(address, headers=crew.people.alice).status_code == 200


def test_shot_list_is_what_the_planner_says_when_set(crew: CrewWorld) -> None:
    job, _ = _on_the_day(crew)
    address = f"/api/events/{job['id']}/shot-list"
    assert crew.client.get(address, headers=crew.people.bob).get_json() == {
        "before_wanted": 1,
        "after_wanted": 1,
        "before": 0,
        "after": 0,
    }
    put = crew.client.put(address, json={"before": 0, "after": 3}, headers=crew.people.bob)
    assert put.get_json()["after_wanted"] == 3
    assert crew.client.put(address, json={"before": -1, "after": 0}, headers=crew.people.bob).status_code == 422


def test_charter_has_no_shot_list_when_none_was_set(crew: CrewWorld) -> None:
    charter = crew.event()
    assert crew.client.get(f"/api/events/{charter['id']}/shot-list", headers=crew.people.alice).status_code == 404
    crew.shift_event(charter, starts_in=timedelta(hours=-3))
    answer = crew.client.post(f"/api/events/{charter['id']}/complete", headers=crew.people.alice)
    assert answer.status_code == 200


def test_hours_and_no_shows_are_on_record_when_noted(crew: CrewWorld) -> None:
    member = crew.member("Dan")
    assignments = []
    for _ in range(3):
        event = crew.event()
        assignment = crew.assign(event, member)
        crew.send(crew.token(assignment), "confirm")
        crew.shift_event(event, starts_in=timedelta(hours=-4))
        assignments.append(assignment)
    assert crew.patch(assignments[0], worked_minutes=150).get_json()["worked_minutes"] == 150
    assert crew.patch(assignments[1], worked_minutes=90).status_code == 200
    assert crew.patch(assignments[2], status="no_show").get_json()["status"] == "no_show"
    address = f"/api/crew/{member['id']}/record"
    record = crew.client.get(address, query_string={"limit": 2}, headers=crew.people.alice).get_json()
    assert (record["events"], record["no_shows"], record["worked_minutes"]) == (2, 1, 240)
    assert len(record["items"]) == 2
    query = {"limit": 2, "cursor": record["next_cursor"]}
    rest = crew.client.get(address, query_string=query, headers=crew.people.alice).get_json()
    assert (len(rest["items"]), rest["next_cursor"]) == (1, None)
    assert crew.client.get(address, headers=crew.people.charlie).status_code == 404


def test_no_show_can_be_taken_back_when_it_was_wrong(crew: CrewWorld) -> None:
    _, assignment = _on_the_day(crew)
    crew.shift_event({"id": assignment["event_id"]}, starts_in=timedelta(hours=-1))
    crew.patch(assignment, status="no_show")
    assert "did not come" in crew.open(crew.token(assignment)).get_data(as_text=True)
    assert crew.patch(assignment, status="confirmed").get_json()["status"] == "confirmed"


def test_hours_and_no_shows_are_refused_when_it_has_not_begun(crew: CrewWorld) -> None:
    _, assignment = _on_the_day(crew)
    assert crew.patch(assignment, worked_minutes=10).status_code == 409
    assert crew.patch(assignment, status="no_show").status_code == 409


@pytest.fixture
def media() -> Iterator[MediaDouble]:
    with media_double() as double:
        yield double


@pytest.fixture
def client(database: Database, wiring: Wiring, media: MediaDouble) -> FlaskClient:
    settings = make_settings(EventsSettings, database_url=database.url, link_secret=LINK_SECRET, media_url=media.url)
    return build_app(settings, wiring).test_client()


def test_place_for_a_photo_is_given_when_on_the_day(crew: CrewWorld, media: MediaDouble) -> None:
    job, assignment = _on_the_day(crew)
    answer = crew.client.post(f"/c/{crew.token(assignment)}/photos", json=PHOTO, headers={"Idempotency-Key": "photo-1"})
    assert answer.status_code == 201
    assert answer.get_json() == media.body
    assert media.asked == [
        {
            **PHOTO,
            "event_id": job["id"],
            "org_id": str(crew.people.org_id),
            "sha256": None,
            "uploaded_by": {"type": "crew", "name": "Dan", "assignment_id": assignment["id"]},
            "request_key": "photo-1",
        }
    ]
    token = media.authorizations[0].removeprefix("Bearer ")
    assert verify_service_token(secret="test-internal-secret-of-32-characters", token=token) == "events"


def test_photo_is_refused_when_not_confirmed_or_no_job_or_dead(crew: CrewWorld, media: MediaDouble) -> None:
    job, assignment = _on_the_day(crew)
    invited = crew.assign(job, crew.member(), role="Helper")
    _, of_charter = _on_the_day(crew, kind="charter")
    assert crew.send(crew.token(invited), "photos", PHOTO).status_code == 409
    assert crew.send(crew.token(of_charter), "photos", PHOTO).status_code == 404
    token = crew.token(assignment)
    crew.remove(assignment)
    assert crew.send(token, "photos", PHOTO).status_code == 410
    assert media.asked == []


@pytest.mark.parametrize(
    ("status", "expected"), [(422, 422), (429, 429), (409, 409), (404, 409), (401, 503), (500, 503), (503, 503)]
)
def test_refusal_of_media_is_passed_on_in_our_words_when_it_refuses(
    crew: CrewWorld, media: MediaDouble, status: int, expected: int
) -> None:
    _, assignment = _on_the_day(crew)
    media.status, media.headers = status, {"Retry-After": "7"}
    media.body = {
        "errors": [
            {"pointer": "/content_type", "detail": "is not taken"},
            {"pointer": "/org_id", "detail": "is an inner matter"},
        ]
    }
    answer = crew.send(crew.token(assignment), "photos", PHOTO)
    assert answer.status_code == expected
    if expected == 422:
        assert answer.get_json()["errors"] == [{"pointer": "/content_type", "detail": "is not taken"}]
    if expected in {429, 503}:
        assert int(answer.headers["Retry-After"]) > 0
