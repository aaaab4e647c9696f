"""Browser tests of the built dashboard: one Chromium and one site for each worker."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from muster_shared.testing.browser import chromium
from services.dashboard.tests import services
from services.dashboard.tests.site import DIST, Site

DASHBOARD = DIST.parent
AXE = DASHBOARD / "node_modules" / "axe-core" / "axe.min.js"


def _newest(*places: Path) -> float:
    return max(
        (
            file.stat().st_mtime
            for place in places
            for file in ([place] if place.is_file() else place.rglob("*"))
            if file.is_file()
        ),
        default=0,
    )


def _npm(*arguments: str) -> None:
    # A machine without Node has the one of this Python's environment.
    path = os.pathsep.join([os.environ.get("PATH", ""), str(Path(sys.executable).parent)])
    environment = os.environ | {"PATH": path}
    subprocess.run(["npm", *arguments], cwd=DASHBOARD, check=True, capture_output=True, env=environment)


@pytest.fixture(scope="session")
def built() -> Path:
    """The build, made when there is none or the sources are newer. One worker builds, the others wait."""
    with (DASHBOARD / "package-lock.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        marker = DIST / "index.html"
        sources = [
            DASHBOARD / name
            for name in (
                "src",
                "public",
                "scripts",
                "index.html",
                "mailbox.html",
                "package-lock.json",
                "vite.config.ts",
            )
        ]
        if not AXE.is_file():
            _npm("ci")
        if not marker.is_file() or marker.stat().st_mtime < _newest(*sources):
            _npm("run", "build")
    return DIST


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="session")
def _site(built: Path) -> Iterator[Site]:
    site = Site()
    yield site
    site.close()


@pytest.fixture
def site(_site: Site) -> Site:
    _site.reset()
    return _site


class Watched:
    """A page together with what it complained of."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)


Opened = Callable[..., Watched]


@pytest.fixture
def open_page(browser: Browser, site: Site) -> Iterator[Opened]:
    """Opens an address in a fresh profile; the test fails when the console complained of anything it did not expect."""
    contexts: list[BrowserContext] = []
    watched: list[Watched] = []

    def opened(
        path: str, *, width: int = 1280, scheme: Any = "light", signed_in: bool = False, **options: Any
    ) -> Watched:
        context = browser.new_context(
            viewport={"width": width, "height": 800},
            color_scheme=scheme,
            locale="en-GB",
            timezone_id="Europe/London",
            reduced_motion="reduce",
            **options,
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        if signed_in:
            context.add_cookies([{"name": "muster_signed_in", "value": "1", "url": site.origin}])
        page = Watched(context.new_page())
        watched.append(page)
        page.page.goto(site.origin + path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert [complaint for each in watched for complaint in each.complaints] == []


@pytest.fixture
def axe(built: Path) -> Callable[[Page], list[str]]:
    """What axe finds wrong with a page."""
    source = AXE.read_text()

    def check(page: Page) -> list[str]:
        page.evaluate(source)
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{each['id']}: {node['target']} {node.get('failureSummary', '')}"
            for each in found["violations"]
            for node in each["nodes"]
        ]

    return check


@pytest.fixture
def week(site: Site) -> Site:
    """The site with services behind it that know a week of events."""
    return services.serve(site)
