"""Makes a fresh machine ready: virtual environments, the AWS stand-in, the dashboard's build, Chromium for tests.

Runs under the machine's own Python, before anything is installed: only the standard library, and nothing that an
older Python could not read, so that one too old says so in one line. What is done is remembered by the digest of
what it was made from, and skipped the next time.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import threading
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Mapping, Sequence  # noqa: UP035 - an older Python knows no other

ROOT = Path(__file__).resolve().parents[2]
OLDEST = (3, 11)
OLDEST_NODE = 20
NEEDED_BYTES = 1500 * 1024 * 1024
DASHBOARD = ROOT / "services" / "dashboard"
RUN_LOCK, DEVELOPMENT_LOCK = "requirements.lock", "requirements-dev.lock"

_NOT_SOURCES = frozenset({"node_modules", "dist", "generated", "test-results"})
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_PROGRESS_SECONDS = 15
_FULL = "the disk is full"
_NO_COMPILER = "a package has to be compiled here and there is no C compiler: install one (gcc)"
_NO_INDEX = "the package index has no file for this machine, or cannot be reached"

# What pip and npm print, and what it means for the person at the terminal.
_CAUSES = (
    ("No space left on device", _FULL),
    ("ENOSPC", _FULL),
    ("command 'gcc' failed", _NO_COMPILER),
    ("command 'cc' failed", _NO_COMPILER),
    ("error: command 'x86_64-linux-gnu-gcc'", _NO_COMPILER),
    ("DO NOT MATCH THE HASHES", "a downloaded package is not the one that was locked"),
    ("Could not find a version", _NO_INDEX),
    ("No matching distribution", _NO_INDEX),
    ("Failed to establish a new connection", "the package index cannot be reached"),
    ("Temporary failure in name resolution", "the package index cannot be reached"),
    ("ENOTFOUND", "the npm registry cannot be reached"),
    ("ECONNREFUSED", "the npm registry cannot be reached"),
)
_ERRNO_CAUSES = {
    errno.ENOSPC: _FULL,
    errno.EACCES: "the clone cannot be written",
    errno.EROFS: "the clone cannot be written",
}


class Stop(Exception):
    """Setting up cannot go on; the text is one line."""


def digest(*parts: str | Path) -> str:
    """The SHA-256 of texts and of files' contents."""
    found = hashlib.sha256()
    for part in parts:
        found.update(part.read_bytes() if isinstance(part, Path) else part.encode())
        found.update(b"\0")
    return found.hexdigest()


def remembered(stamp: Path) -> str:
    """What `stamp` says, or nothing."""
    try:
        return stamp.read_text(encoding="utf-8")
    except OSError:
        return ""


def check_python() -> None:
    """Raises `Stop` under a Python that is too old or cannot make virtual environments."""
    if sys.version_info < OLDEST:
        raise Stop(f"Python {OLDEST[0]}.{OLDEST[1]} or newer is needed; this is {platform.python_version()}")
    if find_spec("ensurepip") is None or find_spec("venv") is None:
        raise Stop("Python's venv module is missing: install it (on Debian: apt-get install python3-venv)")


def check_disk(path: Path) -> None:
    """Raises `Stop` when there is no room for what is about to be installed."""
    free = shutil.disk_usage(path).free
    if free < NEEDED_BYTES:
        raise Stop(f"{_FULL}: {free >> 20} MB free, {NEEDED_BYTES >> 20} MB needed to set up")


def run(title: str, command: Sequence[str], cwd: Path = ROOT, environment: Mapping[str, str] | None = None) -> None:
    """Runs `command` with a sign of life; its output is kept for when it fails. Raises `Stop`."""
    begun = shown_at = time.monotonic()
    lines: list[str] = []
    try:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
    except OSError as error:
        raise Stop(f"{title}: {command[0]} cannot be run: {error.strerror}") from error
    with process:
        reader = threading.Thread(target=_collect, args=(process, lines), daemon=True)
        reader.start()
        while process.poll() is None:
            reader.join(1)
            shown_at = _show(title, begun, shown_at, lines)
        reader.join()
    if sys.stdout.isatty():
        sys.stdout.write("\r\033[K")
    if process.returncode != 0:
        raise Stop(f"{title} failed: {explain(''.join(lines))}")
    sys.stdout.write(f"  {title}: done in {time.monotonic() - begun:.0f} s\n")
    sys.stdout.flush()


def _collect(process: subprocess.Popen[str], lines: list[str]) -> None:
    # Closed under us when Ctrl-C ends the setting up.
    with contextlib.suppress(ValueError):
        lines.extend(process.stdout or ())


def _show(title: str, begun: float, shown_at: float, lines: list[str]) -> float:
    """Says what is going on and since when: each second on a terminal, now and then in a log."""
    now = time.monotonic()
    if sys.stdout.isatty():
        last = lines[-1].strip() if lines else ""
        line = f"  {title} ({now - begun:.0f} s) {last}"
        sys.stdout.write("\r\033[K" + line[: shutil.get_terminal_size().columns - 1])
    elif now - shown_at >= _PROGRESS_SECONDS:
        sys.stdout.write(f"  {title}: {now - begun:.0f} s so far\n")
    else:
        return shown_at
    sys.stdout.flush()
    return now


def explain(output: str) -> str:
    """One line for what a failed command printed."""
    for sign, meaning in _CAUSES:
        if sign in output:
            return meaning
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith(("error", "npm err", "npm error"))]
    return (errors or lines or ["it said nothing"])[-1]


def prepare_environment(folder: str, lock: str, *, project: bool) -> None:
    """A virtual environment with what `lock` names; with `project` it imports the project's own packages too."""
    where = ROOT / folder
    python = digest(platform.python_version(), sys.base_prefix, str(where))
    wanted = digest(python, ROOT / lock)
    stamp = where / f"muster-{Path(lock).name}"
    if remembered(stamp) == wanted:
        if project:
            _write_paths(where)
        return
    check_python()
    check_disk(ROOT)
    made_by = where / "muster-python"
    if remembered(made_by) != python:
        run(f"making {folder}", [sys.executable, "-m", "venv", "--clear", str(where)])
        made_by.write_text(python, encoding="ascii")
    if project:
        _write_paths(where)
    pip = [str(where / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--no-input"]
    install = ["install", "--no-deps", "--require-hashes", "-r", str(ROOT / lock)]
    run(f"installing what {lock} names", [*pip, *install])
    stamp.write_text(wanted, encoding="ascii")


def _write_paths(where: Path) -> None:
    site = next(where.glob("lib/python3*/site-packages"))
    packages = [ROOT / "shared", *(path.parent for path in sorted(ROOT.glob("services/*/pyproject.toml")))]
    paths = "".join(f"{path}\n" for path in (*packages, ROOT / "infra", ROOT))
    file = site / "muster.pth"
    if remembered(file) != paths:
        file.write_text(paths, encoding="utf-8")


def node() -> Path:
    """The directory of a Node that is new enough: the machine's, else the one that the environment brought."""
    found = shutil.which("node")
    if found and shutil.which("npm"):
        try:
            version = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
            if int(version.strip().lstrip("v").split(".")[0]) >= OLDEST_NODE:
                return Path(found).parent
        except (OSError, ValueError, subprocess.CalledProcessError):
            return ROOT / ".venv" / "bin"
    return ROOT / ".venv" / "bin"


def prepare_dashboard() -> None:
    """The dashboard's packages and its build."""
    directory = node()
    path = f"{directory}{os.pathsep}{os.environ.get('PATH', '')}"
    # The Node of the wheel knows only its own certificates unless it is told of the system's.
    environment = {**os.environ, "PATH": path, "CI": "1", "NODE_USE_SYSTEM_CA": "1"}
    npm = str(directory / "npm")
    packages = DASHBOARD / "node_modules" / ".muster-stamp"
    wanted = digest(DASHBOARD / "package-lock.json", str(directory))
    if remembered(packages) != wanted:
        check_disk(ROOT)
        install = [npm, "ci", "--no-audit", "--no-fund"]
        run("installing the dashboard's packages", install, DASHBOARD, environment)
        packages.write_text(wanted, encoding="ascii")
    built = DASHBOARD / "dist" / ".muster-stamp"
    sources = digest(*_dashboard_sources())
    if remembered(built) != sources:
        run("building the dashboard", [npm, "run", "build"], DASHBOARD, environment)
        built.write_text(sources, encoding="ascii")


def _dashboard_sources() -> list[str | Path]:
    """Every source file of the dashboard after its name, in a fixed order."""
    found: list[str | Path] = []
    for folder, folders, files in os.walk(DASHBOARD):
        folders[:] = sorted(name for name in folders if name not in _NOT_SOURCES and not name.startswith("."))
        for name in sorted(files):
            path = Path(folder, name)
            found += [str(path.relative_to(DASHBOARD)), path]
    return found


def prepare_browser() -> None:
    """Chromium for the tests that look at pages: the machine's, or Debian's when we may install it."""
    if any(shutil.which(name) for name in _BROWSERS):
        return
    if not shutil.which("apt-get") or os.geteuid() != 0:
        raise Stop("Chromium is missing, and the tests look at pages in it: install your system's chromium package")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run("reading the package lists", ["apt-get", "update"], ROOT, environment)
    run("installing Chromium", ["apt-get", "install", "-y", "--no-install-recommends", "chromium"], ROOT, environment)


def prepare(parts: Sequence[str]) -> None:
    """All that `parts` (dev, browser, peer) need. Raises `Stop` or `OSError`."""
    if sys.version_info < OLDEST:
        check_python()
    # What development needs holds all that running needs.
    development = "dev" in parts or (ROOT / ".venv" / f"muster-{DEVELOPMENT_LOCK}").exists()
    prepare_environment(".venv", DEVELOPMENT_LOCK if development else RUN_LOCK, project=True)
    prepare_environment(".venv-aws", "infra/local/aws-stand-in.lock", project=False)
    if "peer" in parts:
        prepare_environment(".venv-bench", "requirements-bench.lock", project=False)
    prepare_dashboard()
    if "browser" in parts:
        prepare_browser()


def main(arguments: Sequence[str]) -> int:
    """`prepare.py [dev] [browser] [peer] [-- command ...]`: sets up, then becomes the command."""
    split = arguments.index("--") if "--" in arguments else len(arguments)
    try:
        prepare(arguments[:split])
    except Stop as stop:
        sys.stderr.write(f"muster: {stop}\n")
        return 1
    except OSError as error:
        cause = _ERRNO_CAUSES.get(error.errno or 0, str(error))
        sys.stderr.write(f"muster: setting up failed: {cause}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    command = list(arguments[split + 1 :])
    if command:
        sys.stdout.flush()
        os.chdir(ROOT)
        os.execv(command[0], command)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
