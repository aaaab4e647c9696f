"""Sends GETs at a steady rate, whatever became of those before: reads what on stdin, writes what came of it.

A call's time runs from the moment it was due, so a server that falls behind is seen to. One thread and `select`: no
call waits for another thread of this process.
"""

import select
import socket
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import orjson


@dataclass(eq=False)
class _Connection:
    socket: socket.socket
    due: float = 0.0
    received: bytearray = field(default_factory=bytearray)

    def fileno(self) -> int:
        return self.socket.fileno()

    def send(self, request: bytes, *, due: float) -> None:
        self.due = due
        self.received.clear()
        self.socket.sendall(request)

    def status(self) -> int | None:
        """Takes what has come; the status once the answer is whole."""
        came = self.socket.recv(65536)
        if not came:
            raise RuntimeError("the server closed a connection")
        self.received += came
        head, end, body = self.received.partition(b"\r\n\r\n")
        if not end:
            return None
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        return int(head.split(b" ", 2)[1]) if len(body) >= int(length.split(b":")[1]) else None


def main() -> int:
    """Sends `seconds` x `rate` calls from `begin` (monotonic) on, with each of `headers` in turn.

    Writes `{"statuses", "milliseconds", "seconds"}`: of each call, and from `begin` to the last answer.
    """
    given: dict[str, Any] = orjson.loads(sys.stdin.buffer.read())
    begin, rate = float(given["begin"]), float(given["rate"])
    requests = [
        "".join(
            [f"GET {given['path']} HTTP/1.1\r\nHost: 127.0.0.1\r\n", *(f"{n}: {v}\r\n" for n, v in one.items()), "\r\n"]
        ).encode()
        for one in given["headers"]
    ]
    idle = deque(
        _Connection(socket.create_connection(("127.0.0.1", given["port"]), timeout=30))
        for _ in range(given["connections"])
    )
    busy: set[_Connection] = set()
    statuses: list[int] = []
    milliseconds: list[float] = []
    sent, total = 0, int(rate * given["seconds"])
    while len(statuses) < total:
        while sent < total and idle and begin + sent / rate <= time.monotonic():
            connection = idle.popleft()
            connection.send(requests[sent % len(requests)], due=begin + sent / rate)
            busy.add(connection)
            sent += 1
        wait = max(0.0, begin + sent / rate - time.monotonic()) if sent < total and idle else 30.0
        for connection in select.select(busy, [], [], wait)[0]:
            status = connection.status()
            if status is not None:
                milliseconds.append((time.monotonic() - connection.due) * 1000)
                statuses.append(status)
                busy.remove(connection)
                idle.append(connection)
    found = {"statuses": statuses, "milliseconds": milliseconds, "seconds": time.monotonic() - begin}
    sys.stdout.buffer.write(orjson.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
