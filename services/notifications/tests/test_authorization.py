"""Every route tried by everybody; the table below has to list every one of them."""

from collections.abc import Callable
from uuid import uuid4

import bcrypt
import pytest
from flask import Flask
from flask.testing import FlaskClient

from muster_notifications.app import build_app
from muster_notifications.config import NotificationsSettings
from muster_shared.auth.tables import service_keys
from muster_shared.testing.tokens import TestIssuer
from muster_shared.web.app import operations_of
from muster_shared.wiring import Wiring
from services.notifications.tests.support import ORG, OTHER_ORG, Desk, assigned

BASE = "/api/notifications"
CALLERS = ("anonymous", "attendee", "stranger", "manager", "owner", "key", "key_without_scope", "key_of_others")

# Per route, what each caller gets, in the order of CALLERS. Nobody gets more than this says.
TABLE: dict[tuple[str, str], tuple[int, ...]] = {
    ("GET", BASE): (401, 200, 200, 200, 200, 200, 403, 200),
    ("GET", f"{BASE}/<uuid:delivery_id>"): (401, 404, 404, 200, 200, 200, 403, 404),
    ("POST", f"{BASE}/<uuid:delivery_id>/resend"): (401, 404, 404, 409, 409, 403, 403, 403),
    ("GET", f"{BASE}/suppressions"): (401, 200, 200, 200, 200, 200, 403, 200),
    ("DELETE", f"{BASE}/suppressions/<uuid:suppression_id>"): (401, 404, 404, 404, 404, 403, 403, 403),
    ("GET", f"{BASE}/templates"): (401, 200, 200, 200, 200, 200, 403, 200),
    ("GET", f"{BASE}/templates/<name>/preview"): (401, 200, 200, 200, 200, 200, 403, 200),
    ("GET", f"{BASE}/outbox"): (404,) * 8,
    ("GET", "/u/<token>"): (404,) * 8,
    ("POST", "/u/<token>"): (404,) * 8,
}
SEES_NOTHING = ("attendee", "stranger", "key_of_others")


@pytest.fixture
def app(settings: NotificationsSettings, wiring: Wiring) -> Flask:
    return build_app(settings, wiring)


@pytest.fixture
def headers_of(desk: Desk, issuer: TestIssuer) -> Callable[[str], dict[str, str]]:
    desk.organization()

    def key(org: object, scopes: list[str]) -> dict[str, str]:
        key_id, secret = uuid4(), "s" * 43
        with desk.database.transaction() as session:
            session.execute(
                service_keys.insert().values(
                    id=key_id,
                    org_id=org,
                    name="k",
                    secret_hash=bcrypt.hashpw(secret.encode(), bcrypt.gensalt(4)).decode(),
                    scopes=scopes,
                    version=1,
                )
            )
        return {"X-Dashboard-Token": f"msk_{key_id.hex}_{secret}"}

    makers: dict[str, Callable[[], dict[str, str]]] = {
        "anonymous": dict,
        "attendee": lambda: issuer.headers(uuid4()),
        "stranger": lambda: issuer.headers(desk.member(OTHER_ORG)),
        "manager": lambda: issuer.headers(desk.member()),
        "owner": lambda: issuer.headers(desk.member(role="owner")),
        "key": lambda: key(ORG, ["notifications:read"]),
        "key_without_scope": lambda: key(ORG, ["events:read", "crew:write"]),
        "key_of_others": lambda: key(OTHER_ORG, ["notifications:read"]),
    }
    return lambda caller: makers[caller]()


def test_the_table_lists_every_route(app: Flask) -> None:
    assert {(operation.method, operation.path) for operation in operations_of(app)} == set(TABLE)


@pytest.mark.parametrize("caller", CALLERS)
def test_nobody_gets_more_than_the_table_says(
    app: Flask, desk: Desk, headers_of: Callable[[str], dict[str, str]], caller: str
) -> None:
    desk.handle(assigned())
    delivery_id = desk.only().id
    client, headers = app.test_client(), headers_of(caller)
    for (method, path), expected in TABLE.items():
        address = path.replace("<uuid:delivery_id>", str(delivery_id)).replace("<uuid:suppression_id>", str(uuid4()))
        address = address.replace("<name>", "invitation").replace("<token>", "x")
        answer = client.open(address, method=method, headers=headers)
        assert answer.status_code == expected[CALLERS.index(caller)], (method, path)
        if caller in SEES_NOTHING:
            assert "ana@crew.test" not in answer.text


@pytest.mark.parametrize(
    "spoil",
    [
        {"exp": 1_000_000_000},
        {"aud": "somebody-else"},
        {"iss": "https://elsewhere.test"},
        {"jti": None},
    ],
)
def test_a_token_that_does_not_hold_opens_nothing(
    client: FlaskClient, desk: Desk, issuer: TestIssuer, spoil: dict[str, object]
) -> None:
    user = desk.member()
    assert client.get(BASE, headers=issuer.headers(user)).status_code == 200, "the control"
    assert client.get(BASE, headers=issuer.headers(user, **spoil)).status_code == 401


def test_a_demoted_member_is_out_when_their_removal_is_told(
    client: FlaskClient, desk: Desk, issuer: TestIssuer
) -> None:
    desk.organization()
    desk.handle(assigned())
    user = desk.member()
    headers = issuer.headers(user)
    path = f"{BASE}/{desk.only().id}"
    assert client.get(path, headers=headers).status_code == 200
    desk.run("UPDATE membership_copies SET role = NULL, version = 2 WHERE user_id = :user", user=user)
    desk.wiring.memberships.forget()
    assert client.get(path, headers=headers).status_code == 404
