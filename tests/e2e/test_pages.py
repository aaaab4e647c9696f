"""What a person sees: the call sheet and the guest page in headless Chromium, pressed and used for real."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e.photos import heic, jpeg_with_position, png
from tests.e2e.test_journey import Charter, assignment_of, guest_page, link_of, make_charter

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("stack"), pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def charter(base_url: str) -> Charter:
    return make_charter(base_url)


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 390, "height": 844}, device_scale_factor=2, has_touch=True)
    yield context
    context.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the pages wrote to the console as errors."""
    return []


@pytest.fixture
def page(phone: BrowserContext, complaints: list[str]) -> Page:
    opened = phone.new_page()
    opened.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    return opened


def picture(page: Page, name: str) -> None:
    """A screenshot beside the test results, where MUSTER_SCREENSHOTS says."""
    folder = os.environ.get("MUSTER_SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def test_crew_member_confirms_on_a_phone(charter: Charter, page: Page, complaints: list[str]) -> None:
    page.goto(link_of(charter, 0))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Sunset charter to Aegina")
    picture(page, "call-sheet-invited")
    assert assignment_of(charter, 0)["status"] == "invited"
    button = page.locator("button.m-confirm")
    box = button.bounding_box()
    assert box is not None
    assert box["height"] >= 44
    button.click()
    expect(page.get_by_role("status").first).to_be_visible()
    expect(page.locator("main")).to_have_attribute("data-status", "confirmed")
    picture(page, "call-sheet-confirmed")
    assert assignment_of(charter, 0)["status"] == "confirmed"
    assert complaints == []


def test_crew_member_confirms_without_javascript(charter: Charter, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(link_of(charter, 1))
    page.locator("button.m-confirm").click()
    expect(page.locator("main")).to_have_attribute("data-status", "confirmed")
    context.close()
    assert assignment_of(charter, 1)["status"] == "confirmed"


def test_guest_adds_three_photos_and_sees_them(charter: Charter, page: Page, complaints: list[str]) -> None:
    code = charter.event["guest_page"]["code"]
    guest_page(charter, code)
    page.goto(f"{charter.operator.base_url}/g/{code}")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Sunset charter to Aegina")
    picker = page.locator("input[type=file]").first
    picker.wait_for(state="attached")
    picker.set_input_files(
        [
            {"name": "IMG_0001.jpg", "mimeType": "image/jpeg", "buffer": jpeg_with_position((2016, 1512))},
            {"name": "IMG_0002.heic", "mimeType": "image/heic", "buffer": heic()},
            {"name": "screen.png", "mimeType": "image/png", "buffer": png()},
        ]
    )
    shown = page.locator("#photos img[src*='Signature=']")
    expect(shown).to_have_count(3, timeout=60_000)
    picture(page, "guest-page")
    assert complaints == []
