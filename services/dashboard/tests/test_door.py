"""The door's page: a ticket lets in once, with a network and without, and nothing scanned is lost."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import segno
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from muster_shared.testing.browser import launched
from services.dashboard.tests import data
from services.dashboard.tests.conftest import Opened
from services.dashboard.tests.site import Call, Reply, Site, problem

pytestmark = pytest.mark.browser

HTML = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<title>Check-in: Sunset charter</title><link rel="icon" href="/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/pages/crew.css"><link rel="stylesheet" href="/pages/checkin.css">
<script type="module" src="/pages/checkin.js"></script></head><body><a class="m-skip" href="#main">Skip to content</a>
<main class="m-page" id="main" data-page="check-in" data-api="/t/staff/tok" data-event="e1" data-timezone="Europe/Athens">
<header class="m-hero"><p class="m-org">Front entrance</p><h1>Sunset charter</h1></header>
<div data-part="result" role="status" aria-live="assertive"></div>
<section class="m-card" data-part="camera" aria-labelledby="scan-title" hidden><h2 id="scan-title">Scan</h2>
<video data-part="video" playsinline muted width="320" height="240"></video>
<p><button class="m-confirm" type="button" data-part="camera-button">Start the camera</button></p></section>
<section class="m-card" aria-labelledby="type-title"><h2 id="type-title">Type the code or the name</h2>
<form data-part="manual"><label for="code">Code under the QR, or part of a name</label>
<input id="code" name="code" type="text" autocomplete="off" required maxlength="300">
<p><button class="m-button" type="submit">Check in</button></p></form><ul class="m-people" data-part="matches"></ul></section>
<section class="m-card" aria-labelledby="count-title"><h2 id="count-title">So far</h2>
<p data-part="count" class="m-muted">The list is being fetched.</p><p data-part="offline" class="m-notice m-notice-warn" hidden></p>
<ul class="m-people" data-part="recent"></ul></section></main></body></html>"""
NADIA, BEN = "7QX2MKD0A1B2C3D4", "8QX2MKD0A1B2C3D4"


class DoorService:
    """Two expected people, Ben being in."""

    def __init__(self, site: Site) -> None:
        self.names = {NADIA: "Nadia", BEN: "Ben"}
        self.inside: dict[str, str] = {BEN: data.at(-1)}
        site.on("GET", "/t/staff/tok", Reply(HTML.encode(), headers={"Content-Type": "text/html; charset=utf-8"}))
        worker = Reply(b'importScripts("/pages/checkin-worker.js");', headers={"Content-Type": "text/javascript"})
        site.on("GET", r"/t/staff/worker\.js", worker)
        site.on("GET", "/t/staff/tok/tickets", self._tickets)
        site.on("POST", "/t/staff/tok/check-ins", self._check_in)
        site.on("POST", "/t/staff/tok/sync", self._sync)
        site.on("DELETE", "/t/staff/tok/check-ins/r1", self._undo)

    def _tickets(self, call: Call) -> Reply:
        tickets = [
            {
                "code_sha256": hashlib.sha256(code.encode()).hexdigest(),
                "name": name,
                "checked_in_at": self.inside.get(code),
                "checked_in_by": "Ada" if code in self.inside else None,
            }
            for code, name in self.names.items()
        ]
        return Reply({"tickets": tickets})

    def _let_in(self, code: str, at: str) -> dict[str, Any]:
        self.inside[code] = at
        return {
            "registration_id": "r1",
            "name": self.names[code],
            "checked_in_at": at,
            "checked_in_by": "Front entrance",
        }

    def _check_in(self, call: Call) -> Reply:
        code = call.json["code"]
        if code not in self.names:
            return problem(404, "No ticket of this event has that code")
        if code in self.inside:
            reply = problem(409, "used")
            reply.body.update(
                registration_id="r1", name=self.names[code], checked_in_at=self.inside[code], checked_in_by="Ada"
            )
            return reply
        return Reply(self._let_in(code, call.json["at"]))

    def _sync(self, call: Call) -> Reply:
        results = [
            {"scan_id": scan["scan_id"], "outcome": "checked_in", **self._let_in(scan["code"], scan["at"])}
            for scan in call.json["scans"]
        ]
        return Reply({"results": results})

    def _undo(self, call: Call) -> Reply:
        self.inside.pop(NADIA, None)
        return Reply({"registration_id": "r1", "name": "Nadia"})


@pytest.fixture
def door(site: Site) -> DoorService:
    return DoorService(site)


def show(page: Page, code: str) -> None:
    page.get_by_label("Code under the QR").fill(code)
    page.keyboard.press("Enter")


def test_axe_finds_nothing_when_people_come_in(
    door: DoorService, open_page: Opened, axe: Callable[[Page], list[str]]
) -> None:
    page = open_page("/t/staff/tok", width=360).page
    expect(page.get_by_text("1 of 2 are in.")).to_be_visible()
    show(page, f"http://localhost:8080/t/{NADIA}")
    expect(page.locator(".m-result").get_by_text("Welcome, Nadia")).to_be_visible()
    expect(page.get_by_text("2 of 2 are in.")).to_be_visible()
    assert axe(page) == []
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 1440, "height": 900})
    assert axe(page) == []


def test_a_ticket_used_before_says_since_when(door: DoorService, open_page: Opened) -> None:
    watched = open_page("/t/staff/tok")
    show(watched.page, BEN)
    expect(watched.page.locator(".m-result").get_by_text("Ben is in already")).to_be_visible()
    expect(watched.page.locator(".m-result").get_by_text("let in by Ada")).to_be_visible()
    watched.complaints.clear()


def test_a_name_is_looked_up_and_never_sent_as_a_code(door: DoorService, open_page: Opened, site: Site) -> None:
    page = open_page("/t/staff/tok").page
    expect(page.get_by_text("1 of 2 are in.")).to_be_visible()
    show(page, "nad")
    expect(page.get_by_text("Expected: ask for the ticket")).to_be_visible()
    assert site.asked("POST", "/t/staff/tok/check-ins") == []


def test_people_come_in_without_a_network_and_the_scans_arrive_later(
    door: DoorService, open_page: Opened, site: Site
) -> None:
    watched = open_page("/t/staff/tok")
    page = watched.page
    expect(page.get_by_text("1 of 2 are in.")).to_be_visible()
    page.context.set_offline(True)
    show(page, NADIA)
    expect(page.locator(".m-result").get_by_text("Welcome, Nadia")).to_be_visible()
    expect(page.get_by_text("1 to be sent.")).to_be_visible()
    show(page, NADIA)
    expect(page.locator(".m-result").get_by_text("Nadia is in already")).to_be_visible()
    assert NADIA not in door.inside
    page.context.set_offline(False)
    expect(page.get_by_text("to be sent")).to_be_hidden()
    assert NADIA in door.inside
    assert len(site.asked("POST", "/t/staff/tok/sync")) == 1
    watched.complaints.clear()


def kept(page: Page) -> None:
    """Waits until the page is kept for a reload."""
    page.evaluate("navigator.serviceWorker.ready")
    page.wait_for_function("navigator.serviceWorker.controller !== null")


def test_the_page_is_loaded_again_without_a_network_and_no_scan_is_lost(
    door: DoorService, open_page: Opened, site: Site
) -> None:
    watched = open_page("/t/staff/tok")
    page = watched.page
    expect(page.get_by_text("1 of 2 are in.")).to_be_visible()
    kept(page)
    site.is_away = True
    show(page, NADIA)
    expect(page.get_by_text("1 to be sent.")).to_be_visible()
    page.reload()
    expect(page.get_by_text("2 of 2 are in.")).to_be_visible()
    expect(page.get_by_text("1 to be sent.")).to_be_visible()
    show(page, NADIA)
    expect(page.locator(".m-result").get_by_text("Nadia is in already")).to_be_visible()
    assert NADIA not in door.inside
    site.is_away = False
    page.reload()
    expect(page.get_by_text("2 of 2 are in.")).to_be_visible()
    expect(page.get_by_text("to be sent")).to_be_hidden()
    assert NADIA in door.inside
    assert len(site.asked("POST", "/t/staff/tok/sync")) == 1
    watched.complaints.clear()


def test_nothing_is_kept_of_a_link_that_has_ended(door: DoorService, open_page: Opened, site: Site) -> None:
    watched = open_page("/t/staff/tok")
    page = watched.page
    kept(page)
    site.on("GET", "/t/staff/tok", problem(404, "There is nothing at this address."))
    page.reload()
    page.wait_for_function("caches.keys().then((names) => names.length === 0)")
    page.wait_for_function("navigator.serviceWorker.getRegistrations().then((found) => found.length === 0)")
    watched.complaints.clear()


def test_an_admission_is_taken_back(door: DoorService, open_page: Opened) -> None:
    page = open_page("/t/staff/tok").page
    show(page, NADIA)
    page.get_by_role("button", name="Take back Nadia").click()
    expect(page.get_by_text("Nadia was taken back")).to_be_visible()
    expect(page.get_by_text("1 of 2 are in.")).to_be_visible()


def film(path: Path, text: str) -> Path:
    """A film of a QR code held before the camera, as Chromium's stand-in for one takes it (YUV4MPEG2)."""
    drawn = io.BytesIO()
    segno.make_qr(text).save(drawn, kind="png", scale=6, border=6)
    scene = Image.new("L", (640, 480), 235)
    code = Image.open(drawn).convert("L")
    scene.paste(code, ((640 - code.width) // 2, (480 - code.height) // 2))
    grey = bytes([128]) * (320 * 240 * 2)
    path.write_bytes(b"YUV4MPEG2 W640 H480 F10:1 Ip A1:1 C420jpeg\n" + (b"FRAME\n" + scene.tobytes() + grey) * 4)
    return path


def test_the_camera_reads_a_ticket_and_lets_in_once(
    door: DoorService, browser: Browser, site: Site, tmp_path: Path
) -> None:
    shown = film(tmp_path / "ticket.y4m", f"http://localhost:8080/t/{NADIA}")
    camera = [
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={shown}",
    ]
    filmed = launched(browser.browser_type, *camera)
    page = filmed.new_page()
    page.goto(f"{site.origin}/t/staff/tok")
    page.get_by_role("button", name="Start the camera").click()
    expect(page.locator(".m-result").get_by_text("Welcome, Nadia")).to_be_visible(timeout=15_000)
    page.get_by_role("button", name="Stop the camera").click()
    expect(page.locator("video")).to_be_hidden()
    filmed.close()
    assert len(site.asked("POST", "/t/staff/tok/check-ins")) == 1
