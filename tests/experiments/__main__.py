"""Runs one experiment by its name: `python -m tests.experiments outbox-gap`."""

import importlib
import sys
from pathlib import Path

from muster_shared import logs

_NOT_EXPERIMENTS = {
    "__init__",
    "__main__",
    "auth_stage",
    "checker",
    "fuzz_events",
    "fuzz_others",
    "fuzz_worlds",
    "mail_stage",
    "media_stage",
    "relay_process",
    "stage",
    "whole",
}


def names() -> list[str]:
    """The experiments there are, as they are called on the command line."""
    found = {path.stem for path in Path(__file__).parent.glob("*.py")} - _NOT_EXPERIMENTS
    return sorted(name.replace("_", "-") for name in found if not name.startswith("test_"))


def main(arguments: list[str]) -> int:
    """Runs the experiment named by the first argument; its exit status."""
    if len(arguments) != 1 or arguments[0] not in names():
        sys.stderr.write(f"which one? NAME={' | '.join(names())}\n")
        return 64
    # What the parts log while they are being maltreated is not what is asked for here.
    logs.configure(service="experiment", role="experiment", level="CRITICAL")
    module = importlib.import_module(f"tests.experiments.{arguments[0].replace('-', '_')}")
    return int(module.main())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
