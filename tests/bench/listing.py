"""`listing`: 20 of 1,000,000 public events, each answer made anew, against bare Flask + psycopg2.

The bare one runs the same SQL and writes the same JSON; it checks no query, sets no header, logs nothing and gives
no ETag. One gunicorn worker each. Beside it, for the record, what is served when answers are kept for half a second.
"""

import statistics
import sys

from tests.bench._events import bare_reads, bench
from tests.bench._media import Call, interleaved, ratio, requests_per_second, say, served

EVENTS = 1_000_000
ROUNDS = 5
SECONDS = 3.0
REACH = 0.90


def main() -> int:
    """Prints the rates and their ratio; 1 when it falls short."""
    call = Call("GET", "/api/events?limit=20", {})
    with (
        bench(EVENTS) as made,
        served(made.app) as ours,
        served(lambda: made.app(seconds=0.5)) as keeping,
        served(lambda: bare_reads(made.dsn)) as theirs,
    ):
        found = interleaved(
            ROUNDS,
            ours=lambda: requests_per_second(ours, call, seconds=SECONDS, expect=200),
            bare=lambda: requests_per_second(theirs, call, seconds=SECONDS, expect=200),
            kept=lambda: requests_per_second(keeping, call, seconds=SECONDS, expect=200),
        )
    for name, values in found.items():
        say(f"listing {name}: {statistics.median(values):.0f} requests/s of {[round(value) for value in values]}")
    reached = ratio(found["ours"], found["bare"])
    say(f"listing: {reached:.2f} of the bare one's requests/s (to reach: {REACH})")
    return 0 if reached >= REACH else 1


if __name__ == "__main__":
    sys.exit(main())
