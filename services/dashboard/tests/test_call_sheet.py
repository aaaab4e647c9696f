"""The call sheet: works without JavaScript, is quicker with it, and never answers by itself."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Page, expect

from services.dashboard.tests import data
from services.dashboard.tests.conftest import Opened
from services.dashboard.tests.site import Call, Reply, Site, problem

pytestmark = pytest.mark.browser

FRAME = """<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>Call sheet</title><link rel="icon" href="/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/pages/crew.css"><script type="module" src="/pages/crew.js"></script></head>
<body><a class="m-skip" href="#main">Skip to content</a>{main}<footer class="m-foot"><p>Sent by Blue Harbour Charters with Muster</p></footer></body></html>"""
HERO = """<header class="m-hero"><p class="m-org">Blue Harbour Charters</p><h1>Sunset charter to Poros</h1>
<p class="m-lead">Kostas, you are asked to come as <strong>Captain</strong>.</p></header>"""
FACTS = """<section class="m-card" aria-label="Call sheet"><dl class="m-facts">
<div><dt>When</dt><dd><time datetime="2026-07-18T15:00:00Z">Saturday 18 July 2026, 18:00</time> – 21:00 <span class="m-zone">Europe/Athens</span></dd></div>
<div><dt>Where</dt><dd>Marina Zeas, pier 4 <a href="https://maps.example/">Map</a></dd></div><div><dt>Notes</dt><dd>Bring the spare life vests.</dd></div>
<div><dt>Also coming</dt><dd><ul class="m-people"><li>Maria · Deckhand <span class="m-chip" data-state="confirmed">Confirmed</span></li>
<li>Jonas · Deckhand <span class="m-chip" data-state="invited">Waiting</span></li></ul></dd></div></dl></section>"""
INVITED = f"""<main class="m-page" id="main" data-page="call-sheet" data-status="invited">{HERO}
<section class="m-answer" aria-label="Your answer"><p><span class="m-chip" data-state="invited">Waiting for your answer</span></p>
<form method="post" action="/c/tok/confirm" data-enhance><button class="m-confirm" type="submit">Confirm: I’ll be there</button></form>
<details class="m-decline"><summary>I can’t make it</summary><form method="post" action="/c/tok/decline" data-enhance>
<label for="reason">Why? (the operator sees this; you may leave it empty)</label><textarea id="reason" name="reason" rows="3" maxlength="500"></textarea>
<button class="m-button" type="submit">Tell them I can’t</button></form></details></section>{FACTS}</main>"""
CONFIRMED = f"""<main class="m-page" id="main" data-page="call-sheet" data-status="confirmed">{HERO}
<p class="m-notice m-notice-good" role="status">Thank you. You are confirmed.</p>
<section class="m-card" aria-labelledby="status-title"><h2 id="status-title">On the day</h2><div class="m-status">
<form method="post" action="/c/tok/status" data-enhance><button class="m-button" name="status" value="on_my_way" type="submit" aria-pressed="true">On my way</button>
<button class="m-button" name="status" value="arrived" type="submit" aria-pressed="false">Arrived</button></form></div></section>
<section class="m-card" data-part="job-photos" data-upload="/c/tok/photos" aria-labelledby="shots-title"><h2 id="shots-title">Photos of the job</h2>
<ul class="m-shots"><li class="m-shot" data-purpose="job_before" data-have="0"><span>Before</span></li>
<li class="m-shot" data-purpose="job_after" data-have="0"><span>After</span></li></ul></section>{FACTS}</main>"""


@pytest.fixture
def sheet(site: Site) -> Site:
    state = {"main": INVITED}

    def show(call: Call) -> Reply:
        return Reply(FRAME.format(main=state["main"]).encode(), headers={"Content-Type": "text/html; charset=utf-8"})

    def answer(call: Call) -> Reply:
        state["main"] = CONFIRMED
        return Reply(None, status=303, headers={"Location": "/c/tok"})

    site.on("GET", "/c/tok", show)
    site.on("POST", "/c/tok/(confirm|decline|status)", answer)
    return site


@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_before_and_after_the_answer(
    sheet: Site, open_page: Opened, axe: Callable[[Page], list[str]], width: int, scheme: str
) -> None:
    page = open_page("/c/tok", width=width, scheme=scheme).page
    page.get_by_text("I can’t make it").click()
    assert axe(page) == []
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("You are confirmed")).to_be_focused()
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("script", [True, False])
def test_one_press_confirms_when_scripts_run_and_when_not(sheet: Site, open_page: Opened, script: bool) -> None:
    page = open_page("/c/tok", java_script_enabled=script).page
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("You are confirmed")).to_be_visible()
    assert len(sheet.asked("POST", "/c/tok/confirm")) == 1


def test_nothing_is_sent_when_a_program_opens_the_page_and_runs_its_scripts(sheet: Site, open_page: Opened) -> None:
    page = open_page("/c/tok").page
    page.wait_for_load_state("networkidle")
    page.reload()
    page.wait_for_load_state("networkidle")
    assert [call for call in sheet.calls if call.method != "GET"] == []


def test_a_reason_and_a_status_reach_the_service_when_sent(sheet: Site, open_page: Opened) -> None:
    page = open_page("/c/tok").page
    page.get_by_text("I can’t make it").click()
    page.get_by_label("Why?").fill("My boat, too, has a leak & a hole")
    page.get_by_role("button", name="Tell them").click()
    page.get_by_role("button", name="Arrived").click()
    expect(page.get_by_text("You are confirmed")).to_be_visible()
    page.wait_for_load_state("networkidle")
    (declined,) = sheet.asked("POST", "/c/tok/decline")
    (status,) = sheet.asked("POST", "/c/tok/status")
    assert parse_qs(declined.body.decode()) == {"reason": ["My boat, too, has a leak & a hole"]}
    assert parse_qs(status.body.decode()) == {"status": ["arrived"]}


def test_it_says_so_and_keeps_the_button_when_there_is_no_connection(sheet: Site, open_page: Opened) -> None:
    watched = open_page("/c/tok")
    page = watched.page
    page.context.set_offline(True)
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("No connection: nothing was sent.")).to_be_visible()
    page.context.set_offline(False)
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("You are confirmed")).to_be_visible()
    watched.complaints.clear()


def test_the_answer_page_is_shown_when_the_service_refuses(sheet: Site, open_page: Opened) -> None:
    gone = '<main class="m-page" id="main"><p class="m-notice m-notice-error">This link is no longer valid.</p></main>'
    sheet.on(
        "POST",
        "/c/tok/confirm",
        Reply(FRAME.format(main=gone).encode(), status=410, headers={"Content-Type": "text/html; charset=utf-8"}),
    )
    watched = open_page("/c/tok")
    watched.page.get_by_role("button", name="Confirm").click()
    expect(watched.page.get_by_text("This link is no longer valid.")).to_be_visible()
    watched.complaints.clear()


def test_a_photo_of_the_job_is_sent_with_its_purpose(sheet: Site, open_page: Opened) -> None:
    upload = {"method": "POST", "url": f"{sheet.media_origin}/muster-uploads", "fields": {"key": "quarantine/1"}}
    sheet.on(
        "POST",
        "/c/tok/photos",
        Reply({"photo": {"id": "p", "status": "pending"}, "upload": upload, "expires_at": data.at(1)}, status=201),
    )
    sheet.on("POST", "/muster-uploads", Reply(b"", status=204))
    page = open_page("/c/tok").page
    page.get_by_role("button", name="Confirm").click()
    page.get_by_label("Add photo: After").set_input_files(
        [{"name": "after.jpg", "mimeType": "image/jpeg", "buffer": data.jpeg(1)}]
    )
    expect(page.get_by_text("Stored")).to_be_visible()
    (asked,) = sheet.asked("POST", "/c/tok/photos")
    assert asked.json["purpose"] == "job_after"
    assert len(sheet.asked("POST", "/muster-uploads")) == 1


def test_a_refused_photo_says_why(sheet: Site, open_page: Opened) -> None:
    sheet.on("POST", "/c/tok/photos", problem(409, "This job has all the photos it can take."))
    watched = open_page("/c/tok")
    page = watched.page
    page.get_by_role("button", name="Confirm").click()
    page.get_by_label("Add photo: Before").set_input_files(
        [{"name": "b.jpg", "mimeType": "image/jpeg", "buffer": data.jpeg(1)}]
    )
    expect(page.get_by_text("Not sent: This job has all the photos it can take.")).to_be_visible()
    watched.complaints.clear()
