"""`python -m local.npm run check`: npm in the dashboard's folder, with a Node that is new enough."""

import os
import sys
from pathlib import Path

from local.prepare import DASHBOARD, node


def main() -> None:
    """Becomes npm."""
    directory = node()
    os.environ["PATH"] = f"{directory}{os.pathsep}{os.environ.get('PATH', '')}"
    os.chdir(DASHBOARD)
    npm = str(Path(directory) / "npm")
    os.execv(npm, [npm, *sys.argv[1:]])


if __name__ == "__main__":
    main()
