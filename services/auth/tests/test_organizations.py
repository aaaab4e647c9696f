"""Organisations, members, invitations, ownership."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from muster_shared import clock
from muster_shared.ids import new_id
from services.auth.tests.people import People


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Quay Charters", "quay-charters"),
        ("  Überführung & Söhne GmbH ", "uberfuhrung-sohne-gmbh"),
        ("Straße 7", "strasse-7"),
        ("東京", "organisation"),
        ("--- !! ---", "organisation"),
        ("a" * 100, "a" * 60),
    ],
)
def test_slug_is_made_of_the_name(people: People, name: str, slug: str) -> None:
    assert people.new("Ada").make_organization(name)["slug"] == slug


def test_slugs_differ_when_organisations_of_one_name_are_made_at_once(people: People) -> None:
    ada = people.new("Ada")
    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(lambda _: ada.make_organization("Quay"), range(6)))
    assert sorted(org["slug"] for org in made) == ["quay", "quay-2", "quay-3", "quay-4", "quay-5", "quay-6"]


def test_one_organisation_is_made_when_a_keyed_call_is_repeated(people: People) -> None:
    ada = people.new("Ada")
    answers = [ada.post("/api/organizations", {"name": "Quay"}, **{"Idempotency-Key": "k-1"}) for _ in range(2)]
    assert answers[0].json == answers[1].json
    assert answers[1].headers["Idempotency-Replayed"] == "true"
    assert len(ada.get("/api/organizations").json["items"]) == 1


def test_settings_change_one_by_one_and_are_told(people: People) -> None:
    ada = people.new("Ada")
    path = f"/api/organizations/{ada.make_organization()['id']}"
    first = ada.patch(path, {"settings": {"remind_after_hours": 12, "quiet_from": "21:00", "moderate_photos": True}})
    assert first.status_code == 200, first.json
    second = ada.patch(path, {"name": "Quay & Co", "language": "de", "settings": {"quiet_from": None}})
    assert second.json["settings"] == {"remind_after_hours": 12, "moderate_photos": True}
    told = people.messages("organization.changed.v1")
    assert [row["version"] for row in told] == [1, 2, 3]
    assert (told[-1]["name"], told[-1]["language"]) == ("Quay & Co", "de")
    assert told[-1]["settings"] == {"remind_after_hours": 12, "moderate_photos": True}
    assert ada.patch(path, {"name": "Quay & Co"}).json["version"] == 3


@pytest.mark.parametrize(
    "given",
    [
        {"unknown": 1},
        {"remind_after_hours": 0},
        {"remind_after_hours": "12"},
        {"remind_after_hours": True},
        {"quiet_from": "25:00"},
        {"quiet_from": "9:00"},
        {"quiet_timezone": "Mars/Olympus"},
        {"reply_to": "nobody"},
        {"moderate_photos": "yes"},
    ],
)
def test_settings_are_refused_when_unknown_or_wrong(people: People, given: dict[str, object]) -> None:
    ada = people.new("Ada")
    org = ada.make_organization()
    answer = ada.patch(f"/api/organizations/{org['id']}", {"settings": given})
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == f"/settings/{next(iter(given))}"


def test_invited_person_is_a_member_in_the_next_request(people: People) -> None:
    owner = people.new("Olga")
    org = owner.make_organization()
    manager = people.join(owner, org["id"], role="manager")
    shown = manager.get(f"/api/organizations/{org['id']}").json
    assert shown["role"] == "manager"
    members = owner.get(f"/api/organizations/{org['id']}/members").json["items"]
    assert [(member["name"], member["role"]) for member in members] == [("Olga", "owner"), ("Max", "manager")]
    mail = people.mails(template="invitation")[-1]
    assert mail["variables"] == {"organization": "Quay Charters", "inviter": "Olga", "role": "manager"}
    assert mail["org_id"] == org["id"]


def test_offer_can_be_read_without_taking_it(people: People, client: FlaskClient) -> None:
    owner = people.new("Olga")
    org = owner.make_organization()
    owner.post(f"/api/organizations/{org['id']}/invitations", {"email": "max@example.test", "role": "manager"})
    token = people.token_of(people.mails(template="invitation")[-1])
    for _ in range(2):
        offer = client.post("/api/organizations/invitations/preview", json={"token": token}).json
        assert (offer["organization"], offer["role"], offer["inviter"]) == ("Quay Charters", "manager", "Olga")
        assert (offer["org_id"], offer["email"]) == (org["id"], "max@example.test")
    max_ = people.new("Max", email="max@example.test")
    accepted = max_.post("/api/organizations/invitations/accept", {"token": token})
    assert (accepted.status_code, accepted.json["role"]) == (200, "manager")


def test_invitation_is_refused_when_it_went_to_somebody_else(people: People) -> None:
    owner, eve = people.new("Olga"), people.new("Eve")
    org = owner.make_organization()
    owner.post(f"/api/organizations/{org['id']}/invitations", {"email": "max@example.test"})
    token = people.token_of(people.mails(template="invitation")[-1])
    answer = eve.post("/api/organizations/invitations/accept", {"token": token})
    assert answer.status_code == 403
    assert eve.get(f"/api/organizations/{org['id']}").status_code == 404


def test_invitation_is_refused_when_expired_revoked_replaced_or_used(people: People) -> None:
    owner, max_ = people.new("Olga"), people.new("Max", email="max@example.test")
    org = owner.make_organization()
    path = f"/api/organizations/{org['id']}/invitations"
    tokens = []
    for _ in range(2):
        owner.post(path, {"email": "max@example.test"})
        tokens.append(people.token_of(people.mails(template="invitation")[-1]))
    accept = "/api/organizations/invitations/accept"
    assert max_.post(accept, {"token": tokens[0]}).status_code == 422, "replaced"
    listed = owner.get(path).json["items"]
    assert [item["email"] for item in listed] == ["max@example.test"]
    with clock.frozen(clock.now() + timedelta(days=7, seconds=1)):
        expired = people.app.test_client().post("/api/organizations/invitations/preview", json={"token": tokens[1]})
        assert expired.status_code == 422
    assert owner.delete(f"{path}/{listed[0]['id']}").status_code == 204
    assert max_.post(accept, {"token": tokens[1]}).status_code == 422, "revoked"
    assert owner.delete(f"{path}/{listed[0]['id']}").status_code == 404
    with clock.frozen(clock.now() + timedelta(minutes=16)):
        owner.post(path, {"email": "max@example.test"})
        token = people.token_of(people.mails(template="invitation")[-1])
    assert max_.post(accept, {"token": token}).status_code == 200
    assert max_.post(accept, {"token": token}).status_code == 422, "used"


def test_person_joins_once_when_accepting_at_once(people: People) -> None:
    owner, max_ = people.new("Olga"), people.new("Max", email="max@example.test")
    org = owner.make_organization()
    owner.post(f"/api/organizations/{org['id']}/invitations", {"email": "max@example.test"})
    token = people.token_of(people.mails(template="invitation")[-1])

    def accept(_: int) -> int:
        client = people.app.test_client()
        path = f"/api/organizations/{org['id']}/invitations/accept"
        return client.post(path, json={"token": token}, headers=max_.headers).status_code

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(accept, range(6))) == [200] + [422] * 5


def test_token_of_one_organisation_is_refused_by_another(people: People) -> None:
    owner, max_ = people.new("Olga"), people.new("Max", email="max@example.test")
    one, two = owner.make_organization("One"), owner.make_organization("Two")
    owner.post(f"/api/organizations/{one['id']}/invitations", {"email": "max@example.test"})
    token = people.token_of(people.mails(template="invitation")[-1])
    assert max_.post(f"/api/organizations/{two['id']}/invitations/accept", {"token": token}).status_code == 422


def test_member_is_not_invited_again(people: People) -> None:
    owner = people.new("Olga")
    org = owner.make_organization()
    max_ = people.join(owner, org["id"], role="manager")
    answer = owner.post(f"/api/organizations/{org['id']}/invitations", {"email": max_.email.upper()})
    assert answer.status_code == 409


def test_manager_may_not_touch_members_keys_or_the_organisation(people: People) -> None:
    owner = people.new("Olga")
    org = owner.make_organization()
    manager = people.join(owner, org["id"], role="manager")
    base = f"/api/organizations/{org['id']}"
    assert manager.patch(base, {"name": "By a manager"}).status_code == 200
    assert manager.get(f"{base}/members").status_code == 200
    refused = [
        manager.patch(f"{base}/members/{manager.id}", {"role": "owner"}),
        manager.delete(f"{base}/members/{owner.id}"),
        manager.post(f"{base}/invitations", {"email": "x@example.test"}),
        manager.get(f"{base}/invitations"),
        manager.post(f"{base}/service-keys", {"name": "k", "scopes": ["events:read"]}),
        manager.get(f"{base}/service-keys"),
        manager.post(f"{base}/transfer", {"user_id": str(manager.id)}),
        manager.get(f"{base}/audit"),
        manager.delete(base),
    ]
    assert [answer.status_code for answer in refused] == [403] * len(refused)


def test_last_owner_can_neither_leave_nor_step_down(people: People) -> None:
    owner = people.new("Olga")
    org = owner.make_organization()
    manager = people.join(owner, org["id"], role="manager")
    path = f"/api/organizations/{org['id']}/members"
    for answer in (owner.delete(f"{path}/{owner.id}"), owner.patch(f"{path}/{owner.id}", {"role": "manager"})):
        assert answer.status_code == 409
        assert answer.json["type"].endswith("/last-owner")
    assert owner.patch(f"{path}/{manager.id}", {"role": "owner"}).json["role"] == "owner"
    assert owner.delete(f"{path}/{owner.id}").status_code == 204
    assert owner.get(f"/api/organizations/{org['id']}").status_code == 404


def test_an_owner_stays_when_both_leave_at_once(people: People) -> None:
    for _ in range(3):
        first = people.new("Olga")
        org = first.make_organization()
        second = people.join(first, org["id"], role="owner")

        def leave(person: object, org_id: str = org["id"]) -> int:
            client = people.app.test_client()
            path = f"/api/organizations/{org_id}/members/{person.id}"
            return client.delete(path, headers=person.headers).status_code

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(leave, [first, second])) == [204, 409]


def test_ownership_goes_over_whole_when_transferred(people: People) -> None:
    owner = people.new("Olga")
    org = owner.make_organization()
    heir = people.join(owner, org["id"], role="manager")
    base = f"/api/organizations/{org['id']}"
    assert owner.post(f"{base}/transfer", {"user_id": str(new_id())}).status_code == 404
    assert owner.post(f"{base}/transfer", {"user_id": str(heir.id)}).status_code == 204
    assert (owner.get(base).json["role"], heir.get(base).json["role"]) == ("manager", "owner")
    told = {row["user_id"]: row["role"] for row in people.messages("membership.changed.v1")}
    assert told == {str(owner.id): "manager", str(heir.id): "owner"}
    assert people.mails(to=heir.email)[-1]["template"] == "ownership_transferred"


def test_removed_member_is_a_stranger_and_can_come_back(people: People) -> None:
    owner = people.new("Olga")
    org = owner.make_organization()
    manager = people.join(owner, org["id"], role="manager")
    base = f"/api/organizations/{org['id']}"
    assert owner.delete(f"{base}/members/{manager.id}").status_code == 204
    assert manager.get(base).status_code == 404
    owner.post(f"{base}/invitations", {"email": manager.email})
    token = people.token_of(people.mails(template="invitation")[-1])
    assert manager.post(f"{base}/invitations/accept", {"token": token}).status_code == 200
    versions = [row["version"] for row in people.messages("membership.changed.v1") if row["user_id"] == str(manager.id)]
    assert versions == sorted(set(versions))
    assert len(versions) == 3


def test_organisation_is_gone_with_its_members_and_keys_when_deleted(people: People) -> None:
    owner = people.new("Olga")
    org = owner.make_organization()
    manager = people.join(owner, org["id"], role="manager")
    base = f"/api/organizations/{org['id']}"
    owner.post(f"{base}/service-keys", {"name": "k", "scopes": ["events:read"]})
    owner.post(f"{base}/invitations", {"email": "late@example.test"})
    late = people.token_of(people.mails(to="late@example.test")[-1])
    assert owner.delete(base).status_code == 204
    assert [person.get(base).status_code for person in (owner, manager)] == [404, 404]
    assert people.messages("organization.changed.v1")[-1]["deleted_at"] is not None
    assert people.messages("service_key.changed.v1")[-1]["revoked_at"] is not None
    assert [row["role"] for row in people.messages("membership.changed.v1")][-2:] == [None, None]
    preview = people.app.test_client().post("/api/organizations/invitations/preview", json={"token": late})
    assert preview.status_code == 422
    assert owner.make_organization("Quay Charters")["slug"] == "quay-charters-2"


def test_stranger_finds_nothing_of_an_organisation(people: People) -> None:
    owner, eve = people.new("Olga"), people.new("Eve")
    org = owner.make_organization()
    unknown = new_id()
    for suffix in ("", "/members", "/invitations", "/service-keys", "/audit"):
        theirs = eve.get(f"/api/organizations/{org['id']}{suffix}")
        none = eve.get(f"/api/organizations/{unknown}{suffix}")
        assert theirs.status_code == none.status_code == 404
        assert {**theirs.json, "request_id": ""} == {**none.json, "request_id": ""}


def test_organisations_come_in_pages(people: People) -> None:
    ada = people.new("Ada")
    made = [ada.make_organization(f"Org {number}")["id"] for number in range(5)]
    seen, cursor = [], ""
    while cursor is not None:
        page = ada.get("/api/organizations?limit=2" + (f"&cursor={cursor}" if cursor else "")).json
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert seen == made


def test_lists_take_as_many_queries_for_many_as_for_one(people: People) -> None:
    owner = people.new("Olga")
    base = f"/api/organizations/{owner.make_organization()['id']}"
    paths = [f"{base}/members", f"{base}/invitations", f"{base}/service-keys", f"{base}/audit", "/api/organizations"]

    def fill(number: int) -> None:
        owner.post(f"{base}/invitations", {"email": f"guest{number}@example.test"})
        owner.post(f"{base}/service-keys", {"name": f"key {number}", "scopes": ["events:read"]})
        owner.make_organization(f"Org {number}")
        people.join(owner, base.rsplit("/", 1)[1], role="manager", name=f"Max{number}")

    def count() -> list[int]:
        counts = []
        for path in paths:
            statements: list[str] = []

            def note(*given: object, kept: list[str] = statements) -> None:
                kept.append(str(given[2]))

            event.listen(people.core.database.engine, "before_cursor_execute", note)
            try:
                assert owner.get(path).status_code == 200
            finally:
                event.remove(people.core.database.engine, "before_cursor_execute", note)
            counts.append(len(statements))
        return counts

    fill(1)
    one = count()
    for number in range(2, 5):
        fill(number)
    assert count() == one
    assert max(one) <= 4
