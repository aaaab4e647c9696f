"""The call sheet: what it shows, to whom, and that looking at it changes nothing."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import jwt
import pytest
from flask import Flask
from sqlalchemy import text

from muster_events.app import build_app
from muster_events.config import EventsSettings
from muster_events.crew.openers import looks_like_machine
from muster_events.crew.translations import KEYS, LANGUAGES
from muster_shared.testing.settings import make_settings
from muster_shared.testing.tokens import TestIssuer
from muster_shared.wiring import wire
from services.events.tests.crew.support import BROWSER, CrewWorld
from services.events.tests.support import LINK_SECRET


def _everything(crew: CrewWorld) -> list[str]:
    """Every row of every table that holds the business's state."""
    tables = ("events", "crew_members", "crew_assignments", "crew_history", "crew_pending_changes", "crew_job_photos")
    with crew.database.read() as connection:
        return [
            str(row)
            for table in tables
            for row in connection.execute(text(f"SELECT t::text FROM {table} t ORDER BY 1")).scalars()
        ]


def test_sheet_shows_all_that_matters_when_opened(crew: CrewWorld) -> None:
    event = crew.event(
        title="Sunset <charter>",
        starts_at="2026-12-24T15:00:00+00:00",
        crew_notes="Bring the spare key.",
        finance={"currency": "EUR", "revenue": 987654, "captain_fee": 43210, "internal_memo": "sheet-canary"},
    )
    kostas, maria = crew.assign(event, crew.member("Kostas")), crew.assign(event, crew.member("Maria"), role="Deckhand")
    crew.send(crew.token(maria), "confirm")
    answer = crew.open(crew.token(kostas))
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert answer.mimetype == "text/html"
    for shown in (
        "Sunset &lt;charter&gt;",
        "Blue Harbour Charters",
        "Kostas, you are asked to come as <strong>Captain</strong>.",
        "Thursday, 24 December 2026, 17:00",
        "Europe/Athens",
        "Marina Zeas",
        "https://www.openstreetmap.org/search?query=Akti+Moutsopoulou+1%2C+Piraeus",
        "Bring the spare key.",
        "Maria · Deckhand",
        "Confirm: I’ll be there",
        "I can’t make it",
    ):
        assert shown in page, shown
    for hidden in ("987654", "9876", "43210", "sheet-canary", "example.org", "<script>", "<charter>"):
        assert hidden not in page, hidden


def test_sheet_guards_its_address_when_sent(crew: CrewWorld) -> None:
    headers = crew.open(crew.token(crew.assign(crew.event(), crew.member()))).headers
    policy = headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    for part in ("default-src 'none'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert part in policy
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in headers


def test_sheet_is_small_and_has_no_inline_script_when_sent(crew: CrewWorld) -> None:
    event = crew.event(crew_notes="x" * 2000)
    assignments = [crew.assign(event, crew.member(f"Crew {n}"), role="Deckhand") for n in range(12)]
    page = crew.open(crew.token(assignments[0])).get_data()
    # Styles and script, built and minified, are held below 15 KB where they are made.
    assert len(page) < 15_000
    assert re.findall(rb"<script[^>]*>[^<]", page) == []
    assert re.findall(rb"<style| style=| on[a-z]+=", page) == []


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        ("de", ["Bestätigen: Ich bin dabei", "Donnerstag, 24. Dezember 2026, 17:00", '<html lang="de">']),
        ("fr", ["Confirmer : je serai là", "jeudi 24 décembre 2026, 17:00"]),
        ("es", ["Confirmar: allí estaré", "jueves, 24 de diciembre de 2026, 17:00"]),
    ],
)
def test_sheet_speaks_the_persons_language_when_there_is_one(crew: CrewWorld, language: str, shown: list[str]) -> None:
    event = crew.event(starts_at="2026-12-24T15:00:00+00:00")
    page = crew.open(crew.token(crew.assign(event, crew.member(language=language)))).get_data(as_text=True)
    assert [text for text in shown if text not in page] == []


def test_both_days_are_shown_when_it_ends_on_another(crew: CrewWorld) -> None:
    event = crew.event(starts_at="2026-12-24T20:00:00+00:00", duration_minutes=600)
    page = crew.open(crew.token(crew.assign(event, crew.member()))).get_data(as_text=True)
    assert "Thursday, 24 December 2026, 22:00" in page
    assert "Friday, 25 December 2026, 08:00" in page


def test_address_to_join_is_shown_when_online(crew: CrewWorld) -> None:
    event = crew.event(venue={"type": "online", "url": "https://meet.example/abc?x=1&y=2"})
    page = crew.open(crew.token(crew.assign(event, crew.member()))).get_data(as_text=True)
    assert 'href="https://meet.example/abc?x=1&amp;y=2"' in page
    assert "openstreetmap" not in page


def test_nothing_changes_when_opened_however_often_and_by_whom(crew: CrewWorld) -> None:
    token = crew.token(crew.assign(crew.event(), crew.member()))
    before = _everything(crew)
    for agent in (BROWSER["User-Agent"], "Mozilla/5.0 (compatible; SomeScanner/1.0)", "", "curl/8"):
        for method in ("get", "head"):
            answer = getattr(crew.client, method)(f"/c/{token}", headers={**BROWSER, "User-Agent": agent})
            assert answer.status_code == 200
    for action in ("confirm", "decline", "status", "photos"):
        for method in ("get", "head", "put", "delete", "options"):
            assert getattr(crew.client, method)(f"/c/{token}/{action}").status_code == 405
    assert crew.client.get(f"/api/crew/links/{token}").status_code == 200
    assert _everything(crew) == before
    # The negative control: a press does change it.
    crew.press(token, "confirm")
    assert _everything(crew) != before


def test_opening_is_told_as_a_machines_or_a_persons_when_opened(crew: CrewWorld) -> None:
    assignment = crew.assign(crew.event(), crew.member())
    token = crew.token(assignment)
    crew.client.head(f"/c/{token}", headers=BROWSER)
    for _ in range(3):
        crew.open(token)
    opened = crew.messages("crew.link_opened.v1")
    assert [(m["by_machine"], m["link_version"]) for m in opened] == [(True, 1), (False, 1)]
    assert {m["assignment_id"] for m in opened} == {assignment["id"]}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, False),
        ({"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604.1"}, False),
        ({"User-Agent": "Mozilla/5.0 (X11; Linux) HeadlessChrome/130.0"}, True),
        ({"User-Agent": "python-requests/2.32"}, True),
        ({"Sec-Purpose": "prefetch;prerender"}, True),
        ({"Accept-Language": ""}, True),
        ({"Accept": "*/*"}, True),
        ({"Sec-Fetch-Dest": "image"}, True),
        ({"Sec-Fetch-Mode": None}, True),
    ],
)
def test_opener_is_judged_by_its_marks_when_it_opens(change: dict[str, str | None], *, expected: bool) -> None:
    headers = {name: value for name, value in {**BROWSER, **change}.items() if value is not None}
    assert looks_like_machine(method="GET", headers=headers) is expected
    assert looks_like_machine(method="HEAD", headers=headers) is True


def test_link_is_unknown_when_forged_or_for_something_else(crew: CrewWorld) -> None:
    assignment = crew.assign(crew.event(), crew.member())
    good = crew.token(assignment)
    head, body, signature = good.split(".")
    claims = jwt.decode(good, options={"verify_signature": False})
    forged = [
        crew.token(assignment, secret="another-secret-of-more-than-32-characters"),
        crew.token(assignment, audience="registration-link"),
        crew.token({"id": str(UUID(int=7))}, version=1),
        f"{head}.{body}.{signature[:-2]}xx",
        f"{head}.{body}.",
        jwt.encode(claims, None, algorithm="none", headers={"typ": "muster-link+jwt"}),
        jwt.encode({**claims, "ver": "1"}, "x" * 40, algorithm="HS256", headers={"typ": "muster-link+jwt"}),
        jwt.encode(claims, LINK_SECRET, algorithm="HS256"),
        jwt.encode({n: v for n, v in claims.items() if n != "exp"}, LINK_SECRET, headers={"typ": "muster-link+jwt"}),
        "nothing",
        "x" * 2000,
    ]
    for token in forged:
        page = crew.open(token)
        assert page.status_code == 404, token[-20:]
        assert page.mimetype == "text/html"
        assert token not in page.get_data(as_text=True)
        assert crew.send(token, "confirm").status_code == 404
        assert crew.press(token, "decline").status_code == 404
        assert crew.client.get(f"/api/crew/links/{token}").status_code == 404
    assert crew.assignment(assignment)["status"] == "invited"
    assert crew.open(good).status_code == 200


def test_link_is_dead_when_expired_or_of_a_former_version(crew: CrewWorld) -> None:
    assignment = crew.assign(crew.event(), crew.member())
    for token in (
        crew.token(assignment, expires_at=datetime.now(UTC) - timedelta(seconds=1)),
        crew.token(assignment, version=2),
    ):
        page = crew.open(token)
        assert page.status_code == 410
        assert "This link no longer works" in page.get_data(as_text=True)
        assert "<form" not in page.get_data(as_text=True)
        for action in ("confirm", "decline"):
            assert crew.send(token, action).status_code == 410
            assert crew.press(token, action).status_code == 410
        problem = crew.client.get(f"/api/crew/links/{token}")
        assert (problem.status_code, problem.mimetype) == (410, "application/problem+json")
    assert crew.assignment(assignment)["status"] == "invited"


def test_link_is_dead_when_the_event_is_long_over(crew: CrewWorld) -> None:
    event = crew.event()
    token = crew.token(crew.assign(event, crew.member()))
    crew.shift_event(event, starts_in=timedelta(days=-15))
    assert crew.open(token).status_code == 410
    assert "The event is over" in crew.open(token).get_data(as_text=True)


def test_sheet_comes_as_json_when_asked_for_by_its_link(crew: CrewWorld) -> None:
    event = crew.event(finance={"currency": "EUR", "revenue": 987654})
    assignment = crew.assign(event, crew.member("Kostas"))
    answer = crew.client.get(f"/api/crew/links/{crew.token(assignment)}")
    sheet = answer.get_json()
    assert (sheet["crew_member"], sheet["role"], sheet["status"]) == ("Kostas", "Captain", "invited")
    assert (sheet["may_answer"], sheet["may_report"], sheet["shots"]) == (True, False, None)
    assert sheet["event"]["timezone"] == "Europe/Athens"
    assert "987654" not in answer.get_data(as_text=True)
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.fixture
def app_without_database(issuer: TestIssuer) -> Flask:
    settings = make_settings(
        EventsSettings,
        database_url="postgresql+psycopg2://nobody:x@127.0.0.1:1/nothing",
        link_secret=LINK_SECRET,
    )
    return build_app(settings, wire(settings, service="events", keys=issuer.keys))


def test_page_is_polite_when_the_database_is_away(crew: CrewWorld, app_without_database: Flask) -> None:
    token = crew.token(crew.assign(crew.event(), crew.member()))
    client = app_without_database.test_client()
    form = {**BROWSER, "Sec-Fetch-Site": "same-origin"}
    for answer in (client.get(f"/c/{token}"), client.post(f"/c/{token}/confirm", data={}, headers=form)):
        assert answer.status_code == 503
        assert answer.mimetype == "text/html"
        assert int(answer.headers["Retry-After"]) > 0
        assert "Nothing was changed" in answer.get_data(as_text=True)
    as_json = client.post(f"/c/{token}/confirm", json={})
    assert (as_json.status_code, as_json.mimetype) == (503, "application/problem+json")


def test_local_hour_is_shown_when_the_clocks_have_just_changed(crew: CrewWorld) -> None:
    """An event right after the change of summer time shows the hour people's clocks show."""
    event = crew.event(starts_at="2027-03-28T01:30:00+00:00", timezone="Europe/Berlin")
    page = crew.open(crew.token(crew.assign(event, crew.member()))).get_data(as_text=True)
    assert "Sunday, 28 March 2027, 03:30" in page


def test_texts_take_the_same_values_when_in_another_language() -> None:
    for key in KEYS:
        wanted = re.findall(r"\{\w+\}|</?strong>", getattr(LANGUAGES["en"], key))
        for texts in LANGUAGES.values():
            assert sorted(re.findall(r"\{\w+\}|</?strong>", getattr(texts, key))) == sorted(wanted), key
