"""Entries of the calendar, and feeds as calendar programs read them."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from icalendar import Calendar
from sqlalchemy import text

from muster_events.config import EventsSettings
from muster_shared import clock
from muster_shared.auth.internal import InternalClient, InternalUnavailable
from muster_shared.db import Database
from muster_shared.ics import uid_of
from muster_shared.ids import new_id
from muster_shared.testing.tokens import TestIssuer
from muster_shared.wiring import Wiring, wire
from services.events.tests.support import MakeEvent, MakeKey, People, in_days

ENTRIES = "/api/calendar/entries"
FEEDS = "/api/calendar/feeds"


def entry_body(**changes: Any) -> dict[str, Any]:
    return {
        "title": "Haul-out",
        "starts_at": in_days(5).isoformat(),
        "ends_at": in_days(6).isoformat(),
        "timezone": "Europe/Athens",
        "notes": "Yard B",
        **changes,
    }


def vevents(client: FlaskClient, url: str) -> dict[str, Any]:
    """The feed's events by UID, read as a calendar program would."""
    answer = client.get(url.removeprefix("http://localhost:8080"))
    assert answer.status_code == 200
    assert answer.content_type == "text/calendar; charset=utf-8"
    raw = answer.get_data()
    assert all(len(line) <= 75 for line in raw.split(b"\r\n")), "RFC 5545, 3.1: lines are folded"
    assert b"\n" not in raw.replace(b"\r\n", b"")
    calendar = Calendar.from_ical(raw)
    zones = {str(zone["TZID"]) for zone in calendar.walk("VTIMEZONE")}
    found = {}
    for event in calendar.walk("VEVENT"):
        assert not event.errors
        zone = event["DTSTART"].params.get("TZID")
        assert zone is None or zone in zones
        found[str(event["UID"])] = event
    return found


def test_an_event_and_an_entry_stand_side_by_side_when_listed(
    client: FlaskClient, people: People, make_key: MakeKey, make_event: MakeEvent
) -> None:
    event = make_event(starts_at=in_days(7).isoformat(), crew_notes="Bring lines")
    made = client.post(ENTRIES, json=entry_body(), headers=make_key("calendar:write"))
    assert made.status_code == 201
    items = client.get(ENTRIES, headers=make_key("events:read")).get_json()["items"]
    assert [(item["type"], item["title"], item["event_id"]) for item in items] == [
        ("entry", "Haul-out", None),
        ("event", event["title"], event["id"]),
    ]
    assert client.get(ENTRIES, headers=people.charlie).get_json()["items"] == []


def test_an_entry_can_be_taken_out_but_not_an_events(
    client: FlaskClient, people: People, make_event: MakeEvent, make_key: MakeKey
) -> None:
    entry = client.post(ENTRIES, json=entry_body(), headers=make_key("calendar:write")).get_json()
    event = make_event()
    assert client.delete(f"{ENTRIES}/{event['id']}", headers=people.alice).status_code == 409
    assert client.delete(f"{ENTRIES}/{event['id']}", headers=people.charlie).status_code == 404
    assert client.delete(f"{ENTRIES}/{entry['id']}", headers=people.charlie).status_code == 404
    assert client.delete(f"{ENTRIES}/{entry['id']}", headers=people.alice).status_code == 204
    assert client.delete(f"{ENTRIES}/{entry['id']}", headers=people.alice).status_code == 404


def test_a_key_is_refused_when_it_lacks_the_scope(client: FlaskClient, make_key: MakeKey) -> None:
    assert client.post(ENTRIES, json=entry_body(), headers=make_key("events:read")).status_code == 403
    assert client.post(ENTRIES, json=entry_body()).status_code == 401


def test_times_must_be_in_order_when_an_entry_is_made(client: FlaskClient, make_key: MakeKey) -> None:
    body = entry_body(ends_at=in_days(4).isoformat())
    assert client.post(ENTRIES, json=body, headers=make_key("calendar:write")).status_code == 422


def test_pages_hold_each_entry_once_when_events_and_entries_alternate(
    client: FlaskClient, people: People, make_event: MakeEvent, make_key: MakeKey
) -> None:
    writer = make_key("calendar:write")
    for day in range(3):
        make_event(starts_at=in_days(10 + day).isoformat())
        times = {"starts_at": in_days(10 + day).isoformat(), "ends_at": in_days(11 + day).isoformat()}
        client.post(ENTRIES, json=entry_body(**times), headers=writer)
    seen, cursor = [], None
    while True:
        query = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = client.get(ENTRIES, query_string=query, headers=people.alice).get_json()
        seen += [item["id"] for item in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert len(seen) == len(set(seen)) == 6


def test_a_feed_keeps_uid_and_raises_sequence_when_an_event_moves_and_is_cancelled(
    client: FlaskClient, people: People, make_event: MakeEvent
) -> None:
    event = make_event(title="Sail; with, commas\\ and רוח", starts_at="2030-06-01T18:00:00+03:00")
    feed = client.post(FEEDS, json={"org_id": str(people.org_id)}, headers=people.alice).get_json()
    uid = f"{event['id']}@muster.events"
    first = vevents(client, feed["url"])[uid]
    assert first["SUMMARY"] == "Sail; with, commas\\ and רוח"
    assert first["DTSTART"].params["TZID"] == "Europe/Athens"
    assert first["DTSTART"].dt == datetime.fromisoformat("2030-06-01T18:00:00+03:00")
    assert (first["SEQUENCE"], first["STATUS"]) == (0, "CONFIRMED")
    url = f"/api/events/{event['id']}"
    client.patch(url, json={"starts_at": "2030-06-02T18:00:00+03:00"}, headers=people.alice)
    moved = vevents(client, feed["url"])[uid]
    assert (moved["SEQUENCE"], moved["DTSTART"].dt.day) == (1, 2)
    client.post(f"{url}/cancel", json={}, headers=people.alice)
    cancelled = vevents(client, feed["url"])[uid]
    assert (cancelled["SEQUENCE"], cancelled["STATUS"]) == (2, "CANCELLED")


def test_the_local_hour_is_right_on_both_sides_when_the_clocks_change(
    client: FlaskClient, people: People, make_event: MakeEvent
) -> None:
    winter = make_event(starts_at="2030-03-30T18:00:00+02:00")
    summer = make_event(starts_at="2030-03-31T18:00:00+03:00")
    feed = client.post(FEEDS, json={"org_id": str(people.org_id)}, headers=people.alice).get_json()
    found = vevents(client, feed["url"])
    for event, offset in ((winter, 2), (summer, 3)):
        start = found[f"{event['id']}@muster.events"]["DTSTART"].dt
        assert (start.hour, start.utcoffset()) == (18, timedelta(hours=offset))


def test_a_feed_answers_not_modified_when_nothing_changed(
    client: FlaskClient, people: People, make_event: MakeEvent
) -> None:
    make_event()
    feed = client.post(FEEDS, json={"org_id": str(people.org_id)}, headers=people.alice).get_json()
    path = feed["url"].removeprefix("http://localhost:8080")
    etag = client.get(path).headers["ETag"]
    assert client.get(path, headers={"If-None-Match": etag}).status_code == 304
    make_event(title="Another")
    assert client.get(path, headers={"If-None-Match": etag}).status_code == 200


def test_a_feed_is_dead_when_revoked_and_when_its_maker_left(
    client: FlaskClient, people: People, database: Database
) -> None:
    def make(who: dict[str, str]) -> tuple[str, str]:
        feed = client.post(FEEDS, json={"org_id": str(people.org_id)}, headers=who).get_json()
        return feed["id"], feed["url"].removeprefix("http://localhost:8080")

    alices_id, alices = make(people.alice)
    _, bobs = make(people.bob)
    assert (client.get(alices).status_code, client.get(bobs).status_code) == (200, 200)
    assert client.delete(f"{FEEDS}/{alices_id}", headers=people.charlie).status_code == 404
    assert client.delete(f"{FEEDS}/{alices_id}", headers=people.alice).status_code == 204
    assert client.get(alices).status_code == 404
    with database.transaction() as session:
        session.execute(text("UPDATE membership_copies SET role = NULL WHERE user_id = :bob"), {"bob": people.bob_id})
    assert client.get(bobs).status_code == 404


def test_the_token_is_nowhere_in_the_tables_when_a_feed_was_made(
    client: FlaskClient, people: People, database: Database
) -> None:
    headers = {**people.alice, "Idempotency-Key": "feed-1"}
    feed = client.post(FEEDS, json={"kind": "personal"}, headers=headers).get_json()
    token = feed["url"].rsplit("/", 1)[1].removesuffix(".ics")
    with database.read() as connection:
        for table in ("calendar_feeds", "idempotency_keys", "outbox"):
            dump = connection.execute(text(f"SELECT string_agg(t::text, ' ') FROM {table} t")).scalar() or ""
            assert token not in dump
            assert token.encode().hex() not in dump
    again = client.post(FEEDS, json={"kind": "personal"}, headers=headers)
    assert again.get_json()["url"] == feed["url"]


class Accounts(InternalClient):
    """Auth as it answers of an account, whose ever; None: it is away."""

    def __init__(self) -> None:
        super().__init__(base_url="http://127.0.0.1:9", secret="x" * 32, service="events")
        self.email: str | None = "Charlie@Example.org"
        self.asked = 0

    def get(self, path: str) -> dict[str, Any] | None:
        if not path.startswith("/internal/users/"):
            return None
        self.asked += 1
        if self.email is None:
            raise InternalUnavailable(path)
        return {"name": "Charlie", "email": self.email, "language": "en"}


@pytest.fixture
def accounts() -> Accounts:
    return Accounts()


@pytest.fixture
def wiring(settings: EventsSettings, issuer: TestIssuer, accounts: Accounts) -> Wiring:
    return wire(settings, service="events", keys=issuer.keys, auth=accounts)


def registered(client: FlaskClient, event: dict[str, Any], email: str, **headers: str) -> dict[str, Any]:
    body = {"name": "Charlie", "email": email}
    answer = client.post(f"/api/events/{event['id']}/registrations", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.get_json()
    return made


def personal_feed(client: FlaskClient, headers: dict[str, str]) -> str:
    return str(client.post(FEEDS, json={"kind": "personal"}, headers=headers).get_json()["url"])


def test_a_personal_feed_shows_what_was_registered_by_the_accounts_address_alone(
    accounts: Accounts, client: FlaskClient, people: People, make_event: MakeEvent
) -> None:
    mine, others = make_event(visibility="public"), make_event(visibility="public")
    registered(client, mine, "charlie@example.org")
    registered(client, others, "somebody.else@example.org")
    url = personal_feed(client, people.charlie)
    assert set(vevents(client, url)) == {uid_of(UUID(mine["id"]))}
    assert set(vevents(client, url)) == {uid_of(UUID(mine["id"]))}
    assert accounts.asked == 1, "once an hour"


def test_somebody_signed_in_keeps_their_registration_whatever_address_they_gave(
    accounts: Accounts, client: FlaskClient, people: People, make_event: MakeEvent, issuer: TestIssuer
) -> None:
    event = make_event(visibility="public")
    registered(client, event, "charlie@example.org", **issuer.headers(new_id(), name="Mallory"))
    assert vevents(client, personal_feed(client, people.charlie)) == {}


def test_a_registration_that_holds_goes_before_a_cancelled_one(
    accounts: Accounts, client: FlaskClient, people: People, make_event: MakeEvent
) -> None:
    event = make_event(visibility="public")
    registered(client, event, "charlie@example.org")
    registered(client, event, "charlie@work.example.org", **people.charlie)
    assert client.delete(f"/api/events/{event['id']}/registrations/me", headers=people.charlie).status_code == 200
    (item,) = vevents(client, personal_feed(client, people.charlie)).values()
    assert item["STATUS"] == "CONFIRMED"


def test_a_feed_follows_a_changed_address_within_the_hour_and_outlasts_auth(
    accounts: Accounts, client: FlaskClient, people: People, make_event: MakeEvent
) -> None:
    before, after = make_event(visibility="public"), make_event(visibility="public")
    registered(client, before, "charlie@example.org")
    registered(client, after, "new@example.org")
    url = personal_feed(client, people.charlie)
    accounts.email = None
    assert vevents(client, url) == {}, "auth is away, and nothing is known yet"
    accounts.email = "charlie@example.org"
    assert set(vevents(client, url)) == {uid_of(UUID(before["id"]))}
    accounts.email = None
    with clock.frozen(clock.now() + timedelta(minutes=61)):
        assert set(vevents(client, url)) == {uid_of(UUID(before["id"]))}
        accounts.email = "new@example.org"
        assert set(vevents(client, url)) == {uid_of(UUID(after["id"]))}
