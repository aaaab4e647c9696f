"""`photos`: a list of 100 photos with two signed URLs each, against the same without signing.

In one process, since it is the processor's work that is compared: cold with nothing remembered of earlier
signatures, warm with all of them, as they stay for five minutes.
"""

import statistics
import sys
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import text

from muster_media.app import url_signer
from muster_shared import clock
from muster_shared.aws.cloudfront import SignedUrl, Signer
from tests.bench._media import Bench, bench, interleaved, ratio, say

PHOTOS = 100
ROUNDS = 61
REACH = {"cold": 1.5, "warm": 1.1}
_FILL = text(
    """
    INSERT INTO photos (id, org_id, event_id, purpose, status, name, content_type, announced_bytes, quarantine_key,
      uploader_type, counted_in, expires_at, check_at, width, height, size_bytes, sha256, original_key, web_key,
      thumbnail_key, taken_at)
    SELECT id, :org_id, :event_id, 'photo', 'ready', 'IMG.jpg', 'image/jpeg', 1000, 'quarantine/' || id, 'guest', '{}',
      now(), now(), 4032, 3024, 3000000, md5(id::text) || md5(id::text), 'o/' || id || '/original.jpg',
      'p/' || id || '/00112233445566778899aabbccddeeff/web.jpg',
      'p/' || id || '/00112233445566778899aabbccddeeff/thumbnail.jpg', now()
    FROM (SELECT gen_random_uuid() AS id FROM generate_series(1, :count)) AS made
    """
)


class Unsigned:
    """Gives plain addresses."""

    def __init__(self, origin: str, expires_at: datetime) -> None:
        self._origin = origin
        self._expires_at = expires_at

    def sign(self, path: str) -> SignedUrl:
        """The address of `path`, which nobody would serve."""
        return SignedUrl(url=self._origin + path, expires_at=self._expires_at)


class Lists:
    """One client, and whichever signer is asked for."""

    def __init__(self, made: Bench) -> None:
        app = made.app()
        self._parts: dict[type, Any] = app.extensions["muster"].parts
        self._client: FlaskClient = app.test_client()
        self._path = f"/api/media/photos?event_id={made.event.event_id}&limit={PHOTOS}"
        self._headers = made.headers

    def measure(self, signer: Callable[[], Any]) -> float:
        """Milliseconds of one list."""
        self._parts[Signer] = signer()
        began = time.perf_counter()
        answer = self._client.get(self._path, headers=self._headers)
        spent = time.perf_counter() - began
        if answer.status_code != 200 or len(answer.get_json()["items"]) != PHOTOS:
            raise RuntimeError("the list is not as expected")
        return spent * 1000


def main() -> int:
    """Prints the three times and the two ratios; 1 when one falls short."""
    with bench() as made:
        values = {"org_id": made.event.org_id, "event_id": made.event.event_id, "count": PHOTOS}
        with made.database.transaction() as session:
            session.execute(_FILL, values)
        lists, warm = Lists(made), url_signer(made.config)
        plain = Unsigned(made.config.media_origin, clock.now())
        measures = {
            "unsigned": lambda: lists.measure(lambda: plain),
            "cold": lambda: lists.measure(lambda: url_signer(made.config)),
            "warm": lambda: lists.measure(lambda: warm),
        }
        interleaved(3, **measures)
        found = interleaved(ROUNDS, **measures)
    for name, times in found.items():
        say(f"photos {name}: {statistics.median(times):.2f} ms for {PHOTOS} photos")
    reached = {name: ratio(found[name], found["unsigned"]) for name in REACH}
    for name, times_as_much in reached.items():
        say(f"photos {name}: {times_as_much:.2f} x the cost without signing (to reach: {REACH[name]})")
    return 0 if all(reached[name] <= REACH[name] for name in REACH) else 1


if __name__ == "__main__":
    sys.exit(main())
