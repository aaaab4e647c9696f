"""`listing-depth`: page 10,000 of the listing against page 1, and 5,000,000 events against 10,000.

The cost is that of the statement, as the service sends it, in medians of many interleaved runs.
"""

import statistics
import sys
import time
from datetime import UTC, datetime
from typing import Any

from muster_events.events import listing
from tests.bench._events import Bench, bench
from tests.bench._media import say

MANY, FEW = 5_000_000, 10_000
PAGE, ROWS, RUNS = 10_000, 20, 300
REACH_DEPTH, REACH_SIZE = 1.1, 1.3
_KEY = (
    "SELECT starts_at, id FROM events WHERE status = 'published' AND visibility = 'public' AND starts_at >= %(now)s"
    " ORDER BY starts_at, id OFFSET %(rows)s LIMIT 1"
)


class Measured:
    """Pages of one database: the first, and the one after so many rows."""

    def __init__(self, made: Bench, *, skipped: int) -> None:
        self._connection, now = made.connect(), datetime.now(UTC)
        with self._connection.cursor() as cursor:
            cursor.execute(_KEY, {"now": now, "rows": skipped})
            after: Any = cursor.fetchone()
        first = listing._Shape(until=False, category=False, venue_type=False, after=False)
        self._first = (listing._plain(first), {"starting_from": now, "rows": ROWS + 1})
        names = {"after_start": after[0], "after_id": str(after[1]), "rows": ROWS + 1}
        self._deep = (listing._plain(first._replace(after=True)).replace("%(after_id)s", "%(after_id)s::uuid"), names)

    def seconds(self, *, deep: bool) -> float:
        """How long one page takes."""
        statement, names = self._deep if deep else self._first
        with self._connection.cursor() as cursor:
            began = time.perf_counter()
            cursor.execute(statement, names)
            assert len(cursor.fetchall()) == ROWS + 1
            return time.perf_counter() - began


def main() -> int:
    """Prints the costs and their ratios; 1 when one is too high."""
    with bench(MANY) as large, bench(FEW) as small:
        many, few = Measured(large, skipped=PAGE * ROWS), Measured(small, skipped=FEW // 2)
        runs: dict[str, list[float]] = {"page 1 of many": [], "page 10,000": [], "page 1 of few": []}
        for _ in range(RUNS):
            runs["page 1 of many"].append(many.seconds(deep=False))
            runs["page 10,000"].append(many.seconds(deep=True))
            runs["page 1 of few"].append(few.seconds(deep=False))
    cost = {name: statistics.median(values) for name, values in runs.items()}
    for name, seconds in cost.items():
        say(f"listing-depth {name}: {seconds * 1000:.3f} ms")
    depth, size = cost["page 10,000"] / cost["page 1 of many"], cost["page 1 of many"] / cost["page 1 of few"]
    say(f"listing-depth: page 10,000 costs {depth:.2f} x page 1 (at most {REACH_DEPTH})")
    say(f"listing-depth: {MANY:,} events cost {size:.2f} x {FEW:,} (at most {REACH_SIZE})")
    return 0 if depth <= REACH_DEPTH and size <= REACH_SIZE else 1


if __name__ == "__main__":
    sys.exit(main())
