"""scanner: machines open crew links as mail scanners do, by HEAD, GET and a browser that runs the page's script and
follows what it links to; then a person presses; then two hundred press at once.

No machine may confirm or decline, the person has to succeed, and the two hundred presses have one effect.
"""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import requests
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page
from sqlalchemy import insert, text

from muster_events.app import build_app
from muster_events.config import EventsSettings
from muster_shared.auth.links import mint
from muster_shared.auth.tables import memberships, organizations
from muster_shared.db import Database
from muster_shared.ids import new_id
from muster_shared.testing.browser import chromium
from muster_shared.testing.postgres import Databases, running_cluster
from muster_shared.testing.settings import make_settings
from muster_shared.testing.tokens import TestIssuer
from muster_shared.wiring import wire
from services.events.tests.crew.serving import Recorder, serving
from tests.experiments.checker import Verdict

_SECRET = "experiment-link-secret-of-32-characters"
_AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/120.0 Safari/537.36",
    "Mozilla/5.0 (compatible; MailScanner/5.4)",
    "",
)
# Everything that a script could wait for before it acts by itself.
_STIR = """() => {
  for (const kind of ['load', 'pageshow', 'focus', 'scroll', 'mousemove', 'visibilitychange', 'online', 'blur',
                      'pagehide', 'beforeunload'])
    { window.dispatchEvent(new Event(kind)); document.dispatchEvent(new Event(kind)); }
  window.scrollTo(0, document.body.scrollHeight);
}"""
_ANSWERS = "SELECT count(*) FROM crew_history WHERE what IN ('confirmed', 'declined')"


@dataclass(frozen=True)
class Scale:
    """How many links, and how many presses at once on one of them."""

    links: int
    presses: int


FULL = Scale(links=20, presses=200)
SHORT = Scale(links=2, presses=40)


@dataclass
class Scene:
    """The service on a socket, with links to open."""

    origin: str
    recorder: Recorder
    database: Database
    assignments: list[str]
    tokens: list[str] = field(default_factory=list)

    def count(self, statement: str = _ANSWERS) -> int:
        """The number a query gives."""
        with self.database.read() as connection:
            return int(connection.execute(text(statement)).scalar() or 0)

    def state(self) -> list[str]:
        """Every row of the business's state, as text."""
        tables = ("events", "crew_members", "crew_assignments", "crew_history", "crew_pending_changes")
        with self.database.read() as connection:
            return [
                row
                for table in tables
                for row in connection.execute(text(f"SELECT t::text FROM {table} t ORDER BY 1")).scalars()
            ]

    @property
    def posts(self) -> int:
        """How many requests came that were no reading."""
        return sum(method not in {"GET", "HEAD"} for method, _ in self.recorder.seen)


def run(scale: Scale) -> Verdict:
    """Machines first, then a person each, then the crowd."""
    with _scene(scale.links + 1) as scene:
        before = scene.state()
        made_posts = scene.posts
        _open_plainly(scene)
        with chromium() as browser:
            scripts = _open_with_script(scene, browser)
            machine_posts, consumed = scene.posts - made_posts, scene.count()
            unchanged = scene.state() == before
            by_machine = scene.count("SELECT count(*) FROM outbox WHERE payload->>'by_machine' = 'true'")
            pressed = _press_as_people(scene, browser)
        statuses = _press_all_at_once(scene, scale.presses)
        effects = _effects_of_the_crowd(scene)
    verdict = Verdict(
        "scanner",
        attempted=scale.links,
        accepted=pressed,
        lost=scale.links - pressed,
        duplicated=max(0, effects - 1),
        unexpected=consumed + machine_posts,
    )
    verdict.facts["consumed by machines"] = consumed
    verdict.facts["opens told as a machine's"] = by_machine
    verdict.facts["pages whose script ran"] = scripts
    verdict.facts[f"{scale.presses} presses at once"] = f"{effects} effect, answers {sorted(set(statuses))}"
    verdict.require(unchanged, "opening changed the business's state")
    verdict.require(by_machine >= scale.links, "a machine's opening was not noted as one")
    verdict.require(effects == 1, "the crowd's presses had no effect")
    verdict.require(set(statuses) <= {200, 303}, "a press of the crowd was not answered well")
    return verdict


def _open_plainly(scene: Scene) -> None:
    for token in scene.tokens:
        address = f"{scene.origin}/c/{token}"
        requests.head(address, timeout=10).raise_for_status()
        for agent in _AGENTS:
            requests.get(address, headers={"User-Agent": agent}, timeout=10).raise_for_status()
        for action in ("confirm", "decline", "status"):
            if requests.get(f"{address}/{action}", timeout=10).status_code != requests.codes.method_not_allowed:
                raise AssertionError("a GET of an action was answered")


def _open_with_script(scene: Scene, browser: Browser) -> int:
    """Opens every link in a browser, stirs the page, follows its links; how many pages ran their script."""
    ran = 0
    context = browser.new_context()
    for token in scene.tokens:
        page = context.new_page()
        loaded: list[str] = []
        page.on("response", lambda response, loaded=loaded: loaded.append(response.url) if response.ok else None)
        page.goto(f"{scene.origin}/c/{token}", wait_until="networkidle")
        page.evaluate(_STIR)
        page.wait_for_load_state("networkidle")
        for address in page.eval_on_selector_all(
            "a[href], link[href], form[action]", "them => them.map(one => one.href || one.action)"
        ):
            if str(address).startswith(scene.origin):
                context.request.get(str(address))
        ran += any(address.endswith("/pages/crew.js") for address in loaded)
        page.close()
    context.close()
    return ran


def _press_as_people(scene: Scene, browser: Browser) -> int:
    """One press each, every second one without script; how many led to a confirmation."""
    confirmed = 0
    for number, token in enumerate(scene.tokens[:-1]):
        context = browser.new_context(java_script_enabled=number % 2 == 0, viewport={"width": 360, "height": 740})
        page = _pressed(context, f"{scene.origin}/c/{token}")
        confirmed += page.locator("main").get_attribute("data-status") == "confirmed"
        context.close()
    return confirmed


def _pressed(context: BrowserContext, address: str) -> Page:
    page = context.new_page()
    page.goto(address)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_text("Thank you. You are confirmed.").wait_for(timeout=10_000)
    return page


def _press_all_at_once(scene: Scene, presses: int) -> list[int]:
    address = f"{scene.origin}/c/{scene.tokens[-1]}/confirm"

    def press(number: int) -> int:
        body: dict[str, Any] = {"json": {}} if number % 2 else {"data": {"seen": "1"}}
        return requests.post(address, allow_redirects=False, timeout=60, **body).status_code

    with ThreadPoolExecutor(min(presses, 64)) as pool:
        return list(pool.map(press, range(presses)))


def _effects_of_the_crowd(scene: Scene) -> int:
    statement = text("SELECT count(*) FROM crew_history WHERE what = 'confirmed' AND assignment_id = :id")
    with scene.database.read() as connection:
        return int(connection.execute(statement, {"id": scene.assignments[-1]}).scalar_one())


@contextmanager
def _scene(links: int) -> Iterator[Scene]:
    with running_cluster() as cluster:
        databases, issuer = Databases(cluster, worker="experiment"), TestIssuer()
        database = databases.get("events")
        given = make_settings(EventsSettings, database_url=database.url, link_secret=_SECRET, database_pool_size=16)
        wiring = wire(given, service="events", keys=issuer.keys)
        app = build_app(given, wiring)
        assignments = _crew(app, database, issuer, links)
        try:
            with serving(app) as (origin, recorder):
                scene = Scene(origin, recorder, database, assignments)
                scene.tokens = [_link(assignment) for assignment in assignments]
                yield scene
        finally:
            wiring.database.close()
            databases.close()


def _crew(app: Flask, database: Database, issuer: TestIssuer, size: int) -> list[str]:
    """An event with a crew of `size`, made through the API; the ids of its assignments."""
    org_id, owner = new_id(), new_id()
    with database.transaction() as session:
        session.execute(insert(organizations).values(id=org_id, name="Blue Harbour", slug="blue", version=1))
        session.execute(insert(memberships).values(org_id=org_id, user_id=owner, role="owner", version=1))
    client, headers = app.test_client(), issuer.headers(owner)
    members = [
        client.post("/api/crew", json={"name": f"Crew {n}", "email": f"c{n}@example.org"}, headers=headers).get_json()
        for n in range(size)
    ]
    event = {
        "kind": "charter",
        "title": "Sunset charter",
        "starts_at": (datetime.now(UTC) + timedelta(days=5)).isoformat(),
        "duration_minutes": 120,
        "timezone": "Europe/Athens",
        "publish": True,
        "crew": [{"crew_member_id": member["id"], "role": "Deckhand"} for member in members],
    }
    made = client.post("/api/events", json=event, headers=headers).get_json()
    return [assignment["id"] for assignment in made["crew"]]


def _link(assignment_id: str) -> str:
    return mint(
        secret=_SECRET,
        audience="crew-link",
        subject=UUID(assignment_id),
        version=1,
        expires_at=datetime.now(UTC) + timedelta(days=30),
    )


def main() -> int:
    """The full size."""
    return run(FULL).print()


if __name__ == "__main__":
    sys.exit(main())
