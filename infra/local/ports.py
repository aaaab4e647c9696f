"""Listening sockets and free ports."""

import contextlib
import random
import socket
from pathlib import Path

LOOPBACK = "127.0.0.1"
LOOPBACK_6 = "::1"
_BACKLOG = 512
_OUTSIDE_EPHEMERAL = (20_000, 32_000)


class PortTaken(Exception):
    """Something else listens on a port that was asked for."""

    def __init__(self, port: int) -> None:
        super().__init__(f"port {port} is in use")
        self.port = port


def listener() -> socket.socket:
    """A listening socket on a free loopback port, for a forked child; a program that is executed does not get it.

    The runner keeps it open: while a child restarts, its callers wait instead of being refused.
    """
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    found.bind((LOOPBACK, 0))
    found.listen(_BACKLOG)
    return found


def free_port(remembered: Path) -> int:
    """A free port: the one that file `remembered` names when it still is free, else a new one, noted there."""
    try:
        port = int(remembered.read_text(encoding="ascii"))
        _bind(LOOPBACK, port).close()
    except (OSError, ValueError):
        port = unused_port()
        remembered.parent.mkdir(parents=True, exist_ok=True)
        remembered.write_text(str(port), encoding="ascii")
    return port


def unused_port() -> int:
    """A port that nobody uses, outside the range from which the kernel takes the near ends of connections.

    One from that range may be gone again before the program that was told of it listens.
    """
    while True:
        port = random.randrange(*_OUTSIDE_EPHEMERAL)
        with contextlib.suppress(OSError):
            _bind(LOOPBACK, port).close()
            return port


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    probe = socket.socket(family, socket.SOCK_STREAM)
    try:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
    except BaseException:
        probe.close()
        raise
    return probe


def require_free(port: int) -> None:
    """Raises `PortTaken` unless `port` can be listened on at every loopback address."""
    for host in loopbacks():
        try:
            _bind(host, port).close()
        except OSError:
            raise PortTaken(port) from None


def loopbacks() -> tuple[str, ...]:
    """The loopback addresses of this machine; browsers try `::1` first for `localhost`."""
    try:
        _bind(LOOPBACK_6, 0).close()
    except OSError:
        return (LOOPBACK,)
    return (LOOPBACK, LOOPBACK_6)
