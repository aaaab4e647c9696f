"""Finished bytes of public reads, kept for half a second: what many ask for at once is made once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from muster_shared.auth.cache import ExpiringCache
from muster_shared.web.etags import content_etag

# With the second that nginx and the CDN keep an answer, a change shows within the two seconds promised.
SECONDS = 0.5
CACHE_CONTROL = "public, max-age=0, s-maxage=1"


@dataclass(frozen=True)
class Finished:
    """An answer ready to send."""

    body: bytes
    etag: str


class PublicReads:
    """Answers by key, at most `capacity` of them. Only what anybody may see belongs in here."""

    def __init__(self, *, capacity: int = 2000, seconds: float = SECONDS) -> None:
        self._kept: ExpiringCache[Any, Finished] = ExpiringCache(capacity=capacity, seconds=seconds)

    def answer(self, key: Any, make: Callable[[], Any]) -> Finished:
        """The answer of `key`: a kept one, or `make()` as JSON. What `make` raises is not kept."""
        found = self._kept.get(key)
        if found is None:
            body = orjson.dumps(make(), option=orjson.OPT_UTC_Z)
            found = Finished(body=body, etag=content_etag(body))
            self._kept.put(key, found)
        return found
