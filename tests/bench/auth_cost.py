"""`auth-cost`: one read, 20 events from the database, asked for by anybody, with a JWT, and with a service key.

The three routes run the same statement and give the same bytes; only their guards differ. One gunicorn worker.
"""

import contextlib
import statistics
from uuid import UUID

import orjson
from flask import Flask, Response
from sqlalchemy import text

from muster_shared.auth.guards import public, scoped, signed_in
from muster_shared.db import Database
from muster_shared.ids import new_id
from muster_shared.testing.accounts import add_key
from muster_shared.web import AppSpec, Routes, create_app
from muster_shared.web.app import part
from muster_shared.wiring import wire
from tests.bench._events import Bench, bench
from tests.bench._media import Call, interleaved, requests_per_second, say, served

EVENTS = 10_000
ROUNDS = 7
SECONDS = 3.0
JWT_REACH = 1.08
KEY_REACH = 1.10
_READ = text(
    "SELECT id, title, description, starts_at, ends_at, timezone FROM events WHERE visibility = 'public'"
    " AND status = 'published' ORDER BY starts_at, id LIMIT 20"
)

routes = Routes("cost", prefix="/api/cost")


def _read() -> Response:
    with part(Database).read() as connection:
        rows = [dict(row) for row in connection.execute(_READ).mappings()]
    return Response(orjson.dumps({"items": rows}), mimetype="application/json")


@routes.get("/anybody", guard=public(), answers={200: {}})
def anybody() -> Response:
    """The baseline."""
    return _read()


@routes.get("/person", guard=signed_in(), answers={200: {}})
def person() -> Response:
    """With a JWT."""
    return _read()


@routes.get("/key", guard=scoped("events:read"), answers={200: {}})
def key() -> Response:
    """With a service key."""
    return _read()


def app(made: Bench) -> Flask:
    """The three routes on the events database, behind the guards as every service has them."""
    wiring = wire(made.settings, service="events", keys=made.issuer.keys)
    return create_app(
        AppSpec(
            service="cost",
            title="cost",
            settings=made.settings,
            database=wiring.database,
            authenticator=wiring.authenticator,
            routes=[routes],
            parts=[wiring.database],
        )
    )


def _key(made: Bench) -> dict[str, str]:
    with contextlib.closing(Database(made.settings.database_url, pool_size=1)) as database:
        return add_key(database, UUID(int=1), "events:read")


def main() -> int:
    """Prints the rates and the ratios of cost; 1 when one falls short."""
    with bench(EVENTS) as made:
        token, secret = made.issuer.headers(new_id()), _key(made)
        with served(lambda: app(made)) as port:
            calls = {
                "anonymous": Call("GET", "/api/cost/anybody", {}),
                "JWT": Call("GET", "/api/cost/person", token),
                "service key": Call("GET", "/api/cost/key", secret),
            }
            found = interleaved(
                ROUNDS,
                **{
                    name: lambda call=call: requests_per_second(port, call, seconds=SECONDS, expect=200)
                    for name, call in calls.items()
                },
            )
    for name, rates in found.items():
        say(f"auth-cost: {name} {statistics.median(rates):.0f} requests/s of {[round(rate) for rate in rates]}")
    worst = 0
    for name, reach in (("JWT", JWT_REACH), ("service key", KEY_REACH)):
        # Each round against its own baseline: what else the machine does meanwhile falls on both.
        cost = statistics.median(base / rate for base, rate in zip(found["anonymous"], found[name], strict=True))
        say(f"auth-cost: {name} costs {cost:.3f} of anonymous (to reach: {reach})")
        worst |= cost > reach
    return int(worst)
