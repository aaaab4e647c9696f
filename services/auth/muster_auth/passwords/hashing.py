"""Keeping passwords: bcrypt over a keyed hash, a bounded number at once, the same cost for nobody's."""

import base64
import hashlib
import hmac
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

import bcrypt

from muster_auth.errors import HashingBusy

_PATIENCE_SECONDS = 5.0


class Passwords:
    """Hashes and checks passwords.

    bcrypt reads 72 bytes and stops at a NUL; the HMAC-SHA384 before it makes 64 characters of anything, and
    without the pepper a stolen table is worth nothing. At most `at_once` run side by side and `waiting` more
    wait: whoever comes on top gets `HashingBusy` at once instead of a thread.
    """

    def __init__(self, *, pepper: str, cost: int, at_once: int, waiting: int) -> None:
        self._pepper = pepper.encode()
        self._cost = cost
        self._places = BoundedSemaphore(at_once + waiting)
        self._running = BoundedSemaphore(at_once)
        self._nobody = bcrypt.hashpw(self._keyed("nobody's"), bcrypt.gensalt(cost)).decode()

    def hash(self, password: str) -> str:
        """What to keep of `password`. Raises `HashingBusy`."""
        with self._turn():
            return bcrypt.hashpw(self._keyed(password), bcrypt.gensalt(self._cost)).decode()

    def check(self, password: str, kept: str | None) -> bool:
        """Whether `password` is the one kept; None, for no account, costs the same and is False."""
        with self._turn():
            right = bcrypt.checkpw(self._keyed(password), (kept or self._nobody).encode())
        return right and kept is not None

    def _keyed(self, password: str) -> bytes:
        # NFKC, so that a password typed on another keyboard or system is the same one (NIST SP 800-63B, 3.1.1.2).
        text = unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
        return base64.b64encode(hmac.new(self._pepper, text, hashlib.sha384).digest())

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            raise HashingBusy(retry_after_seconds=1)
        try:
            if not self._running.acquire(timeout=_PATIENCE_SECONDS):
                raise HashingBusy(retry_after_seconds=2)
            try:
                yield
            finally:
                self._running.release()
        finally:
            self._places.release()
