"""A process that asks for one path over and over on one connection and as fast as it can: `port path seconds`.

For servers that answer faster than `_load` can ask. Writes how many were answered a second; every one must be 200.
"""

import re
import socket
import sys
import time

_WARM_UP_SECONDS = 1.0
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


def main(port: int, path: str, seconds: float) -> int:
    """0 when every answer was 200."""
    asked = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
    counted, begin = 0, time.monotonic() + _WARM_UP_SECONDS
    while time.monotonic() < begin + seconds:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            # A server may close a connection that it has answered often enough, and says so.
            is_open = True
            while is_open and (now := time.monotonic()) < begin + seconds:
                connection.sendall(asked)
                head = _answer(connection)
                if not head.startswith(b"HTTP/1.1 200"):
                    sys.stderr.write("answered otherwise than expected\n")
                    return 1
                is_open = b"\r\nConnection: close" not in head
                counted += now >= begin
    sys.stdout.write(str(counted / seconds))
    return 0


def _answer(connection: socket.socket) -> bytes:
    """Reads one answer; gives its head, and of the body what came with that."""
    answer = connection.recv(65536)
    while (end := answer.find(b"\r\n\r\n")) < 0:
        answer += _more(connection)
    length = _LENGTH.search(answer, 0, end + 2)
    missing = end + 4 + (int(length[1]) if length else 0) - len(answer)
    while missing > 0:
        missing -= len(_more(connection))
    return answer


def _more(connection: socket.socket) -> bytes:
    found = connection.recv(65536)
    if not found:
        raise ConnectionError("the server hung up")
    return found


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2], float(sys.argv[3])))
