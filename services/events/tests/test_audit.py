"""What operators do around events reaches the audit log, by its name and by nobody's but the doer's."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from muster_shared.db import Database
from services.events.tests.crew.support import CrewWorld
from services.events.tests.support import MakeEvent, MakeKey, People, in_days, messages_of


@pytest.fixture
def crew(client: FlaskClient, database: Database, people: People, make_event: MakeEvent) -> CrewWorld:
    return CrewWorld(client=client, database=database, people=people, make_event=make_event)


def told(database: Database, *, besides: str = "event.") -> list[dict[str, Any]]:
    """The entries, oldest first, but those whose action begins with `besides`."""
    found = messages_of(database, "audit.recorded.v1")
    return [entry for entry in found if not entry["action"].startswith(besides)]


def actions(database: Database) -> list[str]:
    return [entry["action"] for entry in told(database)]


def test_the_roster(client: FlaskClient, crew: CrewWorld, people: People, database: Database) -> None:
    member = crew.member("Kostas", phone="+30 210 000000")
    path, org = f"/api/crew/{member['id']}", f"org_id={people.org_id}"
    client.patch(path, json={"phone": "+30 210 111111", "notes": "allergic"}, headers=people.bob)
    client.delete(path, headers=people.alice)
    table = {"data": b"name,email\nAna,ana@example.org\n,wrong\n", "content_type": "text/csv"}
    client.post(f"/api/crew/import?{org}&dry_run=true", headers=people.alice, **table)
    client.post(f"/api/crew/import?{org}", headers=people.alice, **table)
    client.get("/api/crew", headers=people.alice)
    client.get("/api/crew", headers={**people.alice, "Accept": "text/csv"})
    entries = told(database)
    assert [entry["action"] for entry in entries] == [
        "crew_member.added",
        "crew_member.edited",
        "crew_member.removed",
        "roster.imported",
        "roster.exported",
    ]
    assert {entry["target_id"] for entry in entries[:3]} == {member["id"]}
    assert entries[1]["changes"] == {"fields": ["notes", "phone"]}
    assert entries[1]["actor_id"] == str(people.bob_id)
    assert entries[3]["changes"] == {"created": 1, "updated": 0}
    for private in ("210", "allergic", "@", "Kostas", "Ana"):
        assert private not in str(entries)


def test_places_in_a_crew(crew: CrewWorld, database: Database) -> None:
    event, kostas, maria = crew.event(), crew.member("Kostas"), crew.member("Maria")
    place = crew.assign(event, kostas)
    crew.patch(place, crew_member_id=maria["id"])
    crew.patch(place, role="Cook", status="confirmed")
    crew.patch(place, role="Cook", status="confirmed")
    crew.patch(place, status="declined", decline_reason="her boat sank")
    crew.remove(place)
    standby = crew.assign(event, kostas, standby_rank=2)
    crew.patch(standby, standby_rank=1)
    entries = [entry for entry in told(database) if entry["action"].startswith("assignment.")]
    assert [entry["action"].removeprefix("assignment.") for entry in entries] == [
        "created",
        "reassigned",
        "role_changed",
        "confirmed",
        "declined",
        "removed",
        "created",
        "rank_changed",
    ]
    assert [entry["target_id"] for entry in entries] == [place["id"]] * 6 + [standby["id"]] * 2
    assert entries[0]["changes"] == {"event_id": event["id"], "crew_member_id": kostas["id"]}
    assert entries[1]["changes"]["crew_member_id"] == maria["id"]
    assert "sank" not in str(entries)


def test_hours_and_no_shows(crew: CrewWorld, database: Database) -> None:
    event = crew.event()
    one, other = (crew.assign(event, crew.member(name)) for name in ("Kostas", "Maria"))
    for place in (one, other):
        crew.send(crew.token(place), "confirm")
    crew.shift_event(event, starts_in=timedelta(hours=-1))
    before = len(told(database))
    assert crew.patch(one, worked_minutes=90).status_code == 200
    assert crew.patch(other, status="no_show").status_code == 200
    assert actions(database)[before:] == ["assignment.hours_recorded", "assignment.no_show"]


def test_what_crew_answers_by_itself_is_no_act_of_the_organisation(crew: CrewWorld, database: Database) -> None:
    place = crew.assign(crew.event(), crew.member())
    before = len(told(database))
    assert crew.send(crew.token(place), "confirm").status_code == 200
    assert len(told(database)) == before


def test_a_crew_named_when_the_event_is_made_is_part_of_that_one_act(crew: CrewWorld, database: Database) -> None:
    member = crew.member()
    crew.event(crew=[{"crew_member_id": member["id"], "role": "Captain"}])
    added, made = messages_of(database, "audit.recorded.v1")
    assert (added["action"], made["action"]) == ("crew_member.added", "event.created")
    assert made["changes"] == {"fields": ["crew", "published"]}


def test_attendees_and_the_door(client: FlaskClient, people: People, make_event: MakeEvent, database: Database) -> None:
    base = f"/api/events/{make_event()['id']}"

    def call(method: str, path: str, body: Any = None, **headers: str) -> Any:
        answer = client.open(base + path, method=method, json=body, headers={**people.alice, **headers})
        assert answer.status_code < 300, (path, answer.text)
        return answer.get_json(silent=True)

    held = call("POST", "/registrations", {"name": "Ada", "email": "ada@example.org"})
    call("POST", f"/registrations/{held['id']}/resend")
    call("POST", "/check-ins", {"code": held["ticket"]["code"]})
    call("DELETE", f"/check-ins/{held['id']}")
    for _ in range(2):
        call("DELETE", f"/registrations/{held['id']}")
    link = call("POST", "/staff-links", {"label": "Gate"})
    call("DELETE", f"/staff-links/{link['id']}")
    call("GET", "/registrations")
    call("GET", "/registrations", Accept="text/csv")
    entries = told(database, besides="event.created")
    assert [(entry["action"], entry["target_id"]) for entry in entries] == [
        ("registration.added", held["id"]),
        ("registration.resent", held["id"]),
        ("check_in.undone", held["id"]),
        ("registration.cancelled", held["id"]),
        ("staff_link.created", link["id"]),
        ("staff_link.revoked", link["id"]),
        ("event.attendees_exported", base.rsplit("/", 1)[1]),
    ]
    assert "@" not in str(entries)
    assert link["url"].rsplit("/", 1)[1] not in str(entries)


def test_what_attendees_do_themselves_is_no_act_of_the_organisation(
    client: FlaskClient, people: People, make_event: MakeEvent, database: Database
) -> None:
    path = f"/api/events/{make_event()['id']}/registrations"
    body = {"name": "Charlie", "email": "charlie@example.org"}
    assert client.post(path, json=body, headers=people.charlie).status_code == 201
    assert client.post(path, json={**body, "email": "d@example.org"}).status_code == 201
    assert client.delete(f"{path}/me", headers=people.charlie).status_code == 200
    assert actions(database) == []


def test_calendar(client: FlaskClient, people: People, make_key: MakeKey, database: Database) -> None:
    org = {"org_id": str(people.org_id)}
    times = {"starts_at": in_days(1).isoformat(), "ends_at": in_days(2).isoformat(), "timezone": "UTC"}
    entry = client.post(
        "/api/calendar/entries", json={**org, **times, "title": "Haul-out"}, headers=make_key("calendar:write")
    ).get_json()
    client.delete(f"/api/calendar/entries/{entry['id']}", headers=people.alice)
    feed = client.post("/api/calendar/feeds", json=org, headers=people.alice).get_json()
    own = client.post("/api/calendar/feeds", json={"kind": "personal"}, headers=people.alice).get_json()
    for made in (feed, own):
        assert client.delete(f"/api/calendar/feeds/{made['id']}", headers=people.alice).status_code == 204
    entries = told(database)
    assert [(entry["action"], entry["target_id"]) for entry in entries] == [
        ("calendar_entry.created", entry["id"]),
        ("calendar_entry.deleted", entry["id"]),
        ("calendar_feed.created", feed["id"]),
        ("calendar_feed.revoked", feed["id"]),
    ]
    assert entries[0]["actor_kind"] == "service_key"


def test_the_shot_list_is_in_the_event_s_own_log_too(
    client: FlaskClient, people: People, make_event: MakeEvent, database: Database
) -> None:
    base = f"/api/events/{make_event(kind='job')['id']}"
    client.put(f"{base}/shot-list", json={"before": 2, "after": 2}, headers=people.alice)
    assert [entry["action"] for entry in messages_of(database, "audit.recorded.v1")][-1] == "event.shot_list_set"
    assert client.get(f"{base}/log", headers=people.alice).get_json()["items"][0]["action"] == "shot_list_set"
