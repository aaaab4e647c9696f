"""Assigning: who is asked, when, and what they are told."""

from datetime import datetime, timedelta
from uuid import uuid4

from services.events.tests.crew.support import CrewWorld
from services.events.tests.support import in_days


def test_crew_is_asked_with_everything_when_the_event_is_made_published(crew: CrewWorld) -> None:
    captain, deckhand = crew.member("Kostas"), crew.member("Maria", language="de")
    event = crew.event(
        crew_notes="Bring the spare key.",
        crew=[
            {"crew_member_id": captain["id"], "role": "Captain"},
            {"crew_member_id": deckhand["id"], "role": "Deckhand"},
        ],
    )
    assert [(a["crew_member"]["name"], a["role"], a["status"], a["delivery"]) for a in event["crew"]] == [
        ("Kostas", "Captain", "invited", "queued"),
        ("Maria", "Deckhand", "invited", "queued"),
    ]
    asked = crew.messages("crew.assigned.v1")
    assert [m["crew"]["email"] for m in asked] == [captain["email"], deckhand["email"]]
    assert asked[0]["assignment"] == {
        "assignment_id": event["crew"][0]["id"],
        "link_version": 1,
        "role": "Captain",
        "crew_notes": "Bring the spare key.",
        "others": ["Maria · Deckhand"],
    }
    assert asked[1]["crew"]["language"] == "de"
    assert len({m["request_key"] for m in asked}) == 2
    assert asked[0]["event"]["title"] == "Sunset charter"


def test_nobody_is_asked_until_publication_when_the_event_is_a_draft(crew: CrewWorld) -> None:
    event = crew.event(publish=False, crew=[{"crew_member_id": crew.member()["id"], "role": "Captain"}])
    assert crew.messages("crew.assigned.v1") == []
    assert event["crew"][0]["asked_at"] is None
    assert crew.client.post(f"/api/events/{event['id']}/publish", headers=crew.people.alice).status_code == 200
    assert len(crew.messages("crew.assigned.v1")) == 1
    assert crew.assignment(event["crew"][0])["asked_at"] is not None


def test_event_is_not_made_when_its_crew_is_not_on_the_roster(crew: CrewWorld) -> None:
    theirs = crew.client.post(
        "/api/crew",
        json={"org_id": str(crew.people.other_org_id), "name": "X", "email": "x@example.org"},
        headers=crew.people.charlie,
    ).get_json()
    mine = crew.member()
    wanted = [mine["id"], str(uuid4()), theirs["id"], mine["id"]]
    body = {
        "org_id": str(crew.people.org_id),
        "kind": "charter",
        "title": "T",
        "starts_at": in_days(3).isoformat(),
        "duration_minutes": 60,
        "timezone": "Europe/Athens",
        "publish": True,
        "crew": [{"crew_member_id": member_id, "role": "Captain"} for member_id in wanted],
    }
    answer = crew.client.post("/api/events", json=body, headers=crew.people.alice)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.get_json()["errors"]] == [
        "/crew/1/crew_member_id",
        "/crew/2/crew_member_id",
        "/crew/3/crew_member_id",
    ]
    assert crew.client.get("/api/events/mine", headers=crew.people.alice).get_json()["items"] == []
    assert crew.messages("crew.assigned.v1") == []


def test_second_assignment_is_refused_when_in_the_crew_already(crew: CrewWorld) -> None:
    event, member = crew.event(), crew.member()
    first = crew.assign(event, member)
    answer = crew.post_assignment(event, member)
    assert answer.status_code == 409
    assert answer.get_json()["type"].endswith("/already-assigned")
    crew.remove(first)
    crew.assign(event, member)


def test_one_assignment_is_made_when_the_same_key_comes_twice(crew: CrewWorld) -> None:
    event, member = crew.event(), crew.member()
    headers = {**crew.people.alice, "Idempotency-Key": "assign-1"}
    body = {"crew_member_id": member["id"], "role": "Captain"}
    answers = [crew.client.post(f"/api/events/{event['id']}/assignments", json=body, headers=headers) for _ in range(2)]
    assert [a.status_code for a in answers] == [201, 201]
    assert answers[1].headers["Idempotency-Replayed"] == "true"
    assert len(crew.messages("crew.assigned.v1")) == 1


def test_nobody_is_assigned_when_the_event_is_cancelled_or_over(crew: CrewWorld) -> None:
    cancelled, over = crew.event(), crew.event()
    crew.client.post(f"/api/events/{cancelled['id']}/cancel", json={}, headers=crew.people.alice)
    crew.shift_event(over, starts_in=timedelta(hours=-5))
    for event in (cancelled, over):
        answer = crew.post_assignment(event, crew.member())
        assert answer.status_code == 409
        assert answer.get_json()["type"].endswith("/event-closed")


def test_crew_is_unknown_when_asked_for_by_a_stranger(crew: CrewWorld) -> None:
    event = crew.event()
    assignment = crew.assign(event, crew.member())
    base = f"/api/events/{event['id']}/assignments"
    one = f"{base}/{assignment['id']}"
    body = {"crew_member_id": crew.member()["id"], "role": "Captain"}
    headers = crew.people.charlie
    answers = [
        crew.client.get(base, headers=headers),
        crew.client.post(base, json=body, headers=headers),
        crew.client.get(one, headers=headers),
        crew.client.patch(one, json={"role": "Cook"}, headers=headers),
        crew.client.delete(one, headers=headers),
        crew.client.post(f"{one}/remind", headers=headers),
        crew.client.get(f"{one}/history", headers=headers),
        crew.client.get(f"/api/events/{event['id']}/shot-list", headers=headers),
        crew.client.put(f"/api/events/{event['id']}/shot-list", json={"before": 0, "after": 0}, headers=headers),
    ]
    assert [a.status_code for a in answers] == [404] * len(answers)
    assert crew.assignment(assignment)["role"] == "Captain"


def test_assignment_of_another_event_is_unknown_when_addressed_through_this_one(crew: CrewWorld) -> None:
    event, other = crew.event(), crew.event()
    assignment = crew.assign(other, crew.member())
    answer = crew.client.delete(f"/api/events/{event['id']}/assignments/{assignment['id']}", headers=crew.people.alice)
    assert answer.status_code == 404
    assert crew.assignment(assignment)["status"] == "invited"


def test_old_link_is_dead_and_both_are_told_when_reassigned(crew: CrewWorld) -> None:
    event, first, second = crew.event(), crew.member("Kostas"), crew.member("Maria")
    assignment = crew.assign(event, first)
    old = crew.token(assignment)
    assert crew.send(old, "confirm").status_code == 200
    changed = crew.patch(assignment, crew_member_id=second["id"])
    assert changed.status_code == 200
    assert (changed.get_json()["crew_member"]["name"], changed.get_json()["status"]) == ("Maria", "invited")
    assert crew.open(old).status_code == 410
    assert crew.send(old, "confirm").status_code == 410
    assert crew.send(old, "decline").status_code == 410
    assert crew.assignment(assignment)["status"] == "invited"
    released = crew.messages("crew.released.v1")
    assert [(m["crew"]["name"], m["reason"]) for m in released] == [("Kostas", "replaced")]
    assert crew.messages("crew.assigned.v1")[-1]["crew"]["name"] == "Maria"
    assert crew.open(crew.token(assignment)).status_code == 200


def test_link_is_dead_and_the_person_told_when_removed(crew: CrewWorld) -> None:
    assignment = crew.assign(crew.event(), crew.member("Kostas"))
    token = crew.token(assignment)
    assert crew.remove(assignment).status_code == 204
    assert crew.open(token).status_code == 410
    assert [m["reason"] for m in crew.messages("crew.released.v1")] == ["removed"]


def test_nobody_is_taken_off_the_record_when_the_event_is_completed(crew: CrewWorld) -> None:
    event = crew.event()
    assignment = crew.assign(event, crew.member())
    crew.send(crew.token(assignment), "confirm")
    crew.shift_event(event, starts_in=timedelta(hours=-3))
    assert crew.client.post(f"/api/events/{event['id']}/complete", headers=crew.people.alice).status_code == 200
    assert crew.remove(assignment).status_code == 409
    assert crew.assignment(assignment)["status"] == "confirmed"


def test_links_are_dead_and_the_coming_told_when_cancelled(crew: CrewWorld) -> None:
    event = crew.event()
    confirmed, invited, declined = (crew.assign(event, crew.member(n)) for n in ("A", "B", "C"))
    crew.send(crew.token(confirmed), "confirm")
    crew.send(crew.token(declined), "decline")
    tokens = [crew.token(a) for a in (confirmed, invited, declined)]
    cancelled = crew.client.post(f"/api/events/{event['id']}/cancel", json={}, headers=crew.people.alice)
    assert cancelled.status_code == 200
    pages = [crew.open(token) for token in tokens]
    assert [page.status_code for page in pages] == [410, 410, 410]
    assert "The event was cancelled" in pages[0].get_data(as_text=True)
    released = crew.messages("crew.released.v1")
    assert [(m["crew"]["name"], m["reason"]) for m in released] == [("A", "event_cancelled"), ("B", "event_cancelled")]
    assert [a["status"] for a in cancelled.get_json()["crew"]] == ["confirmed", "invited", "declined"]


def test_reminder_goes_out_when_a_planner_asks_for_it(crew: CrewWorld) -> None:
    event = crew.event()
    assignment = crew.assign(event, crew.member())
    address = f"/api/events/{event['id']}/assignments/{assignment['id']}/remind"
    answers = [crew.client.post(address, headers=crew.people.alice) for _ in range(4)]
    assert [a.status_code for a in answers] == [202, 202, 202, 429]
    reminders = crew.messages("crew.reminder_due.v1")
    assert [m["reason"] for m in reminders] == ["asked_by_planner"] * 3
    assert len({m["request_key"] for m in reminders}) == 3


def test_reminder_is_refused_when_they_have_declined(crew: CrewWorld) -> None:
    event = crew.event()
    assignment = crew.assign(event, crew.member())
    crew.send(crew.token(assignment), "decline")
    address = f"/api/events/{event['id']}/assignments/{assignment['id']}/remind"
    assert crew.client.post(address, headers=crew.people.alice).status_code == 409


def test_answer_is_asked_anew_when_the_role_changes(crew: CrewWorld) -> None:
    assignment = crew.assign(crew.event(), crew.member())
    crew.send(crew.token(assignment), "confirm")
    changed = crew.patch(assignment, role="Deckhand").get_json()
    assert (changed["role"], changed["status"], changed["responded_at"]) == ("Deckhand", "invited", None)
    assert [m["assignment"]["role"] for m in crew.messages("crew.assigned.v1")] == ["Captain", "Deckhand"]


def test_clash_is_shown_on_both_sides_when_events_overlap(crew: CrewWorld) -> None:
    member = crew.member()
    start = in_days(20)
    first = crew.event(title="First", starts_at=start.isoformat(), duration_minutes=120)
    second = crew.event(title="Second", starts_at=(start + timedelta(minutes=119)).isoformat(), duration_minutes=60)
    one, two = crew.assign(first, member), crew.assign(second, member)
    assert [clash["title"] for clash in two["clashes"]] == ["First"]
    assert [clash["title"] for clash in crew.assignment(one)["clashes"]] == ["Second"]
    crew.send(crew.token(one), "decline")
    assert crew.assignment(two)["clashes"] == []


def test_no_clash_is_shown_when_events_are_back_to_back_or_cancelled(crew: CrewWorld) -> None:
    member = crew.member()
    start = in_days(20)
    first = crew.event(starts_at=start.isoformat(), duration_minutes=120)
    after = crew.event(starts_at=(start + timedelta(minutes=120)).isoformat(), duration_minutes=60)
    same_time = crew.event(starts_at=start.isoformat(), duration_minutes=120)
    for event in (first, after, same_time):
        crew.assign(event, member)
    crew.client.post(f"/api/events/{same_time['id']}/cancel", json={}, headers=crew.people.alice)
    shown = crew.client.get(f"/api/events/{first['id']}", headers=crew.people.alice).get_json()
    assert shown["crew"][0]["clashes"] == []


def test_clash_is_none_of_theirs_when_it_is_in_another_organisation(crew: CrewWorld) -> None:
    start = in_days(20).isoformat()
    member = crew.member("Kostas", email="same@example.org")
    body = {"org_id": str(crew.people.other_org_id), "name": "Kostas", "email": "same@example.org"}
    theirs = crew.client.post("/api/crew", json=body, headers=crew.people.charlie).get_json()
    other = {
        "org_id": str(crew.people.other_org_id),
        "kind": "charter",
        "title": "Secret",
        "starts_at": start,
        "duration_minutes": 60,
        "timezone": "Europe/Athens",
        "publish": True,
        "crew": [{"crew_member_id": theirs["id"], "role": "Captain"}],
    }
    assert crew.client.post("/api/events", json=other, headers=crew.people.charlie).status_code == 201
    mine = crew.assign(crew.event(starts_at=start, duration_minutes=60), member)
    assert mine["clashes"] == []


def test_history_tells_who_did_what_when_read(crew: CrewWorld) -> None:
    event = crew.event()
    assignment = crew.assign(event, crew.member())
    crew.send(crew.token(assignment), "decline", {"reason": "Ill"})
    address = f"/api/events/{event['id']}/assignments/{assignment['id']}/history"
    items = crew.client.get(address, headers=crew.people.bob).get_json()["items"]
    assert [(i["what"], i["by_kind"], i["detail"]) for i in items] == [
        ("declined", "crew", "Ill"),
        ("assigned", "user", "Captain"),
    ]
    assert items[1]["by_id"] == str(crew.people.alice_id)
    assert datetime.fromisoformat(items[0]["at"]) >= datetime.fromisoformat(items[1]["at"])
