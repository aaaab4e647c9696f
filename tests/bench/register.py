"""`register`: 500 people at once for 100 seats; and registrations spread over 1,000 events against a bare INSERT.

Commits are synchronous for both, as when deployed.
"""

import http.client
import statistics
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
from flask import Flask, Response, request

from muster_shared.ids import new_id
from muster_shared.testing.postgres import DURABLE
from tests.bench._events import Bench, bare_app, bench
from tests.bench._media import Call, interleaved, ratio, requests_per_second, say, served

EVENTS, SEATS, PEOPLE = 2000, 100, 500
ROUNDS = 5
SECONDS = 3.0
REACH = 0.6
_INSERT = (
    "INSERT INTO registrations (id, org_id, event_id, name, email, email_key, status, queue_number, ticket_code,"
    " created_at, updated_at) SELECT %(id)s, org_id, id, %(name)s, %(email)s, %(email)s, 'confirmed', 1, %(code)s,"
    " now(), now() FROM events WHERE id = %(event_id)s RETURNING id"
)


def bare_insert(dsn: str) -> Flask:
    """The baseline: one INSERT of the same row, committed, and JSON back."""

    def declare(app: Flask, query: Callable[..., Any]) -> None:
        @app.post("/api/events/<uuid:event_id>/registrations")
        def insert_row(event_id: Any) -> Response:
            body, row_id = orjson.loads(request.get_data()), new_id()
            names = {"id": row_id, "event_id": event_id, "code": row_id.hex, **body}
            query(_INSERT, names)
            answer = {"id": row_id, "status": "confirmed", "ticket": "x" * 200}
            return Response(orjson.dumps(answer), status=201, mimetype="application/json")

    return bare_app(dsn, declare=declare)


def event_ids(made: Bench, *, seats: int | None) -> list[str]:
    """Public events, all with so many seats."""
    with made.connect() as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE events SET capacity = %s", (seats,))
        cursor.execute("SELECT id::text FROM events WHERE status = 'published' AND visibility = 'public' LIMIT 1001")
        return [row[0] for row in cursor.fetchall()]


def rush(port: int, event_id: str) -> Counter[str]:
    """Everybody at once; what they were told."""

    def come(number: int) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        body = orjson.dumps({"name": f"P{number}", "email": f"p{number}@example.org"})
        path = f"/api/events/{event_id}/registrations"
        connection.request("POST", path, body=body, headers={"Content-Type": "application/json"})
        answer = connection.getresponse()
        return str(orjson.loads(answer.read()).get("status"))

    with ThreadPoolExecutor(PEOPLE) as pool:
        return Counter(pool.map(come, range(PEOPLE)))


def main() -> int:
    """Prints the count and the rates; 1 when a seat was sold twice or the rate falls short."""
    with bench(EVENTS, *DURABLE) as made, served(made.app) as ours, served(lambda: bare_insert(made.dsn)) as theirs:
        hot = event_ids(made, seats=SEATS)[0]
        told = rush(ours, hot)
        spread = event_ids(made, seats=None)[1:]
        body = b'{"name": "Ada", "email": "a{n}@example.org"}'
        headers = {"Content-Type": "application/json"}
        call = Call("POST", "/api/events/{pick}/registrations", headers, body, picks=spread)
        found = interleaved(
            ROUNDS,
            ours=lambda: requests_per_second(ours, call, seconds=SECONDS, expect=201),
            bare=lambda: requests_per_second(theirs, call, seconds=SECONDS, expect=201),
        )
    say(f"register: {dict(told)} of {PEOPLE} at once for {SEATS} seats")
    for name, values in found.items():
        say(f"register {name}: {statistics.median(values):.0f} requests/s of {[round(value) for value in values]}")
    reached = ratio(found["ours"], found["bare"])
    say(f"register: {reached:.2f} of the bare INSERT's requests/s (to reach: {REACH})")
    return 0 if told["confirmed"] == SEATS and told["waitlisted"] == PEOPLE - SEATS and reached >= REACH else 1


if __name__ == "__main__":
    sys.exit(main())
