"""Wishes of several threads, done in one go."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from muster_shared.together import Together

_PATIENCE_SECONDS = 30


class Rounds:
    """Doubles numbers; each round waits until it is let go."""

    def __init__(self) -> None:
        self.seen: list[list[int]] = []
        self.began = threading.Semaphore(0)
        self.go = threading.Semaphore(0)

    def double(self, numbers: Sequence[int]) -> list[int]:
        self.seen.append(sorted(numbers))
        self.began.release()
        assert self.go.acquire(timeout=_PATIENCE_SECONDS)
        if 13 in numbers:
            raise ValueError("unlucky")
        return [2 * number for number in numbers]


def company(pool: ThreadPoolExecutor, rounds: Rounds, together: Together[int, int], *numbers: int) -> list[Future[int]]:
    """The futures of one thread whose round has begun, and of others that came while it lasted."""
    first = pool.submit(together, numbers[0])
    assert rounds.began.acquire(timeout=_PATIENCE_SECONDS)
    others = [pool.submit(together, number) for number in numbers[1:]]
    until(lambda: len(together._waiting) == len(others))
    return [first, *others]


def until(condition: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(_PATIENCE_SECONDS * 100):
        if condition():
            return
        pause.wait(0.01)
    raise AssertionError("it never came to that")


def test_who_comes_during_a_round_goes_together_in_the_next() -> None:
    rounds = Rounds()
    together = Together(rounds.double)
    with ThreadPoolExecutor() as pool:
        futures = company(pool, rounds, together, 1, 2, 3, 4)
        rounds.go.release(2)
        assert [future.result(_PATIENCE_SECONDS) for future in futures] == [2, 4, 6, 8]
    assert rounds.seen == [[1], [2, 3, 4]]


def test_everybody_in_a_round_hears_of_its_failure_and_the_next_is_none_the_worse() -> None:
    rounds = Rounds()
    together = Together(rounds.double)
    with ThreadPoolExecutor() as pool:
        first, *unlucky = company(pool, rounds, together, 1, 13, 3)
        rounds.go.release(3)
        assert first.result(_PATIENCE_SECONDS) == 2
        for future in unlucky:
            with pytest.raises(ValueError, match="unlucky"):
                future.result(_PATIENCE_SECONDS)
        assert together(5) == 10
