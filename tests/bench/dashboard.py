"""`make bench NAME=dashboard`: what a first visit loads, and when it shows its largest part on a slow phone.

Baseline of the same run: a page of one heading and no script, under the same brakes.
"""

import statistics
import sys
from dataclasses import dataclass

from playwright.sync_api import Browser, Page

from muster_shared.testing.browser import chromium
from services.dashboard.tests import data, services
from services.dashboard.tests.site import DIST, Reply, Site

RUNS = 5
FIRST_LOAD_BYTES = 60 * 1024
PAINT_SECONDS = 1.5
CPU_SLOWDOWN = 4
BITS_PER_SECOND = 1_600_000
ROUND_TRIP_MS = 150
# Name, address, whether somebody is signed in, and words that stand there once it is whole.
PAGES = (
    ("sign-in", "/sign-in", False, "Forgot your password?"),
    ("public listing", "/discover", False, "Sunset charter to Poros"),
    ("list of events", "/events", True, "Sunset charter to Poros"),
    ("bare page", "/bare", False, "Muster"),
)
_BARE = b"<!doctype html><html lang=en><meta charset=utf-8><title>Muster</title><h1>Muster</h1></html>"
_LARGEST_PAINT = """() => new Promise((resolve) => new PerformanceObserver((list) =>
  resolve(list.getEntries().at(-1).startTime / 1000)).observe({type: "largest-contentful-paint", buffered: true}))"""


@dataclass(frozen=True)
class Visit:
    """One first visit: gzipped bytes of the site's own files, and the largest paint."""

    loaded_bytes: int
    paint_seconds: float


def visit(browser: Browser, site: Site, *, path: str, signed_in: bool, words: str) -> Visit:
    """Opens the page with an empty cache, braked."""
    context = browser.new_context(viewport={"width": 360, "height": 740})
    if signed_in:
        # What a browser remembers of somebody signed in.
        remembered = {"muster_signed_in": "1", "muster_organisation": data.ORG["id"]}
        context.add_cookies([{"name": name, "value": value, "url": site.origin} for name, value in remembered.items()])
    page = context.new_page()
    loaded = _brake(page)
    page.goto(site.origin + path)
    page.get_by_text(words).first.wait_for()
    seconds = float(page.evaluate(_LARGEST_PAINT))
    context.close()
    return Visit(loaded_bytes=sum(loaded), paint_seconds=seconds)


def _brake(page: Page) -> list[int]:
    """Slows the page down; returns the list that fills with the bytes of each file."""
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": CPU_SLOWDOWN})
    session.send("Network.enable")
    session.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": ROUND_TRIP_MS,
            "downloadThroughput": BITS_PER_SECOND / 8,
            "uploadThroughput": BITS_PER_SECOND / 8,
        },
    )
    loaded: list[int] = []
    session.on("Network.loadingFinished", lambda event: loaded.append(int(event["encodedDataLength"])))
    return loaded


def main() -> int:
    """Prints the figures; 1 when one falls short."""
    if not (DIST / "index.html").is_file():
        sys.stderr.write("build the dashboard first: npm run build in services/dashboard\n")
        return 1
    site = services.serve(Site())
    site.on("GET", "/bare", Reply(_BARE, headers={"Content-Type": "text/html; charset=utf-8"}))
    short = False
    with chromium() as browser:
        brakes = f"CPU slowed {CPU_SLOWDOWN} times, {BITS_PER_SECOND / 1e6} Mbit/s, {ROUND_TRIP_MS} ms"
        print(f"{len(data.week())} events; {brakes}")
        for name, path, signed_in, words in PAGES:
            visits = [visit(browser, site, path=path, signed_in=signed_in, words=words) for _ in range(RUNS)]
            loaded = max(each.loaded_bytes for each in visits)
            paint = statistics.median(each.paint_seconds for each in visits)
            enough = loaded <= FIRST_LOAD_BYTES and paint <= PAINT_SECONDS
            short = short or not enough
            print(
                f"{'ok   ' if enough else 'SHORT'} {name:15} {loaded / 1024:5.1f} KB of {FIRST_LOAD_BYTES // 1024},"
                f" largest paint {paint:.2f} s of {PAINT_SECONDS}"
            )
    site.close()
    return int(short)


if __name__ == "__main__":
    sys.exit(main())
