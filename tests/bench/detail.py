"""`detail`: one public event of 100,000 against the bare one, and its 304 against Flask's hello.

Every full answer is made anew on both sides; the 304 is answered as deployed, from what is kept for half a second.
"""

import http.client
import statistics
import sys
from typing import Any

from tests.bench._events import Bench, bare_reads, bench
from tests.bench._media import Call, interleaved, ratio, requests_per_second, say, served

EVENTS = 100_000
ROUNDS = 5
SECONDS = 3.0
REACH, REACH_UNCHANGED = 0.90, 0.85


def some_event(made: Bench) -> str:
    """The id of a public event."""
    with made.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT id::text FROM events WHERE status = 'published' AND visibility = 'public' LIMIT 1")
        found: Any = cursor.fetchone()
        return str(found[0])


def etag_of(port: int, path: str) -> str:
    """The ETag that a path has now."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    return str(answer.headers["ETag"])


def main() -> int:
    """Prints the rates and their ratios; 1 when one falls short."""
    with (
        bench(EVENTS) as made,
        served(made.app) as ours,
        served(lambda: made.app(seconds=0.5)) as keeping,
        served(lambda: bare_reads(made.dsn)) as theirs,
    ):
        path = f"/api/events/{some_event(made)}"
        unchanged = Call("GET", path, {"If-None-Match": etag_of(keeping, path)})
        found = interleaved(
            ROUNDS,
            ours=lambda: requests_per_second(ours, Call("GET", path, {}), seconds=SECONDS, expect=200),
            bare=lambda: requests_per_second(theirs, Call("GET", path, {}), seconds=SECONDS, expect=200),
            unchanged=lambda: requests_per_second(keeping, unchanged, seconds=SECONDS, expect=304),
            hello=lambda: requests_per_second(theirs, Call("GET", "/hello", {}), seconds=SECONDS, expect=200),
        )
    for name, values in found.items():
        say(f"detail {name}: {statistics.median(values):.0f} requests/s of {[round(value) for value in values]}")
    full, same = ratio(found["ours"], found["bare"]), ratio(found["unchanged"], found["hello"])
    say(f"detail: {full:.2f} of the bare one's requests/s (to reach: {REACH})")
    say(f"detail, 304: {same:.2f} of hello's requests/s (to reach: {REACH_UNCHANGED})")
    return 0 if full >= REACH and same >= REACH_UNCHANGED else 1


if __name__ == "__main__":
    sys.exit(main())
