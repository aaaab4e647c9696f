"""The dashboard in a browser: every page clean, and what people do in it reaches the services."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from services.dashboard.tests import data
from services.dashboard.tests.conftest import DASHBOARD, Opened
from services.dashboard.tests.site import Call, Reply, Site, problem

pytestmark = pytest.mark.browser

EVENT = data.EVENT_ID
# Address, whether somebody is signed in there, and words that stand on it once all is loaded.
PAGES = [
    ("/sign-in", False, "Forgot your password?"),
    ("/register", False, "Create the account"),
    ("/verify-email?token=tok", False, "Confirm my address"),
    ("/forgot-password", False, "Send me a link"),
    ("/reset-password?token=tok", False, "Set the password"),
    ("/invitations?token=tok", False, "invites you as manager"),
    ("/discover", False, "Sunset charter to Poros"),
    (f"/discover/{EVENT}", False, "How well do you swim?"),
    ("/registrations/tok", False, "You have a place."),
    ("/nowhere", False, "There is nothing at this address"),
    ("/events", True, "Sunset charter to Poros"),
    ("/events/new", True, "Publish"),
    (f"/events/{EVENT}", True, "Kostas Papadakis"),
    (f"/events/{EVENT}/edit", True, "Nothing is changed yet."),
    ("/crew", True, "Maria Nikolaou"),
    ("/calendar", True, "Haul-out"),
    (f"/events/{EVENT}/check-in", True, "Front entrance"),
    (f"/events/{EVENT}/attendees", True, "Nadia"),
    ("/deliveries", True, "Mail bounced"),
    ("/registered", True, "You have a place"),
    ("/organisations/new", True, "Create it"),
    ("/settings", True, "When Muster writes by itself"),
    ("/settings/members", True, "sofia@example.com"),
    ("/settings/keys", True, "Booking site"),
    ("/settings/webhooks", True, "https://example.com/hook"),
    ("/settings/audit", True, "took somebody off the roster"),
    ("/settings/account", True, "Firefox on Linux"),
]


@pytest.fixture
def public_event(week: Site) -> Site:
    """Makes the event public for whoever is not signed in."""

    def answer(call: Call) -> Reply:
        event = data.event()
        if "Authorization" in call.headers:
            return Reply(event, headers={"ETag": '"v4"'})
        questions = [
            {
                "id": "swim",
                "label": "How well do you swim?",
                "type": "choice",
                "required": True,
                "options": ["Well", "A little"],
            }
        ]
        return Reply(
            {
                **{
                    name: value
                    for name, value in event.items()
                    if name not in {"crew", "crew_notes", "booking_ref", "guest_page"}
                },
                "questions": questions,
            }
        )

    week.on("GET", f"/api/events/{EVENT}", answer)
    return week


@pytest.mark.parametrize(("path", "signed_in", "words"), PAGES, ids=[path for path, *_ in PAGES])
def test_axe_finds_nothing_when_a_page_is_shown(
    public_event: Site, open_page: Opened, axe: Callable[[Page], list[str]], path: str, signed_in: bool, words: str
) -> None:
    page = open_page(path, signed_in=signed_in, width=360).page
    expect(page.get_by_text(words).first).to_be_visible()
    for width in (360, 768, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert axe(page) == []


def test_the_pages_looked_at_are_the_pages_there_are() -> None:
    routes = re.findall(r'pattern: "([^"]+)"', (DASHBOARD / "src/app/routes.ts").read_text())
    shown = [path.partition("?")[0] for path, *_ in PAGES]
    missing = [route for route in routes if not any(re.fullmatch(re.sub(r":\w+", "[^/]+", route), path) for path in shown)]
    assert missing == []


# Address, and the buttons to press one after the other until the dialog is there.
DIALOGS = [
    (f"/events/{EVENT}", ["Assign"]),
    (f"/events/{EVENT}", ["Mails to Tom Byrne"]),
    (f"/events/{EVENT}", ["Edit Tom Byrne"]),
    (f"/events/{EVENT}", ["Cancel it"]),
    (f"/events/{EVENT}", ["Show", "Edit"]),
    ("/crew", ["Import"]),
    ("/crew", ["Edit Maria Nikolaou"]),
    ("/calendar", ["New entry"]),
    ("/settings/keys", ["New key"]),
    ("/settings/webhooks", ["New webhook"]),
    ("/settings/account", ["Turn it on"]),
    ("/settings/account", ["Delete my account"]),
]


@pytest.mark.parametrize(("path", "buttons"), DIALOGS, ids=[" ".join(buttons) for _, buttons in DIALOGS])
def test_axe_finds_nothing_when_a_dialog_is_open(
    week: Site, open_page: Opened, axe: Callable[[Page], list[str]], path: str, buttons: list[str]
) -> None:
    page = open_page(path, signed_in=True, width=360).page
    # A button moves while something above it is still being loaded, and away from under the press.
    expect(page.locator("#main h1")).to_be_visible()
    expect(page.locator(".skeleton")).to_have_count(0)
    for name in buttons:
        page.get_by_role("button", name=name, exact=True).first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    expect(page.get_by_role("dialog").locator(".skeleton")).to_have_count(0)
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_axe_finds_nothing_when_the_address_is_changed(
    week: Site, open_page: Opened, axe: Callable[[Page], list[str]]
) -> None:
    week.on("POST", "/api/auth/me/email", Reply({}, status=202))
    page = open_page("/settings/account", signed_in=True, width=360).page
    page.get_by_label("Email", exact=True).fill("new@example.com")
    expect(page.get_by_role("button", name="Change the address")).to_be_visible()
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_an_operator_signs_in_and_finds_the_week(week: Site, open_page: Opened) -> None:
    page = open_page("/events").page
    page.get_by_label("Email").fill("ada@example.com")
    page.get_by_role("textbox", name="Password").fill("correct horse battery")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Sunset charter to Poros").click()
    expect(page.get_by_role("heading", name="Sunset charter to Poros")).to_be_visible()
    expect(page.get_by_text("I am at my sister's wedding")).to_be_visible()
    (login,) = week.asked("POST", "/api/auth/browser/login")
    assert login.json == {"email": "ada@example.com", "password": "correct horse battery"}
    assert login.headers["X-Requested-With"] == "muster"
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]


def test_the_second_factor_is_asked_for_when_the_account_has_one(week: Site, open_page: Opened) -> None:
    wanted = "https://muster.example/problems/otp-required"
    week.on(
        "POST",
        "/api/auth/browser/login",
        lambda call: (
            Reply({"access_token": "t", "expires_in": 600})
            if call.json.get("otp") == "123456"
            else problem(401, "A code is needed", kind=wanted)
        ),
    )
    watched = open_page("/sign-in")
    page = watched.page
    page.get_by_label("Email").fill("ada@example.com")
    page.get_by_role("textbox", name="Password").fill("correct horse battery")
    page.keyboard.press("Enter")
    page.get_by_label("Authentication code").fill("123 456")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Events")).to_be_visible()
    watched.complaints.clear()


def test_signing_out_leaves_nothing_behind(week: Site, open_page: Opened) -> None:
    page = open_page("/events", signed_in=True).page
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert len(week.asked("POST", "/api/auth/browser/logout")) == 1
    page.goto(week.origin + "/events")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_mails_link_uses_nothing_up_until_somebody_presses(week: Site, open_page: Opened) -> None:
    for path in ("/verify-email?token=tok", "/reset-password?token=tok", "/invitations?token=tok"):
        page = open_page(path).page
        page.wait_for_load_state("networkidle")
    changing = [call.path for call in week.calls if call.method != "GET"]
    assert set(changing) <= {"/api/organizations/invitations/preview"}
    page = open_page("/verify-email?token=tok").page
    page.get_by_role("button", name="Confirm my address").click()
    expect(page.get_by_text("Your address is confirmed")).to_be_visible()
    assert [call.json for call in week.asked("POST", "/api/auth/verify-email")] == [{"token": "tok"}]


def test_an_event_is_made_with_its_crew_and_money(week: Site, open_page: Opened) -> None:
    week.on("POST", "/api/events", lambda call: Reply(data.event(), status=201))
    page = open_page("/events/new", signed_in=True).page
    page.get_by_label("Title").fill("Sunset charter")
    page.get_by_label("Time zone").fill("Europe/Athens")
    page.get_by_label("Starts").fill("2027-07-17T18:00")
    page.get_by_label("Who is to come?").select_option(label="Kostas Papadakis (Captain)")
    page.get_by_label("Who else?").select_option(label="Jonas Weber (Deckhand)")
    page.get_by_label("Revenue").fill("1,840")
    page.get_by_role("button", name="Publish and mail the crew").click()
    expect(page.get_by_text("The mails to the crew are on their way.")).to_be_visible()
    (made,) = week.asked("POST", "/api/events")
    sent = made.json
    # The end moved with the start: the event stays three hours long.
    assert (sent["starts_at"], sent["ends_at"]) == ("2027-07-17T18:00:00+03:00", "2027-07-17T21:00:00+03:00")
    assert [each["role"] for each in sent["crew"]] == ["Captain", "Deckhand"]
    assert sent["finance"]["revenue"] == 184_000
    assert sent["publish"] is True
    assert made.headers["Idempotency-Key"]


def test_fields_are_marked_when_the_service_refuses_them(week: Site, open_page: Opened) -> None:
    week.on(
        "POST",
        "/api/events",
        problem(422, "Invalid", errors=[{"pointer": "/title", "detail": "has a control character"}]),
    )
    watched = open_page("/events/new", signed_in=True)
    page = watched.page
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_label("Title")).to_be_focused()
    expect(page.get_by_text("Please give it a title.")).to_be_visible()
    page.get_by_label("Title").fill("Sunset")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_label("Title")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_text("has a control character").first).to_be_visible()
    watched.complaints.clear()


def test_an_edit_sends_the_difference_and_notices_somebody_elses(week: Site, open_page: Opened) -> None:
    week.on("PATCH", f"/api/events/{EVENT}", problem(412, "It was changed."))
    watched = open_page(f"/events/{EVENT}/edit", signed_in=True)
    page = watched.page
    page.get_by_label("Name of the place").fill("Marina Zeas, pier 5")
    expect(page.get_by_text("those affected are asked again")).to_be_visible()
    page.get_by_role("button", name="Save the changes").click()
    expect(page.get_by_text("Nothing was overwritten")).to_be_visible()
    (changed,) = week.asked("PATCH", f"/api/events/{EVENT}")
    assert changed.headers["If-Match"] == '"v4"'
    assert list(changed.json) == ["venue"]
    watched.complaints.clear()


def test_an_answer_shows_by_itself_and_an_unchanged_event_costs_a_304(week: Site, open_page: Opened) -> None:
    state = {"version": 4, "status": "invited"}

    def answer(call: Call) -> Reply:
        tag = f'"v{state["version"]}"'
        if call.headers.get("If-None-Match") == tag:
            return Reply(None, status=304, headers={"ETag": tag})
        return Reply(
            data.event(crew=[data.assignment(2, "Maria Nikolaou", "Deckhand", state["status"])]), headers={"ETag": tag}
        )

    week.on("GET", f"/api/events/{EVENT}", answer)
    page = open_page("/nowhere", signed_in=True).page
    page.clock.install()
    page.goto(f"{week.origin}/events/{EVENT}")
    expect(page.get_by_text("Waiting", exact=True)).to_be_visible()
    page.clock.run_for(5_500)
    state.update(version=5, status="confirmed")
    page.clock.run_for(5_500)
    expect(page.get_by_text("Confirmed", exact=True)).to_be_visible()
    assert week.asked("GET", f"/api/events/{EVENT}")[1].headers["If-None-Match"] == '"v4"'


def test_the_trace_says_why_somebody_did_not_get_it(week: Site, open_page: Opened) -> None:
    page = open_page(f"/events/{EVENT}", signed_in=True).page
    page.get_by_role("button", name="Mails to Tom Byrne").click()
    expect(page.get_by_text("Mailbox unknown").first).to_be_visible()
    assert week.asked("GET", "/api/notifications")[0].query["assignment_id"] == [data.CREW[4]["id"]]


def test_a_photo_that_waits_is_approved_with_one_press(week: Site, open_page: Opened) -> None:
    waiting = data.photo(9, week.media_origin)
    path = f"/api/media/photos/{waiting['id']}"
    week.on("PATCH", path, Reply(waiting))
    page = open_page(f"/events/{EVENT}", signed_in=True).page
    expect(page.get_by_text("Waiting for you")).to_be_visible()
    with page.expect_response(f"**{path}"):
        page.get_by_role("button", name=f"Approve {waiting['name']}").click()
    assert [call.json for call in week.asked("PATCH", path)] == [{"hidden": False}]


def test_a_key_is_shown_once(week: Site, open_page: Opened) -> None:
    page = open_page("/settings/keys", signed_in=True).page
    page.get_by_role("button", name="New key").click()
    page.get_by_label("Name").fill("Website")
    page.get_by_role("button", name="Make the key").click()
    expect(page.get_by_text("msk_0198a000_")).to_be_visible()
    page.get_by_role("button", name="I have it").click()
    expect(page.get_by_text("msk_0198a000_")).to_have_count(0)


def test_money_is_asked_for_only_when_somebody_wants_to_see_it(week: Site, open_page: Opened) -> None:
    page = open_page(f"/events/{EVENT}", signed_in=True).page
    expect(page.get_by_role("heading", name="Money")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert week.asked("GET", f"/api/events/{EVENT}/finance") == []
    page.get_by_role("heading", name="Money").locator("..").get_by_role("button", name="Show").click()
    expect(page.get_by_text("€1,325.00")).to_be_visible()


def test_a_visitor_registers_with_an_address(public_event: Site, open_page: Opened) -> None:
    page = open_page("/discover").page
    page.get_by_role("link", name="Sunset charter to Poros").click()
    page.get_by_label("Your name").fill("Nadia")
    page.get_by_label("Email").fill("nadia@example.com")
    page.get_by_label("How well do you swim?").select_option("Well")
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_text("T7QX-2MKD")).to_be_visible()
    (asked,) = public_event.asked("POST", f"/api/events/{EVENT}/registrations")
    assert asked.json == {"name": "Nadia", "email": "nadia@example.com", "answers": {"swim": "Well"}}


def test_everything_is_reached_by_keyboard(week: Site, open_page: Opened) -> None:
    page = open_page("/events", signed_in=True).page
    expect(page.get_by_text("Sunset charter to Poros")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="New event")).to_be_focused()
    page.get_by_role("link", name="Crew").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Crew")).to_be_visible()
    expect(page.locator("#main")).to_be_focused()
    page.get_by_role("button", name="Add somebody").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("button", name="Add somebody")).to_be_focused()
