"""Another time or place: one mail with the difference, and only those affected answer again."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from muster_events.crew.use_cases.changes import tell_due
from muster_shared import clock
from services.events.tests.crew.support import CrewWorld
from services.events.tests.support import in_days


@contextmanager
def _later(seconds: float) -> Iterator[None]:
    with clock.frozen(datetime.now(UTC) + timedelta(seconds=seconds)):
        yield


def _tell(crew: CrewWorld, seconds: float = 10) -> None:
    with _later(seconds):
        tell_due(crew.database)


def test_confirmed_answer_again_and_others_do_not_when_the_time_changes(crew: CrewWorld) -> None:
    event = crew.event(starts_at=in_days(10).isoformat(), duration_minutes=120)
    names = ("Confirmed", "Invited", "Declined")
    confirmed, invited, declined = (crew.assign(event, crew.member(name)) for name in names)
    standby = crew.assign(event, crew.member("Standby"), role="Cook", standby_rank=1)
    crew.send(crew.token(confirmed), "confirm")
    crew.send(crew.token(declined), "decline")
    edited = crew.edit_event(event, starts_at=in_days(10.5).isoformat())
    assert {a["crew_member"]["name"]: a["status"] for a in edited["crew"]} == {
        "Confirmed": "invited",
        "Invited": "invited",
        "Declined": "declined",
        "Standby": "standby",
    }
    _tell(crew)
    _tell(crew)
    told = crew.messages("crew.details_changed.v1")
    assert sorted((m["crew"]["name"], m["asks_again"]) for m in told) == [("Confirmed", True), ("Invited", True)]
    assert told[0]["before"]["starts_at"] == event["starts_at"]
    assert told[0]["event"]["starts_at"] == edited["starts_at"]
    assert told[0]["event"]["ics_sequence"] > told[0]["before"]["ics_sequence"]
    assert crew.history(confirmed) == ["assigned", "confirmed", "asked_again", "told_of_change"]
    assert crew.row(standby)["details_version"] == 1
    assert crew.open(crew.token(invited, version=1)).status_code == 200


def test_one_mail_holds_the_whole_difference_when_edits_come_in_a_burst(crew: CrewWorld) -> None:
    event = crew.event(starts_at=in_days(10).isoformat())
    crew.assign(event, crew.member())
    first = in_days(11).isoformat()
    crew.edit_event(event, starts_at=first)
    crew.edit_event(event, venue={"name": "Zea", "address": "Other pier"})
    _tell(crew, seconds=1)
    assert crew.messages("crew.details_changed.v1") == []
    crew.edit_event(event, timezone="Europe/Rome")
    _tell(crew)
    told = crew.messages("crew.details_changed.v1")
    assert len(told) == 1
    assert (told[0]["before"]["venue"]["name"], told[0]["event"]["venue"]["name"]) == ("Marina Zeas", "Zea")
    assert (told[0]["before"]["timezone"], told[0]["event"]["timezone"]) == ("Europe/Athens", "Europe/Rome")


def test_mail_is_not_put_off_for_ever_when_edits_never_end(crew: CrewWorld) -> None:
    event = crew.event()
    crew.assign(event, crew.member())
    for seconds in range(0, 60, 3):
        with _later(seconds):
            crew.edit_event(event, duration_minutes=60 + seconds)
            tell_due(crew.database)
    assert 1 <= len(crew.messages("crew.details_changed.v1")) <= 2


def test_answer_holds_again_when_the_edit_is_taken_back(crew: CrewWorld) -> None:
    event = crew.event(duration_minutes=120)
    assignment = crew.assign(event, crew.member())
    crew.send(crew.token(assignment), "confirm")
    crew.edit_event(event, duration_minutes=180)
    assert crew.assignment(assignment)["status"] == "invited"
    crew.edit_event(event, duration_minutes=120)
    assert crew.assignment(assignment)["status"] == "confirmed"
    _tell(crew)
    assert crew.messages("crew.details_changed.v1") == []


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "Another title"},
        {"description": "More"},
        {"crew_notes": "Bring sunscreen"},
        {"capacity": 20},
        {"visibility": "unlisted"},
    ],
)
def test_nobody_is_asked_again_when_the_change_is_not_material(crew: CrewWorld, changes: dict[str, object]) -> None:
    event = crew.event()
    assignment = crew.assign(event, crew.member())
    crew.send(crew.token(assignment), "confirm")
    crew.edit_event(event, **changes)
    _tell(crew)
    assert crew.assignment(assignment)["status"] == "confirmed"
    assert crew.messages("crew.details_changed.v1") == []


def test_newcomer_gets_no_difference_when_assigned_after_the_change(crew: CrewWorld) -> None:
    event = crew.event()
    crew.assign(event, crew.member("Before"))
    crew.edit_event(event, duration_minutes=300)
    crew.assign(event, crew.member("After"))
    _tell(crew)
    assert [m["crew"]["name"] for m in crew.messages("crew.details_changed.v1")] == ["Before"]


def test_nobody_is_told_of_the_change_when_it_is_cancelled_meanwhile(crew: CrewWorld) -> None:
    event = crew.event()
    crew.assign(event, crew.member())
    crew.edit_event(event, duration_minutes=300)
    crew.client.post(f"/api/events/{event['id']}/cancel", json={}, headers=crew.people.alice)
    _tell(crew)
    assert crew.messages("crew.details_changed.v1") == []
    assert [m["reason"] for m in crew.messages("crew.released.v1")] == ["event_cancelled"]


def test_nobody_is_told_when_a_draft_changes(crew: CrewWorld) -> None:
    event = crew.event(publish=False, crew=[{"crew_member_id": crew.member()["id"], "role": "Captain"}])
    crew.edit_event(event, duration_minutes=300)
    _tell(crew)
    assert crew.messages("crew.details_changed.v1") == []
    assert crew.messages("crew.assigned.v1") == []


def test_crew_goes_with_it_when_a_draft_is_deleted(crew: CrewWorld) -> None:
    event = crew.event(publish=False, crew=[{"crew_member_id": crew.member()["id"], "role": "Captain"}])
    assert crew.client.delete(f"/api/events/{event['id']}", headers=crew.people.alice).status_code == 204
    with crew.database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM crew_assignments")).scalar() == 0


def test_called_standby_is_told_too_when_the_time_changes(crew: CrewWorld) -> None:
    event = crew.event()
    captain = crew.assign(event, crew.member("Kostas"))
    standby = crew.assign(event, crew.member("Standby"), standby_rank=1)
    crew.send(crew.token(captain), "decline")
    crew.edit_event(event, duration_minutes=300)
    _tell(crew)
    assert [m["crew"]["name"] for m in crew.messages("crew.details_changed.v1")] == ["Standby"]
    assert crew.send(crew.token(standby), "confirm", {"seen": 1}).status_code == 409
    assert crew.send(crew.token(standby), "confirm", {"seen": 2}).status_code == 200
