"""Standbys: called when a place comes free, the first to confirm has it."""

from concurrent.futures import ThreadPoolExecutor

from flask import Flask

from services.events.tests.crew.support import CrewWorld


def test_standby_waits_unasked_when_put_on_the_list(crew: CrewWorld) -> None:
    assignment = crew.assign(crew.event(), crew.member(), standby_rank=1)
    assert (assignment["status"], assignment["standby_rank"], assignment["asked_at"]) == ("standby", 1, None)
    assert crew.messages("crew.assigned.v1") == []


def test_standbys_of_the_role_are_asked_together_by_rank_when_somebody_declines(crew: CrewWorld) -> None:
    event = crew.event()
    captain = crew.assign(event, crew.member("Kostas"))
    crew.assign(event, crew.member("Second"), standby_rank=2, role="captain ")
    crew.assign(event, crew.member("First"), standby_rank=1)
    cook = crew.assign(event, crew.member("Cook"), standby_rank=1, role="Cook")
    crew.send(crew.token(captain), "decline")
    asked = crew.messages("crew.assigned.v1")[1:]
    assert [(m["crew"]["name"], m["reason"]) for m in asked] == [
        ("First", "standby_called"),
        ("Second", "standby_called"),
    ]
    assert crew.assignment(cook)["asked_at"] is None
    assert crew.assignment(captain)["standbys_called"] is True


def test_first_press_has_the_place_when_two_standbys_confirm(crew: CrewWorld) -> None:
    event = crew.event()
    captain = crew.assign(event, crew.member("Kostas"))
    one = crew.assign(event, crew.member("One"), standby_rank=1)
    two = crew.assign(event, crew.member("Two"), standby_rank=2)
    crew.send(crew.token(captain), "decline")
    token_two = crew.token(two)
    assert "a place as <strong>Captain</strong> has come free" in crew.open(token_two).get_data(as_text=True)
    assert crew.send(crew.token(one), "confirm").get_json()["status"] == "confirmed"
    refused = crew.press(token_two, "confirm")
    assert refused.status_code == 409
    assert "The place has been taken by somebody else" in refused.get_data(as_text=True)
    assert crew.send(token_two, "confirm").get_json()["type"].endswith("/place-taken")
    assert (crew.assignment(two)["status"], crew.assignment(two)["asked_at"]) == ("standby", None)
    assert crew.assignment(captain)["replaced_by"] == one["id"]
    released = crew.messages("crew.released.v1")
    assert [(m["crew"]["name"], m["reason"]) for m in released] == [("Two", "place_taken")]
    assert crew.open(token_two).status_code == 200


def test_exactly_one_has_the_place_when_all_press_at_once(crew: CrewWorld, app: Flask) -> None:
    event = crew.event()
    captain = crew.assign(event, crew.member())
    standbys = [crew.assign(event, crew.member(), standby_rank=n + 1) for n in range(8)]
    crew.send(crew.token(captain), "decline")
    tokens = [crew.token(standby) for standby in standbys]

    def press(token: str) -> int:
        return app.test_client().post(f"/c/{token}/confirm", json={}).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(press, tokens))
    assert statuses == [200] + [409] * 7
    states = [crew.assignment(standby)["status"] for standby in standbys]
    assert sorted(states) == ["confirmed"] + ["standby"] * 7


def test_both_places_are_filled_when_two_declined(crew: CrewWorld) -> None:
    event = crew.event()
    captains = [crew.assign(event, crew.member()) for _ in range(2)]
    standbys = [crew.assign(event, crew.member(), standby_rank=n + 1) for n in range(3)]
    for captain in captains:
        crew.send(crew.token(captain), "decline")
    assert len(crew.messages("crew.assigned.v1")) == 2 + 3
    statuses = [crew.send(crew.token(standby), "confirm").status_code for standby in standbys]
    assert statuses == [200, 200, 409]
    assert {crew.assignment(captain)["replaced_by"] for captain in captains} == {s["id"] for s in standbys[:2]}


def test_decliner_may_come_after_all_when_nobody_took_the_place(crew: CrewWorld) -> None:
    event = crew.event()
    captain = crew.assign(event, crew.member("Kostas"))
    standby = crew.assign(event, crew.member(), standby_rank=1)
    crew.send(crew.token(captain), "decline")
    assert crew.send(crew.token(captain), "confirm").get_json()["status"] == "confirmed"
    assert crew.send(crew.token(standby), "confirm").status_code == 409
    assert [m["reason"] for m in crew.messages("crew.released.v1")] == ["place_taken"]


def test_decliner_is_told_so_when_the_place_is_taken(crew: CrewWorld) -> None:
    event = crew.event()
    captain = crew.assign(event, crew.member("Kostas"))
    standby = crew.assign(event, crew.member(), standby_rank=1)
    crew.send(crew.token(captain), "decline")
    crew.send(crew.token(standby), "confirm")
    refused = crew.press(crew.token(captain), "confirm")
    assert refused.status_code == 409
    assert "The place has been taken by somebody else" in refused.get_data(as_text=True)
    assert crew.assignment(captain)["status"] == "declined"


def test_standbys_are_called_again_when_the_one_who_took_it_declines(crew: CrewWorld) -> None:
    event = crew.event()
    captain = crew.assign(event, crew.member())
    one = crew.assign(event, crew.member("One"), standby_rank=1)
    two = crew.assign(event, crew.member("Two"), standby_rank=2)
    crew.send(crew.token(captain), "decline")
    crew.send(crew.token(one), "confirm")
    crew.send(crew.token(one), "decline")
    assert crew.assignment(two)["asked_at"] is not None
    assert crew.send(crew.token(two), "confirm").get_json()["status"] == "confirmed"


def test_place_is_taken_back_when_whoever_took_it_declines_as_well(crew: CrewWorld) -> None:
    event = crew.event()
    captain, one = crew.assign(event, crew.member()), crew.assign(event, crew.member("One"), standby_rank=1)
    first, second = crew.token(captain), crew.token(one)
    crew.send(first, "decline")
    crew.send(second, "confirm")
    assert crew.send(first, "confirm").status_code == 409
    assert "/confirm" not in crew.open(first).get_data(as_text=True)
    crew.send(second, "decline")
    assert "/confirm" in crew.open(first).get_data(as_text=True)
    assert crew.send(first, "confirm").get_json()["status"] == "confirmed"
    assert crew.assignment(captain)["replaced_by"] is None
    assert crew.assignment(one)["replaced_by"] == captain["id"]
    assert crew.send(second, "confirm").status_code == 409
    assert crew.history(captain)[-2:] == ["place_taken", "confirmed"]
    assert crew.history(one)[-1] == "place_taken"


def test_planner_is_told_when_no_standby_is_left(crew: CrewWorld) -> None:
    event = crew.event()
    captain = crew.assign(event, crew.member())
    standbys = [crew.assign(event, crew.member(), standby_rank=n + 1) for n in range(2)]
    for assignment in (captain, *standbys):
        crew.send(crew.token(assignment), "decline")
    assert [m["alert"] for m in crew.messages("planner.alerted.v1")] == ["declined", "standbys_exhausted"]


def test_standby_who_said_no_needs_an_open_place_when_changing_their_mind(crew: CrewWorld) -> None:
    event = crew.event()
    captain = crew.assign(event, crew.member())
    one = crew.assign(event, crew.member(), standby_rank=1)
    two = crew.assign(event, crew.member(), standby_rank=2)
    crew.send(crew.token(captain), "decline")
    crew.send(crew.token(one), "decline")
    crew.send(crew.token(two), "confirm")
    assert crew.send(crew.token(one), "confirm").get_json()["type"].endswith("/place-taken")
    crew.send(crew.token(two), "decline")
    assert crew.send(crew.token(one), "confirm").get_json()["status"] == "confirmed"


def test_standbys_wait_again_when_the_planner_fills_the_place(crew: CrewWorld) -> None:
    event = crew.event()
    captain = crew.assign(event, crew.member())
    standby = crew.assign(event, crew.member("Standby"), standby_rank=1)
    crew.send(crew.token(captain), "decline")
    assert crew.patch(captain, crew_member_id=crew.member("Fresh")["id"]).status_code == 200
    assert crew.assignment(standby)["asked_at"] is None
    assert crew.send(crew.token(standby), "confirm").status_code == 409


def test_standbys_wait_again_when_the_planner_drops_the_place(crew: CrewWorld) -> None:
    event = crew.event()
    captain = crew.assign(event, crew.member())
    standby = crew.assign(event, crew.member("Standby"), standby_rank=1)
    crew.send(crew.token(captain), "decline")
    crew.remove(captain)
    assert crew.assignment(standby)["asked_at"] is None


def test_standby_is_asked_when_made_one_of_the_crew(crew: CrewWorld) -> None:
    standby = crew.assign(crew.event(), crew.member(), standby_rank=3)
    promoted = crew.patch(standby, standby_rank=None).get_json()
    assert (promoted["status"], promoted["standby_rank"]) == ("invited", None)
    assert [m["reason"] for m in crew.messages("crew.assigned.v1")] == ["assigned"]


def test_rank_changes_for_standbys_only_when_edited(crew: CrewWorld) -> None:
    event = crew.event()
    standby, captain = crew.assign(event, crew.member(), standby_rank=3), crew.assign(event, crew.member())
    assert crew.patch(standby, standby_rank=1).get_json()["standby_rank"] == 1
    assert crew.patch(captain, standby_rank=1).status_code == 409


def test_standby_is_asked_at_once_when_a_place_is_open_already(crew: CrewWorld) -> None:
    event = crew.event()
    captain = crew.assign(event, crew.member())
    crew.send(crew.token(captain), "decline")
    late = crew.assign(event, crew.member("Late"), standby_rank=1)
    assert late["asked_at"] is not None
    assert crew.messages("crew.assigned.v1")[-1]["reason"] == "standby_called"
    assert crew.send(crew.token(late), "confirm").get_json()["status"] == "confirmed"


def test_newcomer_is_a_standby_too_when_a_standby_who_declined_is_replaced(crew: CrewWorld) -> None:
    event = crew.event()
    captain = crew.assign(event, crew.member())
    standby = crew.assign(event, crew.member(), standby_rank=1)
    for assignment in (captain, standby):
        crew.send(crew.token(assignment), "decline")
    replaced = crew.patch(standby, crew_member_id=crew.member("Newcomer")["id"]).get_json()
    assert (replaced["status"], replaced["standby_rank"]) == ("standby", 1)
    assert crew.messages("crew.assigned.v1")[-1]["reason"] == "standby_called"
