"""The roster: who is on it, found how, and seen by whom."""

from typing import Any

import pytest

from services.events.tests.crew.support import CrewWorld
from services.events.tests.support import MakeKey


def test_member_is_kept_as_given_when_added(crew: CrewWorld) -> None:
    made = crew.member(
        "Kostas", email="Kostas@Example.ORG", phone="+30 210 123", skills=[" Captain ", "captain", "Diesel"], notes="x"
    )
    found = crew.client.get(f"/api/crew/{made['id']}", headers=crew.people.bob)
    assert found.status_code == 200
    assert found.get_json() == made
    assert (made["email"], made["skills"], made["language"]) == ("Kostas@example.org", ["captain", "diesel"], "en")


def test_same_address_is_refused_when_on_the_roster_already(crew: CrewWorld) -> None:
    crew.member("Kostas", email="kostas@example.org")
    body = {"org_id": str(crew.people.org_id), "name": "Other", "email": "KOSTAS@example.org"}
    answer = crew.client.post("/api/crew", json=body, headers=crew.people.alice)
    assert answer.status_code == 409
    assert answer.get_json()["type"].endswith("/crew-address-taken")
    assert answer.get_json()["errors"] == [{"pointer": "/email", "detail": "is on the organisation's roster already"}]


def test_same_address_is_taken_when_in_another_organisation(crew: CrewWorld) -> None:
    crew.member("Kostas", email="kostas@example.org")
    body = {"org_id": str(crew.people.other_org_id), "name": "Kostas", "email": "kostas@example.org"}
    assert crew.client.post("/api/crew", json=body, headers=crew.people.charlie).status_code == 201


def test_member_is_unknown_when_asked_for_by_a_stranger(crew: CrewWorld) -> None:
    address = f"/api/crew/{crew.member()['id']}"
    for method in ("get", "patch", "delete"):
        body = {"name": "Mine now"} if method == "patch" else None
        answer = getattr(crew.client, method)(address, json=body, headers=crew.people.charlie)
        assert answer.status_code == 404, method
        assert answer.get_json()["type"].endswith("/crew-member-not-found")
    assert crew.client.get("/api/crew", headers=crew.people.charlie).get_json()["items"] == []


def test_roster_comes_in_pages_by_name_when_walked(crew: CrewWorld) -> None:
    names = ["Zoë", "adam", "Émile", "Bea", "bob"]
    for name in names:
        crew.member(name, email=f"{names.index(name)}@example.org")
    seen: list[str] = []
    cursor = None
    for _ in range(4):
        query: dict[str, Any] = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = crew.client.get("/api/crew", query_string=query, headers=crew.people.alice).get_json()
        seen += [item["name"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == ["adam", "Bea", "bob", "Émile", "Zoë"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"q": "emile"}, ["Émile"]),
        ({"q": "100%"}, []),
        ({"q": "bea@"}, ["Bea"]),
        ({"skill": "Captain"}, ["Bea"]),
        ({"skill": "cap"}, []),
    ],
)
def test_roster_is_narrowed_when_filtered(crew: CrewWorld, query: dict[str, str], expected: list[str]) -> None:
    crew.member("Émile", email="e@example.org")
    crew.member("Bea", email="bea@example.org", skills=["captain"])
    items = crew.client.get("/api/crew", query_string=query, headers=crew.people.alice).get_json()["items"]
    assert [item["name"] for item in items] == expected


def test_edit_is_refused_when_based_on_an_older_version(crew: CrewWorld) -> None:
    member = crew.member()
    address = f"/api/crew/{member['id']}"
    first = crew.client.patch(address, json={"name": "A"}, headers={**crew.people.alice, "If-Match": '"v1"'})
    second = crew.client.patch(address, json={"name": "B"}, headers={**crew.people.alice, "If-Match": '"v1"'})
    assert (first.status_code, second.status_code) == (200, 412)


def test_another_address_kills_the_old_link_and_asks_there_when_assigned(crew: CrewWorld) -> None:
    member, event = crew.member("Kostas"), crew.event()
    assignment = crew.assign(event, member)
    old = crew.token(assignment)
    answer = crew.client.patch(
        f"/api/crew/{member['id']}", json={"email": "new@example.org"}, headers=crew.people.alice
    )
    assert answer.status_code == 200
    assert crew.open(old).status_code == 410
    asked = crew.messages("crew.assigned.v1")
    assert [(m["reason"], m["crew"]["email"]) for m in asked][1:] == [("resent", "new@example.org")]
    assert crew.open(crew.token(assignment)).status_code == 200


def test_removal_is_refused_when_assigned_to_come(crew: CrewWorld) -> None:
    member, event = crew.member(), crew.event()
    crew.assign(event, member)
    answer = crew.client.delete(f"/api/crew/{member['id']}", headers=crew.people.alice)
    assert answer.status_code == 409
    assert answer.get_json()["type"].endswith("/crew-member-assigned")


def test_address_is_free_again_when_its_member_was_removed(crew: CrewWorld) -> None:
    member = crew.member("Kostas", email="kostas@example.org", phone="1")
    assert crew.client.delete(f"/api/crew/{member['id']}", headers=crew.people.alice).status_code == 204
    assert crew.client.get(f"/api/crew/{member['id']}", headers=crew.people.alice).status_code == 404
    crew.member("Kostas", email="kostas@example.org")


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"name": None}, "/name"),
        ({"name": "x" * 201}, "/name"),
        ({"name": "a\u0007b"}, "/name"),
        ({"email": "nobody"}, "/email"),
        ({"email": "a@b.example\nBcc: c@d.example"}, "/email"),
        ({"phone": "call me"}, "/phone"),
        ({"skills": "captain"}, "/skills"),
        ({"skills": [""]}, "/skills/0"),
        ({"language": "tlh"}, "/language"),
        ({"salary": 1}, "/salary"),
        ({"org_id": 7}, "/org_id"),
    ],
)
def test_bad_member_is_refused_naming_the_field_when_sent(
    crew: CrewWorld, change: dict[str, Any], pointer: str
) -> None:
    body = {"org_id": str(crew.people.org_id), "name": "Kostas", "email": "k@example.org", **change}
    answer = crew.client.post("/api/crew", json=body, headers=crew.people.alice)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.get_json()["errors"]] == [pointer]
    assert crew.client.get("/api/crew", headers=crew.people.alice).get_json()["items"] == []


def test_key_of_the_organisation_needs_no_org_when_it_adds(crew: CrewWorld, make_key: MakeKey) -> None:
    body = {"name": "Kostas", "email": "k@example.org"}
    made = crew.client.post("/api/crew", json=body, headers=make_key("crew:write"))
    assert made.status_code == 201
    assert made.get_json()["org_id"] == str(crew.people.org_id)
    assert crew.client.post("/api/crew", json=body, headers=make_key("crew:read")).status_code == 403
    foreign = make_key("crew:read", org_id=crew.people.other_org_id)
    assert crew.client.get(f"/api/crew/{made.get_json()['id']}", headers=foreign).status_code == 404
