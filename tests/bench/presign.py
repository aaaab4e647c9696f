"""`presign`: POST /api/media/uploads against a bare INSERT of the same row, one gunicorn worker each.

The bare one is Flask with psycopg2 alone: it reads the JSON, inserts, commits and answers JSON of the same size; it
checks no credential, counts no quota and signs nothing. Commits are synchronous for both, as when deployed.
"""

import statistics
import sys
from datetime import timedelta
from uuid import UUID

import orjson
import psycopg2.extras
import psycopg2.pool
from flask import Flask, Response, request

from muster_shared import clock
from muster_shared.ids import new_id
from muster_shared.testing.postgres import DURABLE
from tests.bench._media import Bench, Call, bench, interleaved, ratio, requests_per_second, say, served

ROUNDS = 5
SECONDS = 3.0
REACH = 0.6
_INSERT = (
    "INSERT INTO photos (id, org_id, event_id, purpose, status, name, content_type, announced_bytes, quarantine_key,"
    " uploader_type, uploader_id, counted_in, expires_at, check_at)"
    " VALUES (%s, %s, %s, %s, 'pending', %s, %s, %s, %s, 'member', %s, '{}', %s, %s)"
)


def bare(made: Bench) -> Flask:
    """The baseline."""
    psycopg2.extras.register_uuid()
    app = Flask("bare", static_folder=None)
    dsn = made.database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    pool = psycopg2.pool.ThreadedConnectionPool(8, 20, dsn)
    padding = "x" * 900

    @app.get("/livez")
    def livez() -> str:
        return "alive"

    @app.post("/api/media/uploads")
    def insert_row() -> Response:
        body = orjson.loads(request.get_data())
        now, photo_id = clock.now(), new_id()
        connection = pool.getconn()
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(
                    _INSERT,
                    (
                        photo_id,
                        made.event.org_id,
                        UUID(body["event_id"]),
                        "photo",
                        body["filename"],
                        body["content_type"],
                        body["size"],
                        f"quarantine/{photo_id.hex}",
                        made.owner,
                        now + timedelta(minutes=15),
                        now + timedelta(minutes=1),
                    ),
                )
        finally:
            pool.putconn(connection)
        answer = orjson.dumps({"photo": {"id": photo_id, "status": "pending"}, "upload": padding})
        return Response(answer, status=201, mimetype="application/json")

    return app


def main() -> int:
    """Prints both rates and their ratio; 1 when it falls short."""
    with bench(*DURABLE) as made, served(made.app) as ours, served(lambda: bare(made)) as theirs:
        body = {
            "event_id": str(made.event.event_id),
            "filename": "IMG_0001.jpg",
            "content_type": "image/jpeg",
            "size": 3_000_000,
        }
        headers = {"Content-Type": "application/json", **made.headers}
        call = Call("POST", "/api/media/uploads", headers, orjson.dumps(body))
        found = interleaved(
            ROUNDS,
            ours=lambda: requests_per_second(ours, call, seconds=SECONDS, expect=201),
            bare=lambda: requests_per_second(theirs, call, seconds=SECONDS, expect=201),
        )
    reached = ratio(found["ours"], found["bare"])
    for name, values in found.items():
        say(f"presign {name}: {statistics.median(values):.0f} requests/s of {[round(value) for value in values]}")
    say(f"presign: {reached:.2f} of the bare INSERT's requests/s (to reach: {REACH})")
    return 0 if reached >= REACH else 1


if __name__ == "__main__":
    sys.exit(main())
