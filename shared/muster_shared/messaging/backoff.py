"""How long to wait before the next try: exponential, with full jitter, so that not all come at once."""

import random
import threading

_EXPONENT_LIMIT = 32


def full_jitter(attempt: int, *, base_seconds: float, cap_seconds: float) -> float:
    """A wait in seconds, even over 0 to `base * 2**attempt`, at most `cap_seconds`. `attempt` counts from 0.

    https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
    """
    highest = min(cap_seconds, base_seconds * 2 ** min(attempt, _EXPONENT_LIMIT))
    return random.uniform(0, highest)  # noqa: S311  # spreads load, guards nothing


class Backoff:
    """The growing wait of one loop that finds something away."""

    def __init__(self, *, base_seconds: float = 0.2, cap_seconds: float = 5.0) -> None:
        self._base_seconds = base_seconds
        self._cap_seconds = cap_seconds
        self.failures = 0

    def wait(self, stop: threading.Event) -> None:
        """Waits longer each time, or until `stop` is set."""
        seconds = full_jitter(self.failures, base_seconds=self._base_seconds, cap_seconds=self._cap_seconds)
        self.failures += 1
        stop.wait(max(seconds, self._base_seconds / 2))

    def reset(self) -> None:
        """It worked: begin anew."""
        self.failures = 0
