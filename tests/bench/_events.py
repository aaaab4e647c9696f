"""What the benchmarks of events share: a database full of them, the app as it is deployed, and the bare one."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
import psycopg2
import psycopg2.extras
import psycopg2.pool
from flask import Flask, Response, request

from muster_events.app import build_app
from muster_events.config import EventsSettings
from muster_events.events import listing
from muster_events.events.public_reads import PublicReads
from muster_events.events.views import Addresses
from muster_shared.testing.postgres import Databases, running_cluster
from muster_shared.testing.settings import make_settings
from muster_shared.testing.tokens import TestIssuer
from muster_shared.wiring import wire
from tests.bench._events_data import fill

ADDRESSES = Addresses(public_origin="http://localhost:8080", media_origin="http://localhost:8081")


@dataclass(frozen=True)
class Bench:
    """A database with events, and the settings of the service that has it."""

    dsn: str
    settings: EventsSettings
    issuer: TestIssuer

    def app(self, *, seconds: float = -1.0) -> Flask:
        """Events as deployed, but keeping finished answers for `seconds`: by default each is made anew."""
        wiring = wire(self.settings, service="events", keys=self.issuer.keys)
        return build_app(self.settings, wiring, reads=PublicReads(seconds=seconds))

    def connect(self) -> Any:
        """A connection in autocommit, for looking at plans and single statements."""
        connection = psycopg2.connect(self.dsn, options="-c search_path=events -c timezone=UTC")
        connection.autocommit = True
        return connection


@contextlib.contextmanager
def bench(count: int, *of_cluster: str) -> Iterator[Bench]:
    """A PostgreSQL of its own, with settings `of_cluster`, and `count` events in it."""
    with (
        running_cluster(*of_cluster) as cluster,
        contextlib.closing(Databases(cluster, worker=f"bench{count}")) as databases,
    ):
        database = databases.get("events")
        dsn = cluster.dsn(databases.name("events"))
        fill(dsn, count)
        settings = make_settings(
            EventsSettings,
            database_url=database.url,
            database_pool_size=8,
            trusted_proxy_hops=1,
            link_secret="bench-link-secret-of-some-32-characters",
        )
        yield Bench(dsn=dsn, settings=settings, issuer=TestIssuer())


def bare_app(dsn: str, *, declare: Callable[[Flask, Callable[..., Any]], None]) -> Flask:
    """Flask and psycopg2 and nothing else. `declare` adds routes; it is given how to run a statement."""
    psycopg2.extras.register_uuid()
    psycopg2.extras.register_default_jsonb(globally=True, loads=orjson.loads)
    app = Flask("bare", static_folder=None)
    pools: list[psycopg2.pool.ThreadedConnectionPool] = []

    def query(statement: str, names: dict[str, Any]) -> list[Any]:
        if not pools:
            options = "-c search_path=events -c timezone=UTC"
            pools.append(psycopg2.pool.ThreadedConnectionPool(8, 8, dsn, options=options))
        connection = pools[0].getconn()
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement, names)
                return list(cursor.fetchall())
        finally:
            pools[0].putconn(connection)

    @app.get("/livez")
    def livez() -> str:
        return "alive"

    @app.get("/hello")
    def hello() -> str:
        return "hello"

    declare(app, query)
    return app


def bare_reads(dsn: str) -> Flask:
    """The listing and one event with the same SQL and the same JSON as ours."""
    plain = listing._Shape(until=False, category=False, venue_type=False, after=False)

    def declare(app: Flask, query: Callable[..., Any]) -> None:
        @app.get("/api/events")
        def list_events() -> Response:
            limit = int(request.args.get("limit", 20))
            names = {"starting_from": datetime.now(UTC), "rows": limit + 1}
            rows = query(listing._plain(plain), names)
            items = [listing.public_event(row, ADDRESSES) for row in rows[:limit]]
            body = orjson.dumps({"items": items, "next_cursor": "x" * 100}, option=orjson.OPT_UTC_Z)
            return Response(body, mimetype="application/json")

        @app.get("/api/events/<uuid:event_id>")
        def one_event(event_id: Any) -> Response:
            row = query(listing._DETAIL + listing._NOT_PRIVATE, {"id": event_id})[0]
            body = orjson.dumps(listing.public_event(row, ADDRESSES), option=orjson.OPT_UTC_Z)
            return Response(body, mimetype="application/json")

    return bare_app(dsn, declare=declare)
