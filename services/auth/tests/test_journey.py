"""The way in, from registering to a service key, through the API alone."""

from services.auth.tests.people import PASSWORD, People


def test_everything_an_operator_needs_works_when_done_in_order(people: People) -> None:
    ada = people.new("Ada")
    org = ada.make_organization("Quay Charters")
    assert org["slug"] == "quay-charters"
    assert org["role"] == "owner"
    answer = ada.post(f"/api/organizations/{org['id']}/service-keys", {"name": "booking", "scopes": ["events:write"]})
    assert answer.status_code == 201, answer.json
    key = answer.json or {}
    assert key["key"].startswith(f"msk_{key['id'].replace('-', '')}_")
    listed = ada.get("/api/organizations").json or {}
    assert [item["id"] for item in listed["items"]] == [org["id"]]
    kinds = [people.messages(f"{kind}.v1") for kind in ("organization.changed", "membership.changed")]
    assert kinds[0][0]["slug"] == "quay-charters"
    assert kinds[1][0] | {"version": 0} == {
        "org_id": org["id"],
        "user_id": str(ada.id),
        "role": "owner",
        "version": 0,
        "name": "Ada",
        "email": ada.email,
        "user_language": "en",
    }
    told = people.messages("service_key.changed.v1")[0]
    assert told["key_id"] == key["id"]
    assert key["key"] not in str(told)
    client = people.app.test_client()
    internal = people.as_service()
    membership = client.get(f"/internal/memberships/{org['id']}/{ada.id}", headers=internal).json or {}
    assert membership["role"] == "owner"
    kept = client.get(f"/internal/service-keys/{key['id']}", headers=internal).json or {}
    assert kept["org_id"] == org["id"]
    assert kept["scopes"] == ["events:write"]
    assert client.get(f"/internal/organizations/{org['id']}", headers=internal).json["name"] == "Quay Charters"


def test_cookie_flow_holds_when_a_browser_signs_in_refreshes_and_signs_out(people: People) -> None:
    ada = people.new("Ada")
    browser = people.app.test_client()
    headers = {"X-Requested-With": "muster", "Origin": "http://localhost:8080", "Sec-Fetch-Site": "same-origin"}
    answer = browser.post("/api/auth/browser/login", json={"email": ada.email, "password": PASSWORD}, headers=headers)
    assert answer.status_code == 200
    assert "refresh_token" not in (answer.json or {})
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    renewed = browser.post("/api/auth/browser/refresh", json={}, headers=headers)
    assert renewed.status_code == 200
    assert renewed.headers["Set-Cookie"] != cookie
    assert browser.post("/api/auth/browser/logout", json={}, headers=headers).status_code == 204
    assert browser.post("/api/auth/browser/refresh", json={}, headers=headers).status_code == 401
