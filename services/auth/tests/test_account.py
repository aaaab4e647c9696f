"""One's own account: profile, address, sessions, deletion."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from muster_shared import clock
from services.auth.tests.people import PASSWORD, People


def test_others_learn_of_a_new_name_when_it_is_changed(people: People) -> None:
    ada = people.new("Ada")
    org = ada.make_organization()
    answer = ada.patch("/api/auth/me", {"name": "Ada L.", "language": "de"})
    assert (answer.json["name"], answer.json["language"]) == ("Ada L.", "de")
    told = people.messages("membership.changed.v1")
    assert [(row["name"], row["user_language"]) for row in told] == [("Ada", "en"), ("Ada L.", "de")]
    assert told[1]["version"] > told[0]["version"]
    assert told[1]["org_id"] == org["id"]


def test_nothing_is_told_when_nothing_changes(people: People) -> None:
    ada = people.new("Ada")
    ada.make_organization()
    assert ada.patch("/api/auth/me", {"name": "Ada"}).status_code == 200
    assert ada.patch("/api/auth/me", {}).status_code == 200
    assert len(people.messages("membership.changed.v1")) == 1


def test_new_address_counts_when_its_link_was_followed(people: People, client: FlaskClient) -> None:
    ada = people.new("Ada", email="old@example.test")
    ada.make_organization()
    answer = ada.post("/api/auth/me/email", {"email": "new@example.test", "password": PASSWORD})
    assert (answer.status_code, answer.json) == (202, {})
    assert ada.get("/api/auth/me").json["email"] == "old@example.test"
    mail = people.mails(template="change_email")[-1]
    assert mail["recipient"] == "new@example.test"
    assert client.post("/api/auth/verify-email", json={"token": people.token_of(mail)}).status_code == 204
    assert ada.get("/api/auth/me").json["email"] == "new@example.test"
    assert people.mails(template="email_changed")[-1]["recipient"] == "old@example.test"
    assert people.messages("membership.changed.v1")[-1]["email"] == "new@example.test"
    assert people.sign_in("old@example.test").status_code == 401
    assert people.sign_in("new@example.test").status_code == 200


def test_link_at_the_old_address_holds_no_longer_when_the_address_changed(people: People, client: FlaskClient) -> None:
    ada = people.new("Ada", email="old@example.test")
    client.post("/api/auth/password/forgot", json={"email": "old@example.test"})
    token = people.token_of(people.mails(template="reset_password")[-1])
    ada.post("/api/auth/me/email", {"email": "new@example.test", "password": PASSWORD})
    client.post("/api/auth/verify-email", json={"token": people.token_of(people.mails(template="change_email")[-1])})
    body = {"token": token, "password": "a quite different passphrase"}
    assert client.post("/api/auth/password/reset", json=body).status_code == 422


def test_nobody_is_told_when_the_address_is_anothers(people: People) -> None:
    people.new("Bob", email="bob@example.test")
    ada = people.new("Ada")
    taken = ada.post("/api/auth/me/email", {"email": "bob@example.test", "password": PASSWORD})
    free = ada.post("/api/auth/me/email", {"email": "free@example.test", "password": PASSWORD})
    assert (taken.status_code, taken.json) == (free.status_code, free.json) == (202, {})
    assert [mail["recipient"] for mail in people.mails(template="change_email")] == ["free@example.test"]


def test_change_is_refused_when_the_address_became_anothers_meanwhile(people: People, client: FlaskClient) -> None:
    ada = people.new("Ada")
    ada.post("/api/auth/me/email", {"email": "wanted@example.test", "password": PASSWORD})
    mail = people.mails(template="change_email")[-1]
    people.new("Bob", email="wanted@example.test")
    answer = client.post("/api/auth/verify-email", json={"token": people.token_of(mail)})
    assert answer.status_code == 409
    assert ada.get("/api/auth/me").json["email"] == ada.email


def test_change_of_address_takes_the_password(people: People) -> None:
    ada = people.new("Ada")
    body = {"email": "new@example.test", "password": "not the password"}
    assert ada.post("/api/auth/me/email", body).status_code == 422
    assert people.mails(template="change_email") == []


def test_sessions_show_device_and_last_use_and_end_when_revoked(people: People) -> None:
    ada = people.new("Ada")
    other = people.again(ada.email)
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    with clock.frozen(clock.now() + timedelta(hours=1)):
        people.app.test_client().post(
            "/api/auth/refresh", json={"refresh_token": other.tokens["refresh_token"]}, headers={"User-Agent": agent}
        )
    items = ada.get("/api/auth/sessions").json["items"]
    assert [(item["current"], item["device"]) for item in items] == [
        (False, "Firefox on Linux"),
        (True, "Unknown device"),
    ]
    assert items[0]["last_used_at"] > items[0]["created_at"]
    assert ada.delete(f"/api/auth/sessions/{items[0]['id']}").status_code == 204
    assert other.get("/api/auth/me").status_code == 401
    assert ada.delete(f"/api/auth/sessions/{items[0]['id']}").status_code == 404
    assert [item["current"] for item in ada.get("/api/auth/sessions").json["items"]] == [True]


def test_sessions_of_others_are_out_of_reach(people: People) -> None:
    ada, bob = people.new("Ada"), people.new("Bob")
    session = bob.get("/api/auth/sessions").json["items"][0]["id"]
    assert ada.delete(f"/api/auth/sessions/{session}").status_code == 404
    assert bob.get("/api/auth/me").status_code == 200


def test_every_other_session_ends_when_signing_out_elsewhere(people: People) -> None:
    ada = people.new("Ada")
    others = [people.again(ada.email) for _ in range(3)]
    assert ada.delete("/api/auth/sessions").status_code == 204
    assert [other.get("/api/auth/me").status_code for other in others] == [401] * 3
    assert ada.get("/api/auth/me").status_code == 200


def test_sessions_come_in_pages(people: People) -> None:
    ada = people.new("Ada")
    for _ in range(4):
        people.again(ada.email)
    seen, cursor = [], ""
    while cursor is not None:
        page = ada.get("/api/auth/sessions?limit=2" + (f"&cursor={cursor}" if cursor else "")).json
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert len(seen) == len(set(seen)) == 5


def test_account_is_gone_everywhere_when_deleted(people: People, client: FlaskClient) -> None:
    owner = people.new("Olga")
    org = owner.make_organization()
    max_ = people.join(owner, org["id"], role="manager")
    assert max_.delete("/api/auth/me", {"password": PASSWORD}).status_code == 204
    assert max_.get("/api/auth/me").status_code == 401
    assert people.sign_in(max_.email).status_code == 401
    last = people.messages("membership.changed.v1")[-1]
    assert (last["user_id"], last["role"]) == (str(max_.id), None)
    assert people.mails(to=max_.email)[-1]["template"] == "account_deleted"
    members = owner.get(f"/api/organizations/{org['id']}/members").json["items"]
    assert [member["user_id"] for member in members] == [str(owner.id)]
    people.new("Max again", email=max_.email)


def test_deletion_is_refused_when_an_organisation_would_have_no_owner(people: People) -> None:
    ada = people.new("Ada")
    org = ada.make_organization()
    answer = ada.delete("/api/auth/me", {"password": PASSWORD})
    assert answer.status_code == 409
    assert answer.json["type"].endswith("/last-owner")
    assert ada.delete(f"/api/organizations/{org['id']}").status_code == 204
    assert ada.delete("/api/auth/me", {"password": PASSWORD}).status_code == 204


@pytest.mark.parametrize("body", [{"password": "not the password"}, {"password": ""}])
def test_deletion_takes_the_password(people: People, body: dict[str, str]) -> None:
    ada = people.new("Ada")
    assert ada.delete("/api/auth/me", body).status_code == 422
    assert ada.get("/api/auth/me").status_code == 200
