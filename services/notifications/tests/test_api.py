"""The API: lists, traces, resending, suppressions, templates, unsubscribing and the local mailbox."""

import re
from typing import Any
from uuid import uuid4

import orjson
import pytest
import requests
from flask.testing import FlaskClient

from muster_notifications.app import build_app
from muster_notifications.config import NotificationsSettings
from muster_notifications.templates.registry import TEMPLATES
from muster_shared import clock
from muster_shared.messages.events import CrewAnswered, CrewLinkOpened, RegistrationChanged
from muster_shared.settings import Environment
from muster_shared.testing.tokens import TestIssuer
from muster_shared.wiring import Wiring
from services.notifications.tests.support import (
    ORG,
    OTHER_ORG,
    PERMANENT,
    Desk,
    assigned,
    event_facts,
    mail_requested,
    ses,
)

BASE = "/api/notifications"


@pytest.fixture
def alice(desk: Desk, issuer: TestIssuer) -> dict[str, str]:
    """A manager of the organisation."""
    desk.organization()
    return issuer.headers(desk.member())


@pytest.fixture
def charlie(desk: Desk, issuer: TestIssuer) -> dict[str, str]:
    """Somebody of another organisation."""
    return issuer.headers(desk.member(OTHER_ORG))


def slug(answer: Any) -> str:
    return str(answer.json["type"]).rsplit("/", 1)[1]


def test_the_list_shows_own_mails_newest_first_in_pages(
    client: FlaskClient, desk: Desk, alice: dict[str, str], charlie: dict[str, str]
) -> None:
    desk.handle(*(assigned(email=f"c{number}@x.test") for number in range(5)), mail_requested())
    desk.handle(assigned(event=event_facts(org_id=OTHER_ORG), email="other@x.test"))
    seen: list[str] = []
    cursor = ""
    while True:
        page = client.get(f"{BASE}?limit=2{cursor}", headers=alice).json
        seen += [item["recipient"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == [f"c{number}@x.test" for number in (4, 3, 2, 1, 0)]
    assert [item["recipient"] for item in client.get(BASE, headers=charlie).json["items"]] == ["other@x.test"]


def test_filters_hold_together(client: FlaskClient, desk: Desk, alice: dict[str, str]) -> None:
    event = event_facts()
    desk.handle(assigned(event=event, email="a@x.test"), assigned(event=event, email="b@x.test"), assigned())
    desk.send()
    desk.handle(assigned(event=event, email="a@x.test"))

    def found(query: str) -> int:
        return len(client.get(f"{BASE}?{query}", headers=alice).json["items"])

    assert found(f"event_id={event.event_id}") == 3
    assert found(f"event_id={event.event_id}&recipient=A@x.test") == 2
    assert found(f"event_id={event.event_id}&recipient=a@x.test&status=queued") == 1
    assert found(f"org_id={ORG}&status=sent") == 3


@pytest.mark.parametrize(
    "query",
    ["status=lost", "event_id=1", "limit=0", "limit=101", "cursor=abc", "recipient=nobody", "colour=red", "limit=a"],
)
def test_a_wrong_filter_is_named_when_it_is_refused(client: FlaskClient, alice: dict[str, str], query: str) -> None:
    answer = client.get(f"{BASE}?{query}", headers=alice)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "?" + query.split("=")[0]


def test_a_trace_tells_the_whole_story_in_order(client: FlaskClient, desk: Desk, alice: dict[str, str]) -> None:
    message = assigned()
    desk.handle(message)
    (sent,) = desk.send()
    now = clock.rfc3339(clock.now())
    desk.event(ses("delivery", sent, at=now))
    facts = message.assignment
    names: dict[str, Any] = {"assignment_id": facts.assignment_id, "link_version": 1, "org_id": ORG}
    desk.handle(
        CrewLinkOpened(**names, opened_at=clock.now(), by_machine=True),
        CrewLinkOpened(**names, opened_at=clock.now(), by_machine=False),
        CrewAnswered(**names, event_id=message.event.event_id, answer="confirmed", answered_at=clock.now()),
    )
    found = client.get(f"{BASE}/{desk.only().id}", headers=alice).json
    assert [step["kind"] for step in found["trace"]] == [
        "queued",
        "claimed",
        "handed_to_ses",
        "ses_accepted",
        "event_delivery",
        "opened_by_machine",
        "opened",
        "answered",
    ]
    assert found["trace"][0]["detail"]["trigger"] == "crew.assigned.v1"
    assert found["status"] == "delivered"
    assert found["opened_by_machine_at"] is not None
    assert found["acted_at"] is not None
    assert "/c/" not in str(found)


def test_a_stranger_learns_nothing_when_they_know_the_id(
    client: FlaskClient, desk: Desk, alice: dict[str, str], charlie: dict[str, str]
) -> None:
    desk.handle(assigned(), mail_requested())
    crew, account = desk.deliveries()
    for delivery_id in (crew.id, account.id, uuid4()):
        answer = client.get(f"{BASE}/{delivery_id}", headers=charlie)
        assert (answer.status_code, slug(answer)) == (404, "delivery-not-found")
    assert client.get(f"{BASE}?org_id={ORG}", headers=charlie).status_code == 404
    assert client.get(f"{BASE}/{account.id}", headers=alice).status_code == 404, "nobody's mail but the reader's"
    assert client.get(f"{BASE}/{crew.id}", headers=alice).status_code == 200


def test_a_mail_is_sent_again_only_when_the_first_cannot_arrive_any_more(
    client: FlaskClient, desk: Desk, alice: dict[str, str]
) -> None:
    desk.handle(assigned())
    first = desk.only()
    path = f"{BASE}/{first.id}/resend"
    queued = client.post(path, headers=alice)
    assert (queued.status_code, slug(queued)) == (409, "may-still-arrive")
    (sent,) = desk.send()
    assert client.post(path, headers=alice).status_code == 409, "accepted a moment ago"
    desk.event(ses("delivery", sent))
    again = client.post(path, headers=alice)
    assert again.status_code == 201
    assert again.json["resend_of"] == str(first.id)
    assert client.post(path, headers=alice).status_code == 409, "the second is on its way"
    assert client.post(f"{BASE}/{again.json['id']}/resend", headers=alice).status_code == 409
    assert len(desk.send()) == 1


def test_a_silent_mail_can_be_sent_again_when_long_enough_has_passed(
    client: FlaskClient, desk: Desk, alice: dict[str, str]
) -> None:
    desk.handle(assigned())
    desk.send()
    desk.run("UPDATE deliveries SET sent_at = now() - interval '20 minutes'")
    assert client.post(f"{BASE}/{desk.only().id}/resend", headers=alice).status_code == 201


def test_one_more_mail_goes_when_the_same_key_is_sent_twice(
    client: FlaskClient, desk: Desk, alice: dict[str, str]
) -> None:
    desk.handle(assigned())
    desk.run("UPDATE deliveries SET status = 'failed', reason = 'refused_by_ses'")
    headers = {**alice, "Idempotency-Key": "again-1"}
    path = f"{BASE}/{desk.only().id}/resend"
    first, second = client.post(path, headers=headers), client.post(path, headers=headers)
    assert first.json == second.json
    assert second.headers["Idempotency-Replayed"] == "true"
    assert len(desk.deliveries()) == 2


def test_nothing_is_sent_again_when_it_would_come_to_nothing(
    client: FlaskClient, desk: Desk, alice: dict[str, str]
) -> None:
    message = assigned()
    desk.handle(message)
    (sent,) = desk.send()
    desk.event(ses("bounce", sent, **PERMANENT))
    first = desk.only()
    refused = client.post(f"{BASE}/{first.id}/resend", headers=alice)
    assert (refused.status_code, slug(refused)) == (409, "recipient-suppressed")
    (entry,) = client.get(f"{BASE}/suppressions", headers=alice).json["items"]
    assert (entry["recipient"], entry["reason"], entry["scope"]) == ("ana@crew.test", "bounce", "all")
    assert client.delete(f"{BASE}/suppressions/{entry['id']}", headers=alice).status_code == 204
    newer = assigned(
        event=message.event, assignment_id=message.assignment.assignment_id, link_version=2, email="new@crew.test"
    )
    desk.handle(newer)
    dead = client.post(f"{BASE}/{first.id}/resend", headers=alice)
    assert (dead.status_code, slug(dead)) == (409, "not-resendable")


def test_a_suppression_is_nobody_else_s_to_see_or_remove(
    client: FlaskClient, desk: Desk, alice: dict[str, str], charlie: dict[str, str]
) -> None:
    desk.handle(assigned())
    (sent,) = desk.send()
    desk.event(ses("complaint", sent, feedbackId="f"))
    (entry,) = client.get(f"{BASE}/suppressions?recipient=ANA@crew.test", headers=alice).json["items"]
    assert client.get(f"{BASE}/suppressions", headers=charlie).json["items"] == []
    assert client.delete(f"{BASE}/suppressions/{entry['id']}", headers=charlie).status_code == 404
    desk.handle(assigned(event=event_facts(org_id=OTHER_ORG)))
    assert len(desk.send()) == 1, "one organisation's complaint is not another's"


def unsubscribe_path(desk: Desk) -> str:
    desk.handle(
        RegistrationChanged(
            event=event_facts(),
            registration_id=uuid4(),
            link_version=1,
            name="Gil",
            email="gil@guest.test",
            status="confirmed",
            reason="event_changed",
            request_key=str(uuid4()),
        )
    )
    (sent,) = desk.send()
    found = re.search(r"/u/[\w.-]+", str(sent.mail["List-Unsubscribe"]))
    assert found is not None
    return found[0]


def test_opening_an_unsubscribe_link_changes_nothing_and_posting_does(
    client: FlaskClient, desk: Desk, alice: dict[str, str]
) -> None:
    path = unsubscribe_path(desk)
    for _ in range(3):
        page = client.get(path)
        assert page.status_code == 200
        assert "<form" in page.text
        assert client.head(path).status_code == 200
    assert client.get(f"{BASE}/suppressions", headers=alice).json["items"] == []
    for _ in range(2):
        done = client.post(path, data={"List-Unsubscribe": "One-Click"})
        assert done.status_code == 200
    (entry,) = client.get(f"{BASE}/suppressions", headers=alice).json["items"]
    assert (entry["reason"], entry["scope"]) == ("unsubscribe", "event_updates")
    with pytest.raises(ValueError, match="not enough values"):
        unsubscribe_path(desk)
    assert desk.deliveries()[-1].reason == "unsubscribed"
    desk.handle(assigned(email="gil@guest.test"))
    assert len(desk.send()) == 1, "other kinds still come"


@pytest.mark.parametrize("body", [{"json": None}, {"data": b"\xff"}, {"data": {"x": (None, "y")}}])
def test_one_click_needs_nothing_but_the_address(client: FlaskClient, desk: Desk, body: dict[str, Any]) -> None:
    assert client.post(unsubscribe_path(desk), **body).status_code == 200


@pytest.mark.parametrize("token", ["made-up", "a.b.c", "e" * 2000])
def test_a_forged_unsubscribe_link_is_a_page_that_says_so(client: FlaskClient, token: str) -> None:
    for method in ("GET", "POST"):
        answer = client.open(f"/u/{token}", method=method)
        assert answer.status_code == 404
        assert "does not work" in answer.text
        assert token not in answer.text


def test_a_crew_link_does_not_unsubscribe(client: FlaskClient, desk: Desk) -> None:
    desk.handle(assigned())
    (sent,) = desk.send()
    found = re.search(r"/c/([\w.-]+)", sent.text)
    assert found is not None
    assert client.post(f"/u/{found[1]}").status_code == 404


def test_templates_are_listed_and_previewed(client: FlaskClient, alice: dict[str, str]) -> None:
    items = client.get(f"{BASE}/templates", headers=alice).json["items"]
    assert len(items) == len(TEMPLATES)
    for item in items:
        for language in item["languages"]:
            shown = client.get(f"{BASE}/templates/{item['name']}/preview?language={language}", headers=alice)
            assert shown.status_code == 200
            assert shown.json["version"] == item["versions"][language]
    assert client.get(f"{BASE}/templates/none/preview", headers=alice).status_code == 404
    assert client.get(f"{BASE}/templates/invitation/preview?language=xx", headers=alice).status_code == 422


MAIL = {
    "id": "m1",
    "to": ["a@x.test"],
    "subject": "s",
    "text": "t",
    "html": "<p>",
    "headers": {"From": "x"},
    "sent_at": "2030-01-01T00:00:00.000Z",
}


def local_client(settings: NotificationsSettings, wiring: Wiring, **values: Any) -> FlaskClient:
    changed = settings.model_copy(update={"local_mailbox_url": "http://mailbox.test/mails", **values})
    return build_app(changed, wiring).test_client()


def test_the_local_mailbox_is_shown_when_there_is_one(
    settings: NotificationsSettings, wiring: Wiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def get(url: str, **options: Any) -> Any:
        asked.append((url, options))
        answer = requests.Response()
        answer.status_code = 200
        answer._content = b'{"items": [' + orjson.dumps(MAIL) + b"]}"
        return answer

    monkeypatch.setattr(requests, "get", get)
    answer = local_client(settings, wiring).get(f"{BASE}/outbox?to=a@x.test&limit=5")
    assert answer.json == {"items": [MAIL]}
    assert asked[0][1]["params"] == {"limit": "5", "to": "a@x.test"}
    assert asked[0][1]["timeout"]


def test_there_is_no_mailbox_in_production(
    client: FlaskClient, settings: NotificationsSettings, wiring: Wiring
) -> None:
    assert client.get(f"{BASE}/outbox").status_code == 404
    production = local_client(settings, wiring, env=Environment.PRODUCTION)
    assert production.get(f"{BASE}/outbox").status_code == 404


def test_the_mailbox_says_when_it_is_away(
    settings: NotificationsSettings, wiring: Wiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    def get(*_: Any, **__: Any) -> Any:
        raise requests.ConnectionError

    monkeypatch.setattr(requests, "get", get)
    answer = local_client(settings, wiring).get(f"{BASE}/outbox")
    assert (answer.status_code, slug(answer)) == (503, "mailbox-unavailable")
    assert answer.headers["Retry-After"]


def test_a_list_costs_the_same_number_of_statements_however_long_it_is(
    client: FlaskClient, desk: Desk, alice: dict[str, str]
) -> None:
    from sqlalchemy import event

    desk.handle(*(assigned(email=f"c{number}@x.test") for number in range(30)))
    engine = desk.wiring.database.engine
    counts = []
    for limit in (1, 30):
        statements: list[str] = []

        def note(_conn: Any, _cursor: Any, statement: str, *_: Any, kept: list[str] = statements) -> None:
            kept.append(statement)

        event.listen(engine, "before_cursor_execute", note)
        client.get(f"{BASE}?org_id={ORG}&limit={limit}", headers=alice)
        event.remove(engine, "before_cursor_execute", note)
        counts.append(len(statements))
    assert counts[1] <= counts[0]
    assert counts[1] <= 3
