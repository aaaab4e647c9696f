"""Waits until every HTTP process of the stack answers, asking all of them at once."""

import selectors
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_AGAIN_SECONDS = 0.05
_ANSWER_SECONDS = 2.0


@dataclass
class _Question:
    name: str
    port: int
    path: str
    connection: socket.socket
    asked_at: float


class NotReady(Exception):
    """Some process did not answer in time; the text names which."""


def wait_until_ready(
    targets: Mapping[str, tuple[int, str]],
    *,
    timeout_seconds: float,
    meanwhile: Callable[[], None],
    on_ready: Callable[[str], None] = lambda _: None,
) -> None:
    """Returns when each of `targets` (name to port and path) has answered 200.

    `meanwhile` is called often, and may raise to give up. Raises `NotReady` at the timeout.
    """
    deadline = time.monotonic() + timeout_seconds
    left = dict(targets)
    again: dict[str, float] = dict.fromkeys(left, 0.0)
    with selectors.DefaultSelector() as selector:
        while left:
            meanwhile()
            now = time.monotonic()
            if now > deadline:
                _close_all(selector)
                raise NotReady(f"not ready after {timeout_seconds:g} s: {', '.join(sorted(left))}")
            for name in [name for name, at in again.items() if at <= now]:
                del again[name]
                _ask(selector, name, *left[name], now)
            for question, good in _answers(selector, now):
                if good:
                    del left[question.name]
                    on_ready(question.name)
                else:
                    again[question.name] = now + _AGAIN_SECONDS
            time.sleep(0.01)


def _ask(selector: selectors.BaseSelector, name: str, port: int, path: str, now: float) -> None:
    connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    connection.settimeout(0.2)
    question = _Question(name, port, path, connection, now)
    try:
        connection.connect(("127.0.0.1", port))
        connection.sendall(f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
    except OSError:
        question.asked_at = float("-inf")
    selector.register(connection, selectors.EVENT_READ, question)


def _answers(selector: selectors.BaseSelector, now: float) -> list[tuple[_Question, bool]]:
    """Questions that were answered, with 200 or not, or that waited too long."""
    readable = {key.fd for key, _ in selector.select(timeout=0)}
    done = []
    for key in list(selector.get_map().values()):
        question: _Question = key.data
        good = False
        if key.fd in readable:
            try:
                good = question.connection.recv(64).split(b" ")[1:2] == [b"200"]
            except OSError:
                good = False
        elif now - question.asked_at < _ANSWER_SECONDS:
            continue
        selector.unregister(question.connection)
        question.connection.close()
        done.append((question, good))
    return done


def _close_all(selector: selectors.BaseSelector) -> None:
    for key in list(selector.get_map().values()):
        key.data.connection.close()
