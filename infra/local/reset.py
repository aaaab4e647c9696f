"""`make reset`: forgets the data of the embedded stack. Standard library only; runs before any set-up."""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Removes the home, when it is one and no stack runs on it."""
    home = Path(os.environ.get("MUSTER_HOME") or ROOT / ".muster").expanduser().resolve()
    if not home.is_dir():
        sys.stdout.write(f"There is nothing to forget in {home}.\n")
        return 0
    lock = home / "lock"
    if not lock.is_file():
        sys.stderr.write(f"muster: {home} is not a home of Muster; nothing was removed\n")
        return 1
    with lock.open(encoding="ascii") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            sys.stderr.write(f"muster: Muster runs on {home}: end it first\n")
            return 1
        shutil.rmtree(home)
    sys.stdout.write(f"{home} is forgotten.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
