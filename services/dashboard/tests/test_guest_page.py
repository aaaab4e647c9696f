"""The guest page: photos added, followed to their end, shown, taken down; and still a page when nothing answers."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from services.dashboard.tests import data
from services.dashboard.tests.conftest import Opened
from services.dashboard.tests.site import Call, Reply, Site, problem

pytestmark = pytest.mark.browser

GUEST_HTML = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<title>Sunset charter to Poros · Blue Harbour Charters</title><link rel="icon" href="/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/pages/guest.css"><script type="module" src="/pages/guest.js"></script></head>
<body><a class="m-skip" href="#main">Skip to content</a>
<main class="m-page" id="main" data-page="guest" data-code="K7QM2XWD" data-media-api="/api/media/guest/K7QM2XWD" data-kind="charter">
<header class="m-hero"><p class="m-org">Blue Harbour Charters</p><h1>Sunset charter to Poros</h1>
<p class="m-when"><time datetime="2026-07-18T15:00:00Z">Saturday 18 July 2026, 18:00</time> – <time datetime="2026-07-18T18:00:00Z">21:00</time>
<span class="m-zone">Europe/Athens</span></p>
<p class="m-where"><strong>Marina Zeas, pier 4</strong><br>Akti Moutsopoulou 1, Piraeus <a href="https://maps.example/">Map</a></p></header>
<section class="m-card"><h2>About</h2><p>Three hours along the coast, a swim stop, and dinner in the harbour.</p></section>
<section class="m-card" id="photos" data-part="photos" aria-labelledby="photos-title"><h2 id="photos-title">Photos</h2>
<p class="m-muted" data-part="photos-fallback">Photos are shown and added here when the gallery can be reached.</p></section>
</main><footer class="m-foot"><p>Made with Muster</p></footer></body></html>"""

API = "/api/media/guest/K7QM2XWD"


class Media:
    """The media service as a guest meets it, with storage behind it."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.photos: dict[str, dict[str, Any]] = {}
        self.stored = 0
        self.numbers = itertools.count(10)
        self.hold = threading.Event()
        self.hold.set()
        site.on("GET", "/g/K7QM2XWD", Reply(GUEST_HTML.encode(), headers={"Content-Type": "text/html; charset=utf-8"}))
        site.on("GET", API, Reply({"uploads_open": True, "gallery_visible": True}))
        site.on("GET", f"{API}/photos", self._list)
        site.on("POST", f"{API}/uploads", self._ask)
        site.on("POST", "/muster-uploads", self._store)
        site.on("DELETE", f"{API}/photos/(?P<receipt>[^/]+)", self._remove)
        site.on("POST", f"{API}/photos/[^/]+/report", Reply(None, status=204))
        site.on(
            "GET",
            r"/p/(?P<number>\d+)/\w+\.jpg",
            lambda call, number: Reply(data.jpeg(int(number)), headers={"Content-Type": "image/jpeg"}),
        )

    def seed(self, count: int) -> None:
        for number in range(count):
            photo = data.photo(number, self.site.media_origin)
            self.photos[photo["id"]] = photo

    def _list(self, call: Call) -> Reply:
        wanted = call.query.get("receipt")
        if wanted is not None:
            return Reply(data.page([photo for photo in self.photos.values() if photo.get("receipt") in wanted]))
        return Reply(data.page([photo for photo in self.photos.values() if photo["status"] == "ready"]))

    def _ask(self, call: Call) -> Reply:
        number = next(self.numbers)
        photo = data.photo(
            number, self.site.media_origin, status="pending", name=call.json["filename"], receipt=f"receipt-{number}"
        )
        self.photos[photo["id"]] = photo
        upload = {
            "method": "POST",
            "url": f"{self.site.media_origin}/muster-uploads",
            "fields": {"key": f"quarantine/{number}", "Content-Type": call.json["content_type"]},
        }
        return Reply(
            {
                "photo": {"id": photo["id"], "status": "pending"},
                "upload": upload,
                "receipt": photo["receipt"],
                "expires_at": data.at(1),
            },
            status=201,
        )

    def _store(self, call: Call) -> Reply:
        self.hold.wait(10)
        self.stored += 1
        for photo in self.photos.values():
            if photo["status"] == "pending":
                bad = "broken" in photo["name"]
                photo.update(
                    status="rejected" if bad else "ready",
                    reason="This file is not the picture it says it is." if bad else None,
                )
        return Reply(b"", status=204)

    def _remove(self, call: Call, receipt: str) -> Reply:
        self.photos = {key: photo for key, photo in self.photos.items() if photo.get("receipt") != receipt}
        return Reply(None, status=204)


@pytest.fixture
def media(site: Site) -> Media:
    return Media(site)


def pick(page: Page, *files: tuple[str, str, bytes]) -> None:
    payloads: list[Any] = [{"name": name, "mimeType": kind, "buffer": body} for name, kind, body in files]
    page.get_by_label("Add photos").set_input_files(payloads)


@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_when_photos_are_shown_and_sent(
    media: Media, open_page: Opened, axe: Callable[[Page], list[str]], width: int, scheme: str
) -> None:
    media.seed(5)
    page = open_page("/g/K7QM2XWD", width=width, scheme=scheme).page
    pick(
        page,
        ("beach.jpg", "image/jpeg", data.jpeg(1)),
        ("broken.png", "image/png", b"no picture"),
        ("notes.pdf", "application/pdf", b"%PDF"),
    )
    expect(page.get_by_text("Verified: safe to delete")).to_be_visible()
    expect(page.get_by_text("This file is not the picture it says it is.")).to_be_visible()
    expect(page.get_by_text("notes.pdf: Not a photo we can take")).to_be_visible()
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_axe_finds_nothing_when_a_photo_is_large(
    media: Media, open_page: Opened, axe: Callable[[Page], list[str]]
) -> None:
    media.seed(2)
    page = open_page("/g/K7QM2XWD", width=360).page
    page.locator(".g-thumb").first.click()
    expect(page.get_by_text("1 of 2")).to_be_visible()
    assert axe(page) == []
    page.keyboard.press("Escape")
    expect(page.locator(".g-thumb").first).to_be_focused()


def test_each_photo_goes_straight_to_storage_and_into_the_gallery(media: Media, open_page: Opened) -> None:
    page = open_page("/g/K7QM2XWD").page
    expect(page.get_by_text("No photos yet")).to_be_visible()
    pick(page, ("a.jpg", "image/jpeg", data.jpeg(1)), ("b.heic", "", b"heic"), ("c.png", "image/png", data.jpeg(2)))
    expect(page.get_by_text("Verified: safe to delete")).to_have_count(3)
    expect(page.locator(".g-grid li")).to_have_count(3)
    assert media.stored == 3
    asked = [call.json for call in media.site.asked("POST", f"{API}/uploads")]
    assert sorted(each["content_type"] for each in asked) == ["image/heic", "image/jpeg", "image/png"]
    keys = [call.headers["Idempotency-Key"] for call in media.site.asked("POST", f"{API}/uploads")]
    assert len(set(keys)) == 3


def test_the_queue_goes_on_when_the_page_is_loaded_again(media: Media, open_page: Opened) -> None:
    media.site.on("POST", f"{API}/uploads", problem(503, "Not now."))
    watched = open_page("/g/K7QM2XWD")
    page = watched.page
    pick(page, ("a.jpg", "image/jpeg", data.jpeg(1)))
    expect(page.get_by_text("Trying again soon")).to_be_visible()
    media.site.on("POST", f"{API}/uploads", media._ask)
    page.reload()
    expect(page.get_by_text("Verified: safe to delete")).to_be_visible()
    assert media.stored == 1
    # The one complaint is the browser's own line about the 503.
    assert len(watched.complaints) == 1
    watched.complaints.clear()


def test_a_guest_takes_down_their_own_photo_and_reports_another(media: Media, open_page: Opened) -> None:
    media.seed(2)
    page = open_page("/g/K7QM2XWD").page
    page.locator(".g-thumb").first.click()
    page.get_by_role("button", name="I’m in this photo").click()
    expect(page.get_by_text("The organiser has been told")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("2 of 2")).to_be_visible()
    page.keyboard.press("Escape")
    pick(page, ("mine.jpg", "image/jpeg", data.jpeg(3)))
    expect(page.locator(".g-grid li")).to_have_count(3)
    page.get_by_role("button", name="Take down: mine.jpg").click()
    expect(page.locator(".g-grid li")).to_have_count(2)
    expect(page.get_by_text("mine.jpg was taken down.")).to_be_attached()


def test_the_page_stays_readable_when_every_service_is_down(site: Site, open_page: Opened) -> None:
    site.on("GET", "/g/K7QM2XWD", Reply(GUEST_HTML.encode(), headers={"Content-Type": "text/html; charset=utf-8"}))
    site.on("GET", f"{API}.*", problem(503, "Down."))
    watched = open_page("/g/K7QM2XWD")
    expect(watched.page.get_by_role("heading", name="Sunset charter to Poros")).to_be_visible()
    expect(watched.page.get_by_text("The gallery cannot be reached just now")).to_be_visible()
    assert all("503" in complaint for complaint in watched.complaints)
    watched.complaints.clear()


def test_addresses_are_renewed_when_they_are_about_to_run_out(media: Media, open_page: Opened) -> None:
    media.seed(1)
    photo = next(iter(media.photos.values()))
    photo["urls_expire_at"] = "2026-01-01T00:00:00Z"
    context: dict[str, Any] = {}
    watched = open_page("/mailbox-free-start", **context)
    page = watched.page
    page.clock.install()
    page.goto(media.site.origin + "/g/K7QM2XWD")
    expect(page.locator(".g-thumb img")).to_have_attribute("src", photo["thumbnail_url"])
    photo["thumbnail_url"] = photo["thumbnail_url"].replace("sig=a", "sig=b")
    page.clock.run_for(11_000)
    expect(page.locator(".g-thumb img")).to_have_attribute("src", photo["thumbnail_url"])


def test_photos_of_the_queue_survive_without_a_connection(media: Media, open_page: Opened, tmp_path: Path) -> None:
    watched = open_page("/g/K7QM2XWD")
    page = watched.page
    expect(page.get_by_text("No photos yet")).to_be_visible()
    page.context.set_offline(True)
    pick(page, ("a.jpg", "image/jpeg", data.jpeg(1)))
    expect(page.get_by_text("No connection. Trying again soon.")).to_be_visible()
    page.context.set_offline(False)
    expect(page.get_by_text("Verified: safe to delete")).to_be_visible()
    watched.complaints.clear()


@pytest.mark.parametrize(
    ("language", "add", "verified", "refused", "download"),
    [
        ("de", "Fotos hinzufügen", "Geprüft: kann vom Handy gelöscht werden", "Kein Foto", "Alle Fotos herunterladen"),
        ("fr", "Ajouter des photos", "Vérifiée : vous pouvez", "Ce n’est pas une photo", "Télécharger toutes les photos"),
        ("es", "Añadir fotos", "Comprobada: puede borrarla", "No es una foto", "Descargar todas las fotos"),
    ],
)
def test_the_page_speaks_the_language_it_was_published_in(
    media: Media,
    open_page: Opened,
    axe: Callable[[Page], list[str]],
    language: str,
    add: str,
    verified: str,
    refused: str,
    download: str,
) -> None:
    html = GUEST_HTML.replace('<html lang="en">', f'<html lang="{language}">').encode()
    media.site.on("GET", "/g/K7QM2XWD", Reply(html, headers={"Content-Type": "text/html; charset=utf-8"}))
    page = open_page("/g/K7QM2XWD", width=360).page
    files: list[Any] = [
        {"name": "beach.jpg", "mimeType": "image/jpeg", "buffer": data.jpeg(1)},
        {"name": "broken.png", "mimeType": "image/png", "buffer": b"no picture"},
        {"name": "notes.pdf", "mimeType": "application/pdf", "buffer": b"%PDF"},
    ]
    page.get_by_label(add).set_input_files(files)
    expect(page.get_by_text(verified)).to_be_visible()
    expect(page.get_by_text(refused).first).to_be_visible()
    expect(page.get_by_role("button", name=download)).to_be_visible()
    # The service's reason is in English, so that the page has words of its own.
    expect(page.get_by_text("This file is not the picture it says it is.")).to_have_count(0)
    page.get_by_role("listitem").locator("button.g-thumb").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
