"""What the person at the terminal chose, and whether this machine can do it."""

import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local import ports
from local.layout import Home

DEFAULT_PORT = 8080
DEFAULT_MEDIA_PORT = 8081
_LEAST_FREE_BYTES = 300 * 1024 * 1024


class CannotRun(Exception):
    """Muster cannot come up here; the text is one line that says why and what to do."""


@dataclass(frozen=True)
class Options:
    """What the person chose."""

    home: Home
    port: int
    media_port: int
    demo: bool
    ready_file: Path | None

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], ready_file: Path | None = None) -> "Options":
        """Raises `CannotRun` for a port that is none."""
        return cls(
            home=Home.chosen(environ),
            port=_port(environ, "MUSTER_PORT", DEFAULT_PORT),
            media_port=_port(environ, "MUSTER_MEDIA_PORT", DEFAULT_MEDIA_PORT),
            demo=environ.get("MUSTER_DEMO", "1") != "0",
            ready_file=ready_file,
        )


def _port(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise CannotRun(f"{name} must be a port number between 1 and 65535")
    return int(text)


@contextmanager
def locked(home: Home) -> Iterator[None]:
    """Holds the home for this runner. The kernel lets go when the runner dies, so no lock is ever stale."""
    try:
        home.root.mkdir(parents=True, exist_ok=True)
        file = home.lock.open("a+")
    except OSError as error:
        raise CannotRun(f"{home.root} cannot be written: {error.strerror}") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            owner = file.read().strip() or "unknown"
            raise CannotRun(
                f"Muster already runs on {home.root} (pid {owner}): end it, or choose another with MUSTER_HOME"
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def check_machine(options: Options) -> None:
    """Raises `CannotRun` when the disk is full or a port is taken."""
    free = shutil.disk_usage(options.home.root).free
    if free < _LEAST_FREE_BYTES:
        raise CannotRun(
            f"the disk of {options.home.root} is full: {free // 2**20} MB free, {_LEAST_FREE_BYTES // 2**20} MB needed"
        )
    if options.port == options.media_port:
        raise CannotRun("MUSTER_PORT and MUSTER_MEDIA_PORT must differ")
    for port, name in ((options.port, "MUSTER_PORT"), (options.media_port, "MUSTER_MEDIA_PORT")):
        try:
            ports.require_free(port)
        except ports.PortTaken:
            raise CannotRun(f"port {port} is in use: end what listens there, or set {name} to another") from None
