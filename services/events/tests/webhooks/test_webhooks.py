"""Webhooks: signed, retried, logged, replayed, and never led to an address at home."""

import json
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from muster_events.config import EventsSettings
from muster_events.webhooks.addresses import AddressRefused, is_public, resolve
from muster_events.webhooks.delivering import Deliverer
from muster_events.webhooks.secrets import SecretBox
from muster_events.webhooks.sending import send
from muster_shared import clock
from muster_shared.db import Database
from muster_shared.testing.settings import make_settings
from services.events.tests.support import LINK_SECRET, MakeEvent, People

HOOKS = "/api/events/webhooks"


class Receiver:
    """A receiver of webhooks: keeps what came, answers what it is told to."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.calls: list[tuple[dict[str, str], bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.calls.append(({k.lower(): v for k, v in self.headers.items()}, body))
                self.send_response(receiver.answers.pop(0) if receiver.answers else 204)
                self.send_header("location", "http://127.0.0.1:1/elsewhere")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?x=1"


@pytest.fixture
def settings(database: Database) -> EventsSettings:
    values = {"link_secret": LINK_SECRET, "webhook_allow_private": True}
    return make_settings(EventsSettings, database_url=database.url, **values)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


@pytest.fixture
def deliverer(database: Database, settings: EventsSettings) -> Deliverer:
    return Deliverer(database=database, box=SecretBox(settings), allow_private=True)


@pytest.fixture
def hook(client: FlaskClient, people: People, receiver: Receiver) -> dict[str, Any]:
    body = {"org_id": str(people.org_id), "url": receiver.url, "types": ["event.created", "event.cancelled"]}
    answer = client.post(HOOKS, json=body, headers=people.alice)
    assert answer.status_code == 201, answer.get_data(as_text=True)
    made: dict[str, Any] = answer.get_json()
    return made


def log_of(client: FlaskClient, people: People, hook: dict[str, Any]) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = client.get(f"{HOOKS}/{hook['id']}/deliveries", headers=people.alice).get_json()[
        "items"
    ]
    return items


def test_a_signed_call_is_made_when_something_happens_that_was_asked_for(
    client: FlaskClient,
    people: People,
    receiver: Receiver,
    hook: dict[str, Any],
    deliverer: Deliverer,
    make_event: MakeEvent,
) -> None:
    event = make_event(crew_notes="secret-notes", finance={"currency": "EUR", "revenue": 987_654})
    client.patch(f"/api/events/{event['id']}", json={"title": "Not asked for"}, headers=people.alice)
    assert deliverer.deliver_due() == 1
    [(headers, body)] = receiver.calls
    payload = Webhook(hook["secret"]).verify(body, headers)
    assert (payload["type"], payload["data"]["id"]) == ("event.created", event["id"])
    with pytest.raises(WebhookVerificationError):
        Webhook(hook["secret"]).verify(body.replace(b"event.created", b"event.updated"), headers)
    assert b"secret-notes" not in body
    assert b"987654" not in body
    [delivery] = log_of(client, people, hook)
    assert (delivery["status"], [a["status"] for a in delivery["attempts"]]) == ("delivered", [204])
    assert delivery["id"] == headers["webhook-id"]


def test_it_is_tried_again_later_when_the_receiver_fails(
    client: FlaskClient,
    people: People,
    receiver: Receiver,
    hook: dict[str, Any],
    deliverer: Deliverer,
    make_event: MakeEvent,
) -> None:
    receiver.answers = [500, 302]
    make_event()
    assert [deliverer.deliver_due(), deliverer.deliver_due()] == [1, 0]
    for hours in (1, 2):
        with clock.frozen(clock.now() + timedelta(hours=hours)):
            assert deliverer.deliver_due() == 1
    [delivery] = log_of(client, people, hook)
    assert [attempt["status"] for attempt in delivery["attempts"]] == [500, 302, 204]
    assert len({headers["webhook-id"] for headers, _ in receiver.calls}) == 1


def test_it_is_given_up_and_switched_off_when_nothing_helps_and_replayed_on_wish(
    client: FlaskClient,
    people: People,
    receiver: Receiver,
    hook: dict[str, Any],
    deliverer: Deliverer,
    make_event: MakeEvent,
) -> None:
    receiver.answers = [503] * 10
    make_event()
    for days in range(10):
        with clock.frozen(clock.now() + timedelta(days=2 * days)):
            assert deliverer.deliver_due() == 1
    [delivery] = log_of(client, people, hook)
    assert (delivery["status"], len(delivery["attempts"])) == ("failed", 10)
    [listed] = client.get(HOOKS, headers=people.bob).get_json()["items"]
    assert listed["disabled_reason"] == "no success for three days"
    assert "secret" not in listed
    url = f"{HOOKS}/{hook['id']}/deliveries/{delivery['id']}/replay"
    assert client.post(url, headers=people.charlie).status_code == 404
    assert client.post(url, headers=people.alice).status_code == 202
    assert deliverer.deliver_due() == 1
    assert log_of(client, people, hook)[0]["status"] == "delivered"


def test_it_is_never_called_again_when_the_receiver_says_gone(
    client: FlaskClient,
    people: People,
    receiver: Receiver,
    hook: dict[str, Any],
    deliverer: Deliverer,
    make_event: MakeEvent,
) -> None:
    receiver.answers = [410]
    make_event()
    deliverer.deliver_due()
    make_event()
    assert deliverer.deliver_due() == 0
    assert len(receiver.calls) == 1


def test_nothing_is_announced_when_the_change_is_rolled_back(
    client: FlaskClient,
    people: People,
    receiver: Receiver,
    hook: dict[str, Any],
    deliverer: Deliverer,
    make_event: MakeEvent,
) -> None:
    make_event(guest_page={"slug": "taken-slug"})
    deliverer.deliver_due()
    body = {"kind": "job", "title": "x", "starts_at": "2031-01-01T10:00:00Z", "duration_minutes": 5, "timezone": "UTC"}
    refused = {**body, "org_id": str(people.org_id), "guest_page": {"slug": "taken-slug"}}
    assert client.post("/api/events", json=refused, headers=people.alice).status_code == 409
    assert deliverer.deliver_due() == 0


def test_the_secret_rests_encrypted(database: Database, hook: dict[str, Any]) -> None:
    with database.read() as connection:
        row = connection.execute(text("SELECT encode(secret, 'escape') FROM webhooks")).scalar()
    assert hook["secret"].removeprefix("whsec_") not in row


def test_another_organisations_webhook_is_not_found(client: FlaskClient, people: People, hook: dict[str, Any]) -> None:
    url = f"{HOOKS}/{hook['id']}"
    assert client.get(f"{url}/deliveries", headers=people.charlie).status_code == 404
    assert client.delete(url, headers=people.charlie).status_code == 404
    assert client.get(HOOKS, headers=people.charlie).get_json()["items"] == []
    assert client.delete(url, headers=people.bob).status_code == 204


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "[::1]",
        "[::]",
        "[fe80::1]",
        "[fd00::1]",
        "[::ffff:10.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "224.0.0.1",
    ],
)
def test_an_address_at_home_is_refused_however_it_is_written(host: str) -> None:
    with pytest.raises(AddressRefused):
        resolve(f"https://{host}/hook")
    assert send(f"https://{host}/hook", b"{}", {}).error is not None


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/",
        "https://user:pw@example.org/",
        "https://example.org:22/",
        "ftp://example.org/",
        "https:///x",
        "https://exa mple.org/",
        "https://example.org/#x",
        "https://example.org:99999/",
    ],
)
def test_an_address_of_the_wrong_kind_is_refused(url: str) -> None:
    with pytest.raises(AddressRefused):
        resolve(url)


def test_a_public_address_is_let_through() -> None:
    assert is_public("93.184.215.14")
    assert is_public("2606:2800:220:1:248:1893:25c8:1946")


def test_one_private_answer_spoils_the_name_when_it_resolves_to_several(monkeypatch: pytest.MonkeyPatch) -> None:
    def both(*_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 443)) for ip in ("93.184.215.14", "10.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", both)
    with pytest.raises(AddressRefused):
        resolve("https://mixed.example/")


def test_the_judged_address_is_connected_to_when_the_name_changes_its_mind(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["93.184.215.14", "127.0.0.1"])
    connected: list[str] = []

    def rebinding(*_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), 443))]

    def connect(address: tuple[str, int], *_: Any) -> socket.socket:
        connected.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    monkeypatch.setattr(socket, "create_connection", connect)
    assert send("https://rebinding.example/", json.dumps({}).encode(), {}).error == "ConnectionRefusedError"
    assert connected == ["93.184.215.14"]
