"""`make reset`: forgets the data of the embedded stack. Standard library only; runs before any set-up."""

import fcntl
import os
import shutil
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def main():
    """Removes the home, when it is one and no stack runs on it."""
    home = os.path.abspath(os.path.expanduser(os.environ.get("MUSTER_HOME") or os.path.join(ROOT, ".muster")))
    if not os.path.isdir(home):
        sys.stdout.write("There is nothing to forget in %s.\n" % home)
        return 0
    lock = os.path.join(home, "lock")
    if not os.path.isfile(lock):
        sys.stderr.write("muster: %s is not a home of Muster; nothing was removed\n" % home)
        return 1
    with open(lock) as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            sys.stderr.write("muster: Muster runs on %s: end it first\n" % home)
            return 1
        shutil.rmtree(home)
    sys.stdout.write("%s is forgotten.\n" % home)
    return 0


if __name__ == "__main__":
    sys.exit(main())
