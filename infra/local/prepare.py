"""Makes a fresh machine ready: virtual environments, the AWS stand-in, the dashboard's build.

Runs under the machine's own Python, before anything is installed: only the standard library, and no syntax newer
than an old Python can read, so that one too old says so in one line. What is done is remembered by the digest of
what it was made from, and skipped the next time.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OLDEST = (3, 11)
OLDEST_NODE = 20
NEEDED_BYTES = 1500 * 1024 * 1024
SOURCES = ("shared", "services/auth", "services/events", "services/notifications", "services/media", "infra", ".")
DASHBOARD = os.path.join(ROOT, "services", "dashboard")
NOT_SOURCES = ("node_modules", "dist", "test-results", ".vite")

# What pip and npm print, and what it means for the person at the terminal.
CAUSES = (
    ("No space left on device", "the disk is full"),
    ("ENOSPC", "the disk is full"),
    ("command 'gcc' failed", "a package has to be compiled here and there is no C compiler: install one (gcc)"),
    ("command 'cc' failed", "a package has to be compiled here and there is no C compiler: install one (gcc)"),
    ("unable to execute 'gcc'", "a package has to be compiled here and there is no C compiler: install one (gcc)"),
    ("THESE PACKAGES DO NOT MATCH THE HASHES", "a downloaded package is not the one that was locked"),
    ("Could not find a version", "the package index has no file for this machine, or cannot be reached"),
    ("No matching distribution", "the package index has no file for this machine, or cannot be reached"),
    ("Failed to establish a new connection", "the package index cannot be reached"),
    ("Temporary failure in name resolution", "the package index cannot be reached"),
    ("ENOTFOUND", "the npm registry cannot be reached"),
    ("ECONNREFUSED", "the npm registry cannot be reached"),
)


class Stop(Exception):
    """Setting up cannot go on; the text is one line."""


def digest(*parts):
    """The SHA-256 of texts and of files' contents (paths that exist)."""
    found = hashlib.sha256()
    for part in parts:
        if os.path.isfile(part):
            with open(part, "rb") as file:
                found.update(file.read())
        else:
            found.update(part.encode())
        found.update(b"\0")
    return found.hexdigest()


def remembered(stamp):
    """What `stamp` says, or nothing."""
    try:
        with open(stamp, encoding="ascii") as file:
            return file.read()
    except OSError:
        return ""


def remember(stamp, value):
    """Notes that the work for `value` is done."""
    with open(stamp, "w", encoding="ascii") as file:
        file.write(value)


def check_python():
    """Raises `Stop` under a Python that is too old or cannot make virtual environments."""
    if sys.version_info < OLDEST:
        raise Stop("Python %d.%d or newer is needed; this is %s" % (OLDEST + (platform.python_version(),)))
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        raise Stop("Python's venv module is missing: install it (on Debian: apt-get install python3-venv)")


def check_disk(path):
    """Raises `Stop` when there is no room for what is about to be installed."""
    free = shutil.disk_usage(path).free
    if free < NEEDED_BYTES:
        raise Stop("the disk is full: %d MB free, %d MB needed to set up" % (free >> 20, NEEDED_BYTES >> 20))


def run(title, command, cwd=ROOT, environment=None):
    """Runs `command` with a sign of life, its output kept for when it fails. Raises `Stop`."""
    begun = time.time()
    lines = []
    try:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            universal_newlines=True,
            errors="replace",
        )
    except OSError as error:
        raise Stop("%s: %s cannot be run: %s" % (title, command[0], error.strerror))
    reader = threading.Thread(target=lambda: lines.extend(process.stdout), daemon=True)
    reader.start()
    while process.poll() is None:
        reader.join(1 if process.poll() is None else 0)
        show(title, time.time() - begun, lines)
    reader.join(5)
    if sys.stdout.isatty():
        sys.stdout.write("\r\033[K")
    if process.returncode != 0:
        raise Stop("%s failed: %s" % (title, explain("".join(lines))))
    sys.stdout.write("  %s: done in %d s\n" % (title, time.time() - begun))
    sys.stdout.flush()


def show(title, seconds, lines):
    """One line that lives: what is going on, since when, and the last thing it said."""
    if sys.stdout.isatty():
        last = lines[-1].strip() if lines else ""
        sys.stdout.write(("\r\033[K  %s (%d s) %s" % (title, seconds, last))[: shutil.get_terminal_size().columns])
        sys.stdout.flush()
    elif int(seconds) % 15 == 14:
        sys.stdout.write("  %s: %d s so far\n" % (title, seconds))
        sys.stdout.flush()


def explain(output):
    """One line for what a failed command printed."""
    for sign, meaning in CAUSES:
        if sign in output:
            return meaning
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith(("error", "npm err", "npm error"))]
    return (errors or lines or ["it said nothing"])[-1]


def prepare_environment(folder, lock, extra_path=False):
    """A virtual environment with exactly what `lock` names."""
    where = os.path.join(ROOT, folder)
    stamp = os.path.join(where, "muster-%s" % os.path.basename(lock))
    wanted = digest(os.path.join(ROOT, lock), platform.python_version(), sys.base_prefix, where)
    if remembered(stamp) == wanted:
        return
    check_python()
    check_disk(ROOT)
    python = os.path.join(where, "bin", "python")
    made_by = os.path.join(where, "muster-python")
    if remembered(made_by) != digest(platform.python_version(), sys.base_prefix, where):
        run("making %s" % folder, [sys.executable, "-m", "venv", "--clear", where])
        remember(made_by, digest(platform.python_version(), sys.base_prefix, where))
    if extra_path:
        write_paths(where)
    pip = [python, "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--no-deps"]
    run("installing what %s names" % lock, pip + ["--require-hashes", "-r", os.path.join(ROOT, lock)])
    remember(stamp, wanted)


def write_paths(where):
    """Lets the environment's Python import the project's own packages in place."""
    libraries = os.path.join(where, "lib")
    site = next(os.path.join(libraries, name, "site-packages") for name in os.listdir(libraries))
    with open(os.path.join(site, "muster.pth"), "w", encoding="utf-8") as file:
        file.writelines("%s\n" % os.path.normpath(os.path.join(ROOT, source)) for source in SOURCES)


def node():
    """The directory of a Node that is new enough: the machine's, else the one that the environment brought."""
    found = shutil.which("node")
    if found and shutil.which("npm"):
        try:
            version = subprocess.run(
                [found, "--version"], stdout=subprocess.PIPE, universal_newlines=True, check=True
            ).stdout
            if int(version.strip().lstrip("v").split(".")[0]) >= OLDEST_NODE:
                return os.path.dirname(found)
        except (OSError, ValueError, subprocess.CalledProcessError):
            pass
    return os.path.join(ROOT, ".venv", "bin")


def prepare_dashboard():
    """The dashboard's packages and its build."""
    bin_directory = node()
    environment = dict(os.environ, PATH=bin_directory + os.pathsep + os.environ.get("PATH", ""), CI="1")
    npm = os.path.join(bin_directory, "npm")
    modules = os.path.join(DASHBOARD, "node_modules")
    stamp = os.path.join(modules, ".muster-stamp")
    wanted = digest(os.path.join(DASHBOARD, "package-lock.json"), bin_directory)
    if remembered(stamp) != wanted:
        check_disk(ROOT)
        run("installing the dashboard's packages", [npm, "ci", "--no-audit", "--no-fund"], DASHBOARD, environment)
        remember(stamp, wanted)
    built = os.path.join(DASHBOARD, "dist", ".muster-stamp")
    sources = digest(*dashboard_sources())
    if remembered(built) != sources:
        run("building the dashboard", [npm, "run", "build"], DASHBOARD, environment)
        remember(built, sources)


def prepare_browser():
    """Chromium for the tests that look at pages: the machine's, or Debian's when we may install it."""
    if any(shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")):
        return
    if not shutil.which("apt-get") or os.geteuid() != 0:
        raise Stop("Chromium is missing, and the tests look at pages in it: install your system's chromium package")
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    run("reading the package lists", ["apt-get", "update"], ROOT, environment)
    install = ["apt-get", "install", "-y", "--no-install-recommends", "chromium"]
    run("installing Chromium", install, ROOT, environment)


def dashboard_sources():
    """Every source file of the dashboard and its path, in a fixed order."""
    found = []
    for folder, folders, files in os.walk(DASHBOARD):
        folders[:] = sorted(name for name in folders if name not in NOT_SOURCES and not name.startswith("."))
        for name in sorted(files):
            path = os.path.join(folder, name)
            found += [os.path.relpath(path, DASHBOARD), path]
    return found


def main(arguments):
    """`prepare.py [dev] [browser] [-- command ...]`: sets up, then becomes the command."""
    command = arguments[arguments.index("--") + 1 :] if "--" in arguments else []
    chosen = arguments[: arguments.index("--")] if "--" in arguments else arguments
    lock = "requirements-dev.lock" if "dev" in chosen else "requirements.lock"
    try:
        if sys.version_info < OLDEST:
            check_python()
        installed = os.path.join(ROOT, ".venv", "muster-requirements-dev.lock")
        # What development needs holds all that running needs.
        if lock == "requirements.lock" and os.path.exists(installed):
            lock = "requirements-dev.lock"
        prepare_environment(".venv", lock, extra_path=True)
        prepare_environment(".venv-aws", "infra/local/aws-stand-in.lock")
        prepare_dashboard()
        if "browser" in chosen:
            prepare_browser()
    except Stop as stop:
        sys.stderr.write("muster: %s\n" % stop)
        return 1
    except OSError as error:
        sys.stderr.write("muster: setting up failed: %s\n" % CAUSES_BY_ERRNO.get(error.errno, str(error)))
        return 1
    except KeyboardInterrupt:
        return 130
    if command:
        sys.stdout.flush()
        os.chdir(ROOT)
        os.execv(command[0], command)
    return 0


CAUSES_BY_ERRNO = {28: "the disk is full", 13: "the clone cannot be written", 30: "the clone cannot be written"}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
