"""Headless Chromium: the system's, which asks nobody but the pages' own servers."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserType, sync_playwright

_PROGRAM = os.environ.get("MUSTER_CHROMIUM", "/usr/bin/chromium")
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser for as long as the block lasts."""
    with sync_playwright() as playwright:
        browser = launched(playwright.chromium)
        yield browser
        browser.close()


def launched(kind: BrowserType, *flags: str) -> Browser:
    """A browser with `flags` beside the usual ones; the caller closes it."""
    return kind.launch(executable_path=_PROGRAM, args=[*_FLAGS, *flags])
