"""The audit log: what is in it, who reads it, and that nobody rewrites it."""

from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from muster_auth.worker import build_worker
from muster_shared import clock
from muster_shared.ids import new_id
from muster_shared.messages.auth import AuditRecorded
from muster_shared.wiring import Wiring
from services.auth.tests.people import People


def test_log_says_who_did_what_newest_first(people: People) -> None:
    owner = people.new("Olga")
    org = owner.make_organization()
    manager = people.join(owner, org["id"], role="manager")
    base = f"/api/organizations/{org['id']}"
    key = owner.post(f"{base}/service-keys", {"name": "k", "scopes": ["events:read"]}).json
    owner.patch(f"{base}/members/{manager.id}", {"role": "owner"})
    manager.patch(base, {"settings": {"moderate_photos": True}})
    owner.delete(f"{base}/service-keys/{key['id']}", None)
    entries = owner.get(f"{base}/audit").json["items"]
    assert [(entry["actor_name"], entry["action"]) for entry in entries] == [
        ("Olga", "service_key.revoked"),
        ("Max", "organization.changed"),
        ("Olga", "member.role_changed"),
        ("Olga", "service_key.created"),
        ("Max", "member.joined"),
        ("Olga", "invitation.created"),
        ("Olga", "organization.created"),
    ]
    assert entries[2]["changes"] == {"role": {"from": "manager", "to": "owner"}}
    assert entries[2]["target_id"] == str(manager.id)
    assert entries[1]["changes"] == {"fields": ["settings.moderate_photos"]}
    assert all(entry["request_id"] and entry["actor_id"] for entry in entries)
    whole = owner.get(f"{base}/audit").get_data(as_text=True)
    assert key["key"][-43:] not in whole
    assert "@" not in whole


def test_refused_call_leaves_no_entry(people: People) -> None:
    owner = people.new("Olga")
    base = f"/api/organizations/{owner.make_organization()['id']}"
    owner.delete(f"{base}/members/{owner.id}")
    assert [entry["action"] for entry in owner.get(f"{base}/audit").json["items"]] == ["organization.created"]


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_entries SET action = 'nothing'", "DELETE FROM audit_entries", "TRUNCATE audit_entries"]
)
def test_database_refuses_the_service_when_it_would_rewrite_the_log(people: People, statement: str) -> None:
    people.new("Ada").make_organization()
    with people.database.read() as connection, pytest.raises(ProgrammingError, match="permission denied"):
        connection.execute(text(statement))
    with people.database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM audit_entries")).scalar() == 2
        connection.execute(text("UPDATE users SET language = 'de'"))


def test_log_comes_in_pages(people: People) -> None:
    owner = people.new("Olga")
    base = f"/api/organizations/{owner.make_organization()['id']}"
    for number in range(6):
        owner.patch(base, {"name": f"Quay {number}"})
    seen, cursor = [], ""
    while cursor is not None:
        page = owner.get(f"{base}/audit?limit=3" + (f"&cursor={cursor}" if cursor else "")).json
        seen += [entry["id"] for entry in page["items"]]
        cursor = page["next_cursor"]
    assert len(seen) == len(set(seen)) == 7


def test_cursor_of_another_organisations_log_is_refused(people: People) -> None:
    owner = people.new("Olga")
    one, two = owner.make_organization("One"), owner.make_organization("Two")
    owner.patch(f"/api/organizations/{one['id']}", {"name": "One more"})
    cursor = owner.get(f"/api/organizations/{one['id']}/audit?limit=1").json["next_cursor"]
    assert cursor
    assert owner.get(f"/api/organizations/{two['id']}/audit?cursor={cursor}").status_code == 422


def test_what_other_services_tell_is_kept_once(people: People, wiring: Wiring) -> None:
    owner = people.new("Olga")
    org = owner.make_organization()
    message = AuditRecorded(
        org_id=org["id"],
        service="events",
        actor_kind="service_key",
        actor_id=new_id(),
        actor_name="booking",
        action="event.created",
        target_kind="event",
        target_id=new_id(),
        changes={"kind": "charter"},
        request_id="r-12345678",
        occurred_at=clock.now(),
    )
    handler: Any = build_worker(people.core.settings, wiring).handlers[AuditRecorded]
    context = SimpleNamespace(message_id=str(new_id()))
    for _ in range(2):
        with people.database.transaction() as session:
            handler(session, message, context)
    entries = owner.get(f"/api/organizations/{org['id']}/audit").json["items"]
    assert [(entry["service"], entry["action"]) for entry in entries] == [
        ("events", "event.created"),
        ("auth", "organization.created"),
    ]
