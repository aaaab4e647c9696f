"""Runs one benchmark by its name: `python -m tests.bench start`."""

import importlib
import sys
from pathlib import Path


def names() -> list[str]:
    """The benchmarks there are, as they are called on the command line."""
    found = {path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith(("_", "test_"))}
    return sorted(name.replace("_", "-") for name in found if name not in _PARTS)


_PARTS = frozenset[str]()


def main(arguments: list[str]) -> int:
    """Runs the benchmark named by the first argument; its exit status."""
    if len(arguments) != 1 or arguments[0] not in names():
        sys.stderr.write(f"which one? NAME={' | '.join(names())}\n")
        return 64
    module = importlib.import_module(f"tests.bench.{arguments[0].replace('-', '_')}")
    return int(module.main())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
