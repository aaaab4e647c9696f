"""What operators do with mails reaches the audit log."""

from typing import Any

from flask.testing import FlaskClient

from muster_shared.testing.tokens import TestIssuer
from services.notifications.tests.support import ORG, PERMANENT, Desk, assigned, ses

BASE = "/api/notifications"


def told(desk: Desk) -> list[dict[str, Any]]:
    return [row.payload for row in desk.rows("SELECT payload FROM outbox WHERE type = 'audit.recorded.v1' ORDER BY id")]


def test_resending_and_lifting_a_suppression_are_told_with_their_actor(
    client: FlaskClient, desk: Desk, issuer: TestIssuer
) -> None:
    user = desk.member()
    headers = issuer.headers(user, name="Max")
    desk.handle(assigned())
    (mail,) = desk.send()
    desk.event(ses("bounce", mail, **PERMANENT))
    first, (entry,) = desk.only(), client.get(f"{BASE}/suppressions", headers=headers).json["items"]
    refused = client.post(f"{BASE}/{first.id}/resend", headers=headers)
    lifted = client.delete(f"{BASE}/suppressions/{entry['id']}", headers=headers)
    resent = client.post(f"{BASE}/{first.id}/resend", headers=headers)
    assert (refused.status_code, lifted.status_code, resent.status_code) == (409, 204, 201)
    entries = told(desk)
    assert [(entry["action"], entry["target_id"]) for entry in entries] == [
        ("suppression.lifted", entry["id"]),
        ("delivery.resent", str(first.id)),
    ]
    assert {(entry["org_id"], entry["actor_id"], entry["actor_name"]) for entry in entries} == {
        (str(ORG), str(user), "Max")
    }
    assert "@" not in str(entries)
