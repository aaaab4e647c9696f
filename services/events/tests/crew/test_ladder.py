"""The reply ladder: silence leads to a reminder, an alert, the standbys; and the reminder before an event."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from muster_events.crew.policies import LadderTimes, step_due_at
from muster_events.crew.states import Step
from muster_events.crew.use_cases.ladder import climb_due, remind_upcoming
from muster_shared import clock
from muster_shared.auth.tables import organizations
from services.events.tests.crew.support import CrewWorld
from services.events.tests.support import in_days


@contextmanager
def _later(**span: float) -> Iterator[None]:
    with clock.frozen(datetime.now(UTC) + timedelta(**span)):
        yield


def _climb(crew: CrewWorld, **span: float) -> None:
    with _later(**span):
        climb_due(crew.database)


def _settings(crew: CrewWorld, **settings: Any) -> None:
    with crew.database.transaction() as session:
        session.execute(update(organizations).where(organizations.c.id == crew.people.org_id).values(settings=settings))


def _told(crew: CrewWorld) -> list[str]:
    return [
        *(f"{m['reason']}" for m in crew.messages("crew.reminder_due.v1")),
        *(f"{m['alert']}" for m in crew.messages("planner.alerted.v1")),
        *(f"{m['reason']}:{m['crew']['name']}" for m in crew.messages("crew.assigned.v1")[1:]),
    ]


def test_ladder_is_climbed_step_by_step_when_nobody_answers(crew: CrewWorld) -> None:
    event = crew.event(starts_at=in_days(30).isoformat())
    captain = crew.assign(event, crew.member("Kostas"))
    crew.assign(event, crew.member("Standby"), standby_rank=1)
    _climb(crew, hours=23)
    assert _told(crew) == []
    _climb(crew, hours=25)
    _climb(crew, hours=25)
    assert _told(crew) == ["no_answer"]
    _climb(crew, hours=49)
    assert _told(crew) == ["no_answer", "no_answer"]
    _climb(crew, hours=73)
    _climb(crew, hours=200)
    assert _told(crew) == ["no_answer", "no_answer", "standby_called:Standby"]
    assert crew.history(captain) == ["assigned", "reminded", "planner_alerted", "standbys_called"]
    assert crew.assignment(captain)["status"] == "invited"


def test_place_is_taken_from_the_silent_one_when_a_standby_confirms(crew: CrewWorld) -> None:
    event = crew.event()
    captain = crew.assign(event, crew.member("Kostas"))
    standby = crew.assign(event, crew.member("Standby"), standby_rank=1)
    old = crew.token(captain)
    for hours in (25, 49, 73):
        _climb(crew, hours=hours)
    assert crew.send(crew.token(standby), "confirm").get_json()["status"] == "confirmed"
    assert crew.send(old, "confirm").status_code == 410
    assert [(m["crew"]["name"], m["reason"]) for m in crew.messages("crew.released.v1")] == [("Kostas", "place_taken")]


def test_standbys_wait_again_when_the_silent_one_answers_after_all(crew: CrewWorld) -> None:
    event = crew.event()
    captain = crew.assign(event, crew.member("Kostas"))
    standby = crew.assign(event, crew.member("Standby"), standby_rank=1)
    for hours in (25, 49, 73):
        _climb(crew, hours=hours)
    crew.send(crew.token(captain), "confirm")
    assert crew.send(crew.token(standby), "confirm").status_code == 409
    assert crew.assignment(captain)["status"] == "confirmed"


@pytest.mark.parametrize("action", ["confirm", "decline"])
def test_nothing_more_is_sent_when_somebody_has_answered(crew: CrewWorld, action: str) -> None:
    assignment = crew.assign(crew.event(), crew.member())
    crew.send(crew.token(assignment), action)
    before = _told(crew)
    for hours in (25, 49, 73):
        _climb(crew, hours=hours)
    assert _told(crew) == before


@pytest.mark.parametrize("how", ["removed", "cancelled", "begun"])
def test_nothing_more_is_sent_when_state_has_moved_on(crew: CrewWorld, how: str) -> None:
    event = crew.event()
    assignment = crew.assign(event, crew.member())
    if how == "removed":
        crew.remove(assignment)
    elif how == "cancelled":
        crew.client.post(f"/api/events/{event['id']}/cancel", json={}, headers=crew.people.alice)
    else:
        crew.shift_event(event, starts_in=timedelta(hours=20))
    for hours in (25, 49, 73):
        _climb(crew, hours=hours)
    assert _told(crew) == []


def test_times_are_the_organisations_when_it_has_set_them(crew: CrewWorld) -> None:
    _settings(crew, remind_after_hours=2, alert_after_hours=4, standby_after_hours=6)
    crew.assign(crew.event(), crew.member())
    _climb(crew, hours=1)
    assert _told(crew) == []
    _climb(crew, hours=2.1)
    _climb(crew, hours=4.1)
    assert _told(crew) == ["no_answer", "no_answer"]


def test_no_reminder_is_sent_when_the_address_bounces(crew: CrewWorld) -> None:
    assignment = crew.assign(crew.event(), crew.member())
    crew.set_row(assignment, delivery="bounced")
    _climb(crew, hours=25)
    assert crew.messages("crew.reminder_due.v1") == []
    assert crew.assignment(assignment)["status"] == "invited"


def test_one_step_is_taken_when_two_workers_climb_at_once(crew: CrewWorld) -> None:
    assignment = crew.assign(crew.event(), crew.member())
    for _ in range(3):
        _climb(crew, hours=25)
    assert crew.history(assignment) == ["assigned", "reminded"]


def test_people_get_time_for_each_step_when_the_worker_was_away(crew: CrewWorld) -> None:
    assignment = crew.assign(crew.event(), crew.member())
    _climb(crew, hours=200)
    _climb(crew, hours=201)
    assert crew.history(assignment) == ["assigned", "reminded"]
    _climb(crew, hours=213)
    assert crew.history(assignment) == ["assigned", "reminded", "planner_alerted"]


def test_ladder_shrinks_when_the_event_is_near() -> None:
    asked_at = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
    starts_at = asked_at + timedelta(hours=12)
    times = LadderTimes()
    due = [
        step_due_at(step, asked_at=asked_at, starts_at=starts_at, times=times)
        for step in (Step.ASKED, Step.REMINDED, Step.PLANNER_ALERTED)
    ]
    assert due == [asked_at + timedelta(hours=hours) for hours in (3, 6, 9)]
    assert step_due_at(Step.STANDBYS_CALLED, asked_at=asked_at, starts_at=starts_at, times=times) is None
    assert step_due_at(Step.ASKED, asked_at=starts_at, starts_at=starts_at, times=times) is None


@pytest.mark.parametrize(
    "settings",
    [None, {}, {"remind_after_hours": "soon"}, {"remind_after_hours": -1}, {"remind_after_hours": True}],
)
def test_times_are_the_usual_when_settings_make_no_sense(settings: dict[str, object] | None) -> None:
    assert LadderTimes.from_settings(settings) == LadderTimes()


def test_steps_keep_their_order_when_settings_mix_them_up() -> None:
    times = LadderTimes.from_settings({"remind_after_hours": 30, "alert_after_hours": 10, "standby_after_hours": 20})
    assert times.remind_after <= times.alert_after <= times.standby_after


def test_confirmed_are_reminded_once_when_the_event_is_near(crew: CrewWorld) -> None:
    event = crew.event(starts_at=in_days(3).isoformat())
    confirmed, invited = (crew.assign(event, crew.member(name)) for name in ("Kostas", "Maria"))
    crew.send(crew.token(confirmed), "confirm")
    for hours in (40, 49, 50):
        with _later(hours=hours):
            remind_upcoming(crew.database)
    reminders = crew.messages("crew.reminder_due.v1")
    assert [(m["reason"], m["crew"]["name"]) for m in reminders] == [("upcoming", "Kostas")]
    assert crew.assignment(invited)["status"] == "invited"


def test_reminder_comes_again_when_the_event_was_moved(crew: CrewWorld) -> None:
    event = crew.event(starts_at=in_days(3).isoformat())
    assignment = crew.assign(event, crew.member())
    crew.send(crew.token(assignment), "confirm")
    with _later(hours=49):
        remind_upcoming(crew.database)
    crew.edit_event(event, starts_at=in_days(5).isoformat())
    crew.send(crew.token(assignment), "confirm")
    with _later(hours=97):
        remind_upcoming(crew.database)
    assert [m["reason"] for m in crew.messages("crew.reminder_due.v1")] == ["upcoming", "upcoming"]


def test_nobody_is_reminded_when_the_answer_is_as_fresh(crew: CrewWorld) -> None:
    event = crew.event(starts_at=in_days(0.5).isoformat())
    assignment = crew.assign(event, crew.member())
    crew.send(crew.token(assignment), "confirm")
    assert remind_upcoming(crew.database) == 1
    assert remind_upcoming(crew.database) == 0
    assert crew.messages("crew.reminder_due.v1") == []


@pytest.mark.parametrize("value", ["x", None, 10**9, 48])
def test_reminder_goes_out_when_settings_are_odd(crew: CrewWorld, value: object) -> None:
    _settings(crew, reminder_before_hours=value)
    event = crew.event(starts_at=in_days(10).isoformat())
    assignment = crew.assign(event, crew.member())
    crew.send(crew.token(assignment), "confirm")
    with _later(hours=239):
        remind_upcoming(crew.database)
    assert len(crew.messages("crew.reminder_due.v1")) == 1
