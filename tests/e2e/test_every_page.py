"""Every page that a service renders, as the running stack serves it: on a phone, a tablet and a desktop, in light and
in dark, axe finds nothing, nothing is cut off, and the console is silent. The dashboard's own are in its tests."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, expect

from services.dashboard.tests.conftest import AXE
from tests.e2e.test_journey import Charter, guest_page, link_of, make_charter
from tests.e2e.test_pages import picture
from tests.e2e.user import Visitor, fresh_address, until

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("stack"), pytest.mark.timeout(300)]

WIDTHS = (360, 768, 1440)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
PAGES = (
    "call sheet, asked",
    "call sheet, confirmed",
    "call sheet, declined",
    "call sheet, link unknown",
    "guest page",
    "guest page, draft",
    "guest page, cancelled",
    "guest page, German",
    "track page",
    "no such guest page",
    "ticket",
    "ticket, cancelled",
    "ticket, unknown",
    "door",
    "door, link unknown",
    "unsubscribe",
    "unsubscribe, done",
    "unsubscribe, link unknown",
    "manage a registration",
    "mailbox",
    "API of auth",
    "API of events",
    "API of media",
    "API of notifications",
)


@dataclass(frozen=True)
class Place:
    """An address, and whether the page is behind a POST to it."""

    path: str
    press: str | None = None


@pytest.fixture(scope="module")
def places(base_url: str) -> dict[str, Place]:
    charter = make_charter(base_url)
    nobody = Visitor(base_url)
    for number, answer in ((1, "confirm"), (2, "decline")):
        nobody.call("POST", f"{link_of(charter, number)}/{answer}", expect=(200, 303), allow_redirects=False)
    found = {
        "call sheet, asked": Place(link_of(charter, 0)),
        "call sheet, confirmed": Place(link_of(charter, 1)),
        "call sheet, declined": Place(link_of(charter, 2)),
        "call sheet, link unknown": Place("/c/x.y.z"),
        "no such guest page": Place("/g/K7QM2XWD00"),
        "mailbox": Place("/mailbox"),
        **{f"API of {name}": Place(f"/api/{name}/docs") for name in ("auth", "events", "media", "notifications")},
        **_guest_pages(charter),
        **_tickets(charter),
    }
    charter.operator.post(
        f"/api/events/{charter.event['id']}/assignments/{charter.event['crew'][0]['id']}/remind", expect=202
    )
    reminder = until(
        lambda: next((m for m in nobody.mails_to(charter.addresses[0]) if "List-Unsubscribe" in m.headers), None),
        what="a reminder",
    )
    leave = str(reminder.headers["List-Unsubscribe"]).strip("<>")
    found["unsubscribe"] = Place(leave)
    found["unsubscribe, done"] = Place(leave, press="Stop these mails")
    found["unsubscribe, link unknown"] = Place("/u/x.y.z")
    return {name: Place(place.path.removeprefix(base_url), place.press) for name, place in found.items()}


def _event(charter: Charter, **values: Any) -> dict[str, Any]:
    starts_at = datetime.now(UTC) + timedelta(days=3)
    body = {
        "org_id": charter.org_id,
        "kind": "meetup",
        "title": "Harbour-side evening of knots, splices and seamanship",
        "description": "Bring a line.\n\nEverything else is there.",
        "starts_at": starts_at.isoformat(),
        "duration_minutes": 120,
        "timezone": "Europe/Athens",
        "visibility": "public",
        "venue": {"type": "in_person", "name": "Marina Zeas, pier 4", "address": "Akti Moutsopoulou, Piraeus"},
        "publish": True,
        **values,
    }
    made: dict[str, Any] = charter.operator.post("/api/events", body, expect=201)
    return made


def _guest_pages(charter: Charter) -> dict[str, Place]:
    cancelled, draft, job = _event(charter), _event(charter, publish=False), _event(charter, kind="job")
    german = charter.operator.post("/api/organizations", {"name": "Hafenfahrten", "language": "de"}, expect=201)
    charter.operator.post(f"/api/events/{cancelled['id']}/cancel", {"reason": "Gale"})
    events = {
        "guest page": charter.event,
        "guest page, cancelled": cancelled,
        "guest page, German": _event(charter, org_id=german["id"]),
        "guest page, draft": draft,
        "track page": job,
    }
    for event in events.values():
        guest_page(charter, event["guest_page"]["code"])
    code = cancelled["guest_page"]["code"]
    until(lambda: True if "cancelled" in guest_page(charter, code) else None, what="the page of what was cancelled")
    return {name: Place(f"/g/{event['guest_page']['code']}") for name, event in events.items()}


def _tickets(charter: Charter) -> dict[str, Place]:
    base = f"/api/events/{_event(charter)['id']}"
    ada, ben = fresh_address("ada"), fresh_address("ben")
    holds = charter.operator.post(f"{base}/registrations", {"name": "Ada", "email": ada}, expect=201)
    ended = charter.operator.post(f"{base}/registrations", {"name": "Ben", "email": ben}, expect=201)
    charter.operator.call("DELETE", f"{base}/registrations/{ended['id']}")
    door = charter.operator.post(f"{base}/staff-links", {"label": "Front entrance"}, expect=201)
    mail = charter.operator.mail_to(ada, having="/registrations/")
    return {
        "ticket": Place(f"/t/{holds['ticket']['code']}"),
        "ticket, cancelled": Place(f"/t/{ended['ticket']['code']}"),
        "ticket, unknown": Place("/t/7QX2MKD0A1B2C3D4"),
        "door": Place(door["url"]),
        "door, link unknown": Place(f"/t/staff/{'A' * 43}"),
        "manage a registration": Place(mail.link("/registrations/")),
    }


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_clean_at_every_width_in_light_and_dark(
    browser: Browser, base_url: str, places: dict[str, Place], name: str
) -> None:
    place, complaints = places[name], []
    context = browser.new_context(viewport={"width": 360, "height": 800}, locale="en-GB", reduced_motion="reduce")
    page = context.new_page()
    page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    answer = page.goto(base_url + place.path, wait_until="networkidle")
    assert answer is not None
    assert answer.headers["content-type"].startswith("text/html")
    if place.press is not None:
        page.get_by_role("button", name=place.press).click()
        page.wait_for_load_state("networkidle")
    if answer.status >= 400:
        # Chromium itself says so of a page that is not there.
        complaints = [text for text in complaints if f"status of {answer.status}" not in text]
    page.evaluate(AXE.read_text())
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            violations = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
            found += [
                f"{width} {scheme} {each['id']}: {node['target']}" for each in violations for node in each["nodes"]
            ]
            if page.evaluate("document.documentElement.scrollWidth") > width:
                found.append(f"{width}: something is wider than the page")
            picture(page, f"{name}-{width}-{scheme}")
    context.close()
    assert found == []
    assert complaints == []


def test_the_doors_page_is_kept_for_a_reload(browser: Browser, base_url: str, places: dict[str, Place]) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(base_url + places["door"].path)
    assert page.evaluate("navigator.serviceWorker.ready.then((found) => found.scope)") == page.url
    kept = page.evaluate(
        "caches.keys().then(async ([name]) => (await (await caches.open(name)).keys()).map((each) => each.url))"
    )
    assert page.url in kept
    assert f"{base_url}/pages/checkin.js" in kept
    context.close()


def test_the_guest_page_speaks_the_organisations_language(
    browser: Browser, base_url: str, places: dict[str, Place]
) -> None:
    page = browser.new_page()
    page.goto(base_url + places["guest page, German"].path)
    expect(page.get_by_role("heading", name="Worum es geht")).to_be_visible()
    expect(page.get_by_text("Fotos hinzufügen")).to_be_visible()
    page.close()


def test_the_pages_named_are_the_pages_there_are(places: dict[str, Place]) -> None:
    assert set(places) == set(PAGES)
