"""What several threads want at the same time, done in one go: one transaction where each would have had its own."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

Wish = TypeVar("Wish")
Answer = TypeVar("Answer")


class Together(Generic[Wish, Answer]):
    """Calls `do` with the wishes of all threads that wait, one round at a time; `do` answers each in its place.

    Nobody waits for company: the first to come begins, and who comes meanwhile makes up the next round. What `do`
    raises, everybody in its round gets.
    """

    def __init__(self, do: Callable[[Sequence[Wish]], Sequence[Answer]]) -> None:
        self._do = do
        self._waiting: list[tuple[Wish, Future[Answer]]] = []
        self._lock = threading.Lock()
        self._turn = threading.Lock()

    def __call__(self, wish: Wish) -> Answer:
        """The answer to `wish`, from whichever thread's round it went with."""
        place: Future[Answer] = Future()
        with self._lock:
            self._waiting.append((wish, place))
        with self._turn:
            if not place.done():
                self._round()
        return place.result()

    def _round(self) -> None:
        with self._lock:
            taken, self._waiting = self._waiting, []
        try:
            answers = self._do([wish for wish, _ in taken])
            for (_, place), answer in zip(taken, answers, strict=True):
                place.set_result(answer)
        except BaseException as error:  # noqa: BLE001  # raised in each of the threads
            for _, place in taken:
                if not place.done():
                    place.set_exception(error)
