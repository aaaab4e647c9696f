"""finance-canary: a number of its own in every money and memo field of an event that lives a whole life; then every
answer, page, export, message, webhook call, log line and table row that is not finance is searched for them.

Owner and manager must find every canary (or the search proves nothing); nobody else may find one.
"""

import contextlib
import io
import secrets
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import insert, text

from muster_events.app import build_app
from muster_events.config import EventsSettings
from muster_events.events.models import Event
from muster_events.events.views import Addresses
from muster_events.pages.rendering import render
from muster_shared import logs
from muster_shared.auth import links
from muster_shared.auth.service_keys import format_key, hash_secret, new_secret
from muster_shared.auth.tables import memberships, organizations, service_keys
from muster_shared.db import Database
from muster_shared.ids import new_id
from muster_shared.testing.postgres import Cluster, Databases, running_cluster
from muster_shared.testing.settings import make_settings
from muster_shared.testing.tokens import TestIssuer
from muster_shared.web.app import operations_of
from muster_shared.wiring import wire
from tests.experiments.fuzz_worlds import KnowsPeople

SECRET = "canary-link-secret-of-some-32-characters"  # the experiment's own
_EVENTS = "/api/events"


@dataclass(frozen=True)
class Canaries:
    """Numbers and words that occur nowhere else."""

    revenue: int = field(default_factory=lambda: 800_000_000 + secrets.randbelow(99_999_999))
    fee: int = field(default_factory=lambda: 700_000_000 + secrets.randbelow(9_999_999))
    captain_fee: int = field(default_factory=lambda: 60_000_000 + secrets.randbelow(9_999_999))
    memo: str = field(default_factory=lambda: f"memo-{secrets.token_hex(12)}")
    fee_name: str = field(default_factory=lambda: f"fee-{secrets.token_hex(12)}")

    @property
    def net(self) -> int:
        """What follows from the others, and would give them away."""
        return self.revenue - self.fee - self.captain_fee

    def body(self) -> dict[str, Any]:
        """The finance of an event."""
        return {
            "currency": "EUR",
            "revenue": self.revenue,
            "fees": [{"name": self.fee_name, "amount": self.fee}],
            "captain_fee": self.captain_fee,
            "internal_memo": self.memo,
        }

    def forms(self) -> dict[str, list[str]]:
        """Each canary in the ways it might be written."""
        numbers = {n: getattr(self, n) for n in ("revenue", "fee", "captain_fee", "net")}
        written = {
            name: [str(n), f"{n:,}", f"{n:_}", f"{n / 100:.2f}", f"{n // 100:,}", f"{n:x}"]
            for name, n in numbers.items()
        }
        return {**written, "memo": [self.memo], "fee_name": [self.fee_name]}

    def found_in(self, haystack: str) -> set[str]:
        """Which canaries are in a text."""
        return {name for name, forms in self.forms().items() if any(form in haystack for form in forms)}


@dataclass
class Stage:
    """A service with an owner, a key without finance, a stranger, and what was logged."""

    app: Flask
    database: Database
    org_id: UUID
    people: dict[str, dict[str, str]]
    log: io.StringIO


@contextlib.contextmanager
def stage(cluster: Cluster) -> Iterator[Stage]:
    """The service on a database of its own; what it logs is caught."""
    with contextlib.closing(Databases(cluster, worker="canary")) as databases:
        database, issuer = databases.get("events"), TestIssuer()
        config = make_settings(EventsSettings, database_url=database.url, link_secret=SECRET)
        app = build_app(config, wire(config, service="events", keys=issuer.keys, auth=KnowsPeople()))
        org_id, owner, manager = new_id(), new_id(), new_id()
        key_id, secret = new_id(), new_secret()
        scopes = ["events:read", "events:write", "crew:read", "crew:write", "calendar:write", "media:read"]
        with database.transaction() as session:
            session.execute(insert(organizations).values(id=org_id, name="Canary", slug="canary", version=1))
            for user, role in ((owner, "owner"), (manager, "manager")):
                session.execute(insert(memberships).values(org_id=org_id, user_id=user, role=role, version=1))
            session.execute(
                insert(service_keys).values(
                    id=key_id, org_id=org_id, name="k", secret_hash=hash_secret(secret), scopes=scopes, version=1
                )
            )
        people = {
            "owner": issuer.headers(owner),
            "manager": issuer.headers(manager),
            "key": {"X-Dashboard-Token": format_key(key_id=key_id, secret=secret)},
            "stranger": issuer.headers(new_id()),
            "anonymous": {},
        }
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            logs.configure(service="events", role="api", level="DEBUG")
            yield Stage(app=app, database=database, org_id=org_id, people=people, log=out)
        databases.clean()


def live(made: Stage, canaries: Canaries) -> dict[str, str]:
    """An event's whole life with money in it; the values of path parameters that came of it."""
    client, owner = made.app.test_client(), made.people["owner"]

    def call(method: str, path: str, body: Any = None, **headers: str) -> Any:
        answer = client.open(path, method=method, json=body, headers={**owner, **headers})
        assert answer.status_code < 400, (method, path, answer.status_code, answer.text)
        return answer.get_json(silent=True) or {}

    org_id = str(made.org_id)
    with made.database.transaction() as session:
        session.execute(
            text(
                "INSERT INTO webhooks (id, org_id, url, secret, created_by, created_at)"
                " VALUES (:id, :org_id, 'https://example.org/', 'x', 'canary', now())"
            ),
            {"id": new_id(), "org_id": made.org_id},
        )
    member = call("POST", "/api/crew", {"org_id": org_id, "name": "Kostas", "email": "kostas@example.org"})
    event = call(
        "POST",
        _EVENTS,
        {
            "org_id": org_id,
            "kind": "charter",
            "title": "Sunset charter",
            "starts_at": (datetime.now(UTC) + timedelta(days=5)).isoformat(),
            "duration_minutes": 120,
            "timezone": "Europe/Athens",
            "capacity": 5,
            "crew": [{"crew_member_id": member["id"], "role": "Captain"}],
            "finance": canaries.body(),
            "publish": True,
        },
    )
    base = f"{_EVENTS}/{event['id']}"
    call("PUT", f"{base}/finance", canaries.body(), **{"Idempotency-Key": "canary"})
    call("PATCH", base, {"description": "Bring a coat", "duration_minutes": 150})
    registration = call("POST", f"{base}/registrations", {"name": "Ada", "email": "ada@example.org"})
    door = call("POST", f"{base}/staff-links", {"label": "Gate"})
    feed = call("POST", "/api/calendar/feeds", {"org_id": org_id})
    call("POST", f"{base}/duplicate", {})
    return {
        "event_id": event["id"],
        "org_id": org_id,
        "crew_member_id": member["id"],
        "assignment_id": event["crew"][0]["id"],
        "registration_id": registration["id"],
        "code": registration["ticket"]["code"],
        "door": door["url"].rsplit("/", 1)[1],
        "feed": feed["url"].rsplit("/", 1)[1].removesuffix(".ics"),
        "guest_code": event["guest_page"]["code"],
    }


def answers(made: Stage, values: dict[str, str], *, who: str) -> Iterator[tuple[str, str]]:
    """What somebody gets from every GET there is, HTML, CSV, calendars and pictures included."""
    client = made.app.test_client()
    ends_at = datetime.now(UTC) + timedelta(days=9)
    minted = {
        audience: links.mint(
            secret=SECRET, audience=audience, subject=UUID(values[name]), version=1, expires_at=ends_at
        )
        for audience, name in (("crew-link", "assignment_id"), ("registration-link", "registration_id"))
    }
    for operation in operations_of(made.app):
        if operation.method != "GET" or (who not in {"owner", "manager"} and operation.path.endswith("/finance")):
            continue
        path = operation.path
        token = minted["registration-link"] if "/registrations/<token>" in path else minted["crew-link"]
        token = values["door"] if path.startswith("/t/staff") else values["feed"] if "/calendar/" in path else token
        for name, value in {**values, "token": token}.items():
            path = path.replace(f"<uuid:{name}>", value).replace(f"<{name}>", value)
        for accept in ("application/json", "text/csv"):
            answer = client.get(path, headers={**made.people[who], "Accept": accept})
            yield f"{who}: GET {operation.path} ({accept})", f"{answer.headers}{answer.get_data(as_text=True)}"
    for name in ("openapi.json", "docs"):
        yield f"{who}: {name}", client.get(f"/api/events/{name}").get_data(as_text=True)


def at_rest(made: Stage, values: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Every table of the service's own schema, the published page, and the log."""
    with made.database.transaction() as session:
        tables = session.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'events'")).scalars().all()
        for table in tables:
            rows = session.execute(text(f"SELECT t::text FROM {table} t")).scalars()  # its own tables
            yield f"table {table}", "\n".join(rows)
        event = session.get(Event, UUID(values["event_id"]))
        addresses = Addresses(public_origin="http://localhost:8080", media_origin="http://localhost:8081")
        if event is not None:
            page = render(event, org_name="Canary", language="en", addresses=addresses)
            yield "published page", page.decode()
    yield "log", made.log.getvalue()


@dataclass(frozen=True)
class Verdict:
    """What was searched and found."""

    searched: int
    hits: list[str]
    seen_by_owner: set[str]
    seen_by_manager: set[str]

    @property
    def passed(self) -> bool:
        """Nobody else found any, and those who may found all."""
        everything = set(Canaries().forms())
        return not self.hits and self.seen_by_owner == self.seen_by_manager == everything


def run(cluster: Cluster) -> Verdict:
    """The experiment."""
    canaries, hits, searched = Canaries(), [], 0
    with stage(cluster) as made:
        values = live(made, canaries)
        places = [place for who in ("key", "stranger", "anonymous") for place in answers(made, values, who=who)]
        # What owner and manager are answered elsewhere than under finance holds none either.
        seen: dict[str, set[str]] = {}
        for who in ("owner", "manager"):
            mine = dict(answers(made, values, who=who))
            finance = {name: found for name, found in mine.items() if "/finance (" in name}
            seen[who] = set().union(*(canaries.found_in(found) for found in finance.values()))
            places += [place for place in mine.items() if place[0] not in finance]
        for name, haystack in [*places, *at_rest(made, values)]:
            searched += 1
            hits += [f"{name}: {canary}" for canary in sorted(canaries.found_in(haystack))]
    return Verdict(searched=searched, hits=hits, seen_by_owner=seen["owner"], seen_by_manager=seen["manager"])


def main() -> int:
    """Prints what was found; 1 when anything was, or when the search could not have."""
    with running_cluster() as cluster:
        verdict = run(cluster)
    for hit in verdict.hits:
        sys.stdout.write(hit + "\n")
    sys.stdout.write(
        f"finance-canary: {verdict.searched} places searched, {len(verdict.hits)} hits; owner sees"
        f" {sorted(verdict.seen_by_owner)}, manager {sorted(verdict.seen_by_manager)}\n"
    )
    return 0 if verdict.passed else 1


if __name__ == "__main__":
    sys.exit(main())
