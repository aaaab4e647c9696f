"""The local mailbox: every mail is there, looks as it was written, and its links open."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from services.dashboard.tests import data
from services.dashboard.tests.conftest import Opened
from services.dashboard.tests.site import Call, Reply, Site, problem

pytestmark = pytest.mark.browser

HTML = """<!doctype html><html lang="en"><head><style>.wide { letter-spacing: 3px; }</style><script>document.title = 'ran'</script></head>
<body style="background:#eeeeee"><h1 class="wide" style="color:#0b5d66">Can you come?</h1><img alt="" src="/x.png" onerror="document.title = 'ran'">
<p>Kostas, you are asked as Captain.</p><a href="/c/tok" style="background:#0b5d66;color:#fff">Open the call sheet</a></body></html>"""


def mail(number: int, to: str) -> dict[str, object]:
    return {
        "id": str(number),
        "to": [to],
        "subject": f"Can you come? {number}",
        "text": "Kostas, you are asked.\nhttp://localhost:8080/c/tok\n",
        "html": HTML,
        "headers": {"From": "Blue Harbour <crew@muster.test>"},
        "sent_at": data.at(-number),
    }


@pytest.fixture
def mailbox(site: Site) -> Site:
    mails = [mail(1, "kostas@example.com"), mail(2, "maria@example.com")]

    def listed(call: Call) -> Reply:
        wanted = call.query.get("to", [""])[0]
        return Reply({"items": [each for each in mails if wanted in str(each["to"])]})

    site.on("GET", "/api/notifications/outbox", listed)
    site.on("GET", "/x.png", Reply(data.jpeg(), headers={"Content-Type": "image/jpeg"}))
    site.on(
        "GET",
        "/c/tok",
        Reply(b"<!doctype html><title>Call sheet</title>", headers={"Content-Type": "text/html; charset=utf-8"}),
    )
    return site


@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_when_a_mail_is_open(
    mailbox: Site, open_page: Opened, axe: Callable[[Page], list[str]], width: int, scheme: str
) -> None:
    page = open_page("/mailbox", width=width, scheme=scheme).page
    page.get_by_role("button", name="Can you come? 1").click()
    expect(page.frame_locator("iframe").get_by_text("you are asked as Captain")).to_be_visible()
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_mail_looks_as_written_and_runs_nothing_when_opened(mailbox: Site, open_page: Opened) -> None:
    page = open_page("/mailbox").page
    page.get_by_role("button", name="Can you come? 1").click()
    heading = page.frame_locator("iframe").get_by_role("heading", name="Can you come?")
    expect(heading).to_have_css("color", "rgb(11, 93, 102)")
    expect(heading).to_have_css("letter-spacing", "3px")
    assert page.title() == "Mailbox · Muster"
    with page.context.expect_page() as opened:
        page.frame_locator("iframe").get_by_role("link", name="Open the call sheet").click()
    expect(opened.value).to_have_title("Call sheet")


def test_only_their_mails_are_listed_when_an_address_is_typed(mailbox: Site, open_page: Opened) -> None:
    page = open_page("/mailbox").page
    expect(page.get_by_text("2 mails, newest first")).to_be_visible()
    page.get_by_label("To").fill("maria")
    expect(page.get_by_text("1 mail, newest first")).to_be_visible()
    expect(page.get_by_role("button", name="Can you come? 2")).to_be_visible()


def test_it_says_so_when_the_outbox_is_not_there(site: Site, open_page: Opened) -> None:
    site.on("GET", "/api/notifications/outbox", problem(404, "There is no local outbox here."))
    watched = open_page("/mailbox")
    expect(watched.page.get_by_text("There is no local outbox here.")).to_be_visible()
    watched.complaints.clear()
