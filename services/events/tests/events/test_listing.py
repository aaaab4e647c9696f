"""The public listing and search: what is in it, in which order, page by page, and what it costs."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy import text

from muster_events.app import build_app
from muster_events.config import EventsSettings
from muster_events.events import listing
from muster_events.events.public_reads import PublicReads
from muster_events.parts import EventsParts
from muster_shared import clock
from muster_shared.db import Database
from muster_shared.testing.postgres import Databases
from muster_shared.testing.tokens import TestIssuer
from muster_shared.wiring import Wiring
from services.events.tests.support import MakeEvent, People, in_days

EVENTS = "/api/events"


@pytest.fixture
def app(settings: EventsSettings, wiring: Wiring) -> Flask:
    """Keeps nothing between two reads of a test, as if they were seconds apart."""
    return build_app(settings, wiring, reads=PublicReads(seconds=-1))


def titles(client: FlaskClient, **query: Any) -> list[str]:
    answer = client.get(EVENTS, query_string={name.rstrip("_"): value for name, value in query.items()})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return [item["title"] for item in answer.get_json()["items"]]


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """The statements that run inside the block."""
    ran: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        ran.append(statement)

    original = database.rows

    def rows(statement: str, names: Any) -> Any:
        ran.append(statement)
        return original(statement, names)

    database.rows = rows  # type: ignore[method-assign]
    engines = [database.engine, database._reads]
    for engine in engines:
        sqlalchemy_event.listen(engine, "before_cursor_execute", note)
    yield ran
    database.rows = original  # type: ignore[method-assign]
    for engine in engines:
        sqlalchemy_event.remove(engine, "before_cursor_execute", note)


def test_only_public_published_and_upcoming_events_are_listed_soonest_first(
    client: FlaskClient, people: People, make_event: MakeEvent
) -> None:
    make_event(title="Later", starts_at=in_days(9).isoformat())
    make_event(title="Sooner", starts_at=in_days(2).isoformat())
    make_event(title="Draft", publish=False)
    make_event(title="Unlisted", visibility="unlisted")
    make_event(title="Private", visibility="private")
    cancelled = make_event(title="Cancelled")
    client.post(f"{EVENTS}/{cancelled['id']}/cancel", json={}, headers=people.alice)
    assert titles(client) == ["Sooner", "Later"]
    with clock.frozen(in_days(5)):
        assert titles(client) == ["Later"]
        assert titles(client, from_=in_days(1).isoformat()) == ["Sooner", "Later"]


def test_a_public_reader_sees_nothing_internal(client: FlaskClient, make_event: MakeEvent) -> None:
    event = make_event(crew_notes="n0tes", booking_ref="r3f", finance={"currency": "EUR", "revenue": 987_654})
    for answer in (client.get(EVENTS), client.get(f"{EVENTS}/{event['id']}")):
        body = answer.get_data(as_text=True)
        for hidden in ("n0tes", "r3f", "987654", "crew", "booking_ref", "guest_page", event["guest_page"]["code"]):
            assert hidden not in body
        assert answer.headers["Cache-Control"] == "public, max-age=0, s-maxage=1"
    assert client.get(EVENTS).get_json()["items"][0]["organizer"]["name"] == "Blue Harbour Charters"


def test_staff_answers_are_not_for_caches(client: FlaskClient, people: People, make_event: MakeEvent) -> None:
    answer = client.get(f"{EVENTS}/{make_event()['id']}", headers=people.alice)
    assert answer.get_json()["crew"] == []
    assert "public" not in answer.headers["Cache-Control"]


def test_every_event_comes_once_when_paging_through_equal_times(client: FlaskClient, make_event: MakeEvent) -> None:
    made = sorted(make_event(title=f"N{n}", starts_at=in_days(3, hour=12).isoformat())["id"] for n in range(7))
    seen, cursor = [], None
    while True:
        query = {"limit": 3, **({"cursor": cursor} if cursor else {})}
        page = client.get(EVENTS, query_string=query).get_json()
        seen += [item["id"] for item in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert seen == made


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ({"cursor": "AAAA"}, "?cursor"),
        ({"cursor": "not base64 \u00e9"}, "?cursor"),
        ({"limit": "0"}, "?limit"),
        ({"limit": "101"}, "?limit"),
        ({"from": "yesterday"}, "?from"),
        ({"from": "2030-01-01T10:00:00 02:00"}, "?from"),
        ({"from": "2030-02-30", "timezone": "UTC"}, "?from"),
        ({"from": "2030-01-01"}, "?from"),
        ({"from": "2030-01-02T00:00:00Z", "to": "2030-01-01T00:00:00Z"}, "?to"),
        ({"timezone": "Mars/Base"}, "?timezone"),
        ({"venue_type": "moon"}, "?venue_type"),
        ({"q": "x" * 201}, "?q"),
        ({"colour": "blue"}, "?colour"),
    ],
)
def test_the_parameter_is_named_when_a_query_is_wrong(client: FlaskClient, query: dict[str, str], name: str) -> None:
    answer = client.get(EVENTS, query_string=query)
    assert answer.status_code == 422
    assert name in {error["pointer"] for error in answer.get_json()["errors"]}


def test_a_cursor_is_refused_when_it_is_another_lists_or_altered(client: FlaskClient, make_event: MakeEvent) -> None:
    for n in range(2):
        make_event(title=f"N{n}", category="sail")
    cursor = client.get(EVENTS, query_string={"limit": 1}).get_json()["next_cursor"]
    assert client.get(EVENTS, query_string={"cursor": cursor}).status_code == 200
    assert client.get(EVENTS, query_string={"cursor": cursor, "category": "sail"}).status_code == 422
    for position in (0, len(cursor) // 2, len(cursor) - 2):
        other = "A" if cursor[position] != "A" else "B"
        altered = cursor[:position] + other + cursor[position + 1 :]
        assert client.get(EVENTS, query_string={"cursor": altered}).status_code == 422


def test_filters_go_together(client: FlaskClient, make_event: MakeEvent) -> None:
    make_event(title="A", category="sail", venue={"type": "online", "url": "https://example.org/a"})
    make_event(title="B", category="sail")
    make_event(title="C", category="talk", venue={"type": "online"})
    assert titles(client, category="sail") == ["A", "B"]
    assert titles(client, venue_type="online") == ["A", "C"]
    assert titles(client, category="sail", venue_type="in_person") == ["B"]
    assert titles(client, category="Sail") == []


@pytest.mark.parametrize(
    ("day", "hours"),
    [("2030-03-31", 23), ("2030-10-27", 25), ("2030-07-01", 24)],
)
def test_a_day_is_as_long_as_it_is_in_the_callers_zone(
    client: FlaskClient, make_event: MakeEvent, day: str, hours: int
) -> None:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    start = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo("Europe/Athens"))
    first, last = start, start.astimezone(ZoneInfo("UTC")) + timedelta(hours=hours)
    make_event(title="First minute", starts_at=first.isoformat())
    make_event(title="Last minute", starts_at=(last - timedelta(minutes=1)).isoformat())
    make_event(title="Minute before", starts_at=(start.astimezone(ZoneInfo("UTC")) - timedelta(minutes=1)).isoformat())
    make_event(title="Minute after", starts_at=last.isoformat())
    found = titles(client, from_=day, to=day, timezone="Europe/Athens")
    assert found == ["First minute", "Last minute"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("sunset", ["Sunset sailing"]),
        ("SAIL", ["Sunset sailing", "Talk"]),
        ("sailing boats", ["Talk"]),
        ("zeas", ["Sunset sailing", "Talk"]),
        ("'; DROP TABLE events; --", []),
        ("!!! &&& |||", []),
        ("naïve", ["Talk"]),
        ("ηλιοβασίλεμα", ["Talk"]),
        ("nothing", []),
    ],
)
def test_a_search_finds_words_in_any_case_and_their_beginnings(
    client: FlaskClient, make_event: MakeEvent, words: str, found: list[str]
) -> None:
    make_event(starts_at=in_days(3).isoformat())
    make_event(title="Talk", description="Sailing in old boats: a naïve Ηλιοβασίλεμα", starts_at=in_days(4).isoformat())
    assert titles(client, q=words) == found


@pytest.fixture
def many(client: FlaskClient, make_event: MakeEvent, database: Database) -> None:
    """Six thousand events more, of which a word near the end is out of the first stretch's reach."""
    template = make_event(title="Common thing", starts_at=in_days(1).isoformat())
    columns = "org_id, kind, status, visibility, description, timezone, venue_type, created_by, created_at, updated_at"
    with database.transaction() as session:
        session.execute(
            text(
                f"INSERT INTO events (id, title, starts_at, ends_at, guest_code, {columns})"
                " SELECT gen_random_uuid(), 'Common thing' || CASE WHEN n % 2500 = 0 THEN ' xylophone' ELSE '' END,"
                " starts_at + n * interval '1 minute', ends_at + n * interval '1 minute', 'BULK' || n,"
                f" {columns} FROM events, generate_series(1, 6000) n WHERE id = :id"
            ),
            {"id": template["id"]},
        )


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("estimate", [0, 10**6], ids=["called rare", "called common"])
def test_words_are_found_in_order_whichever_way_is_taken(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, estimate: int
) -> None:
    monkeypatch.setattr(listing, "_estimated_rows", lambda *_: estimate)
    page = client.get(EVENTS, query_string={"q": "xylophone", "limit": 1}).get_json()
    starts = [page["items"][0]["starts_at"]]
    page = client.get(EVENTS, query_string={"q": "xylophone", "limit": 1, "cursor": page["next_cursor"]}).get_json()
    starts.append(page["items"][0]["starts_at"])
    assert page["next_cursor"] is None
    assert starts == sorted(starts)
    assert len(titles(client, q="common", limit=100)) == 100


@pytest.mark.usefixtures("many")
def test_each_way_in_walks_its_index_and_nothing_else(database: Database) -> None:
    filters = {"until": None, "words": None, "category": "sail", "venue_type": "online"}
    with database.read() as connection:
        connection.exec_driver_sql("SET enable_seqscan = off")
        for shape, index in (
            (listing._Shape(until=False, category=False, venue_type=False, after=True), "ix_events_listed"),
            (listing._Shape(until=True, category=True, venue_type=False, after=True), "ix_events_listed_category"),
            (listing._Shape(until=False, category=False, venue_type=True, after=True), "ix_events_listed_venue_type"),
        ):
            names = {
                **filters,
                "rows": 21,
                "starting_from": in_days(0),
                "until": in_days(9),
                "after_start": in_days(2),
                "after_id": "00000000-0000-0000-0000-000000000000",
            }
            plan = "\n".join(row[0] for row in connection.exec_driver_sql("EXPLAIN " + listing._plain(shape), names))
            assert index in plan
            assert "Sort" not in plan.split(index)[1]
        connection.exec_driver_sql("RESET enable_seqscan")


def test_one_statement_serves_a_page_however_long(wiring: Wiring, client: FlaskClient, make_event: MakeEvent) -> None:
    for n in range(4):
        make_event(title=f"N{n}")
    for limit in (1, 4):
        with statements(wiring.database) as ran:
            assert len(titles(client, limit=limit)) == limit
        assert len(ran) == 1


def test_one_statement_serves_one_event_and_three_a_search(
    wiring: Wiring, client: FlaskClient, make_event: MakeEvent
) -> None:
    event = make_event(title="Xylophone")
    with statements(wiring.database) as ran:
        assert client.get(f"{EVENTS}/{event['id']}").status_code == 200
    assert len(ran) == 1
    # How rare the words are, a stretch of dates, and all that have the words if the stretch has too few.
    for words in ("xylophone", "xylophone sunset", "nothing"):
        with statements(wiring.database) as ran:
            titles(client, q=words)
        assert 2 <= len(ran) <= 3


@pytest.mark.usefixtures("many")
def test_rare_words_are_found_by_their_index(databases: Databases) -> None:
    shape = listing._Shape(until=True, category=False, venue_type=False, after=False)
    names = {"starting_from": in_days(0), "until": in_days(900), "words": "'xylophone'", "rows": 21}
    owner = Database(databases.owner_url("events"), pool_size=1)
    with owner.read() as connection:
        connection.exec_driver_sql("ANALYZE events")
        plan = "\n".join(row[0] for row in connection.exec_driver_sql("EXPLAIN " + listing._by_word(shape), names))
    owner.close()
    assert "ix_events_search" in plan


def test_my_events_and_their_crews_take_as_many_statements_for_one_as_for_many(
    client: FlaskClient, people: People, make_event: MakeEvent, wiring: Wiring
) -> None:
    for n in range(4):
        make_event(title=f"N{n}")
    counts = []
    client.get(f"{EVENTS}/mine", headers=people.alice)
    for limit in (1, 4):
        with statements(wiring.database) as ran:
            client.get(f"{EVENTS}/mine", query_string={"limit": limit}, headers=people.alice)
        counts.append(len(ran))
    assert 1 <= counts[0] == counts[1] <= 8


def test_a_read_is_answered_not_modified_when_the_client_has_it(
    client: FlaskClient, people: People, make_event: MakeEvent
) -> None:
    event = make_event()
    for url in (EVENTS, f"{EVENTS}/{event['id']}"):
        etag = client.get(url).headers["ETag"]
        again = client.get(url, headers={"If-None-Match": etag})
        assert (again.status_code, again.get_data()) == (304, b"")
    client.patch(f"{EVENTS}/{event['id']}", json={"title": "Other"}, headers=people.alice)
    assert client.get(f"{EVENTS}/{event['id']}", headers={"If-None-Match": etag}).status_code == 200


def test_a_kept_answer_is_used_for_half_a_second_and_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("muster_shared.auth.cache.time.monotonic", lambda: now[0])
    reads, made = PublicReads(), []

    def make() -> dict[str, int]:
        made.append(1)
        return {"n": len(made)}

    for at, expected in ((100.0, b'{"n":1}'), (100.4, b'{"n":1}'), (100.6, b'{"n":2}')):
        now[0] = at
        assert reads.answer("key", make).body == expected


def test_a_member_of_nothing_sees_what_anybody_sees(
    app: Flask, client: FlaskClient, make_event: MakeEvent, issuer: TestIssuer, people: People
) -> None:
    event = make_event(crew_notes="n0tes")
    assert isinstance(app.extensions["muster"].parts[EventsParts].reads, PublicReads)
    answer = client.get(f"{EVENTS}/{event['id']}", headers=people.charlie)
    assert answer.status_code == 200
    assert "crew_notes" not in answer.get_json()
