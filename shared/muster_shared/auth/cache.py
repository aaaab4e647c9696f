"""A small bounded cache whose entries expire; safe between threads."""

import time
from collections import OrderedDict
from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class ExpiringCache(Generic[K, V]):
    """At most `capacity` entries, the least recently used leaving first; each lives `seconds`."""

    def __init__(self, *, capacity: int, seconds: float) -> None:
        self._capacity = capacity
        self._seconds = seconds
        self._entries: OrderedDict[K, tuple[float, V]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: K) -> V | None:
        """The value, or None when there is none or it has expired."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return None
            if entry[0] < time.monotonic():
                del self._entries[key]
                return None
            self._entries.move_to_end(key)
            return entry[1]

    def put(self, key: K, value: V, *, seconds: float | None = None) -> None:
        """Keeps `value` for `seconds` (the cache's own span by default)."""
        until = time.monotonic() + (self._seconds if seconds is None else min(seconds, self._seconds))
        with self._lock:
            self._entries[key] = (until, value)
            self._entries.move_to_end(key)
            while len(self._entries) > self._capacity:
                self._entries.popitem(last=False)

    def drop(self, key: K) -> None:
        """Forgets one entry."""
        with self._lock:
            self._entries.pop(key, None)

    def clear(self) -> None:
        """Forgets all."""
        with self._lock:
            self._entries.clear()
