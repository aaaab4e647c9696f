"""Writes a service's OpenAPI document without a running stack: `python -m muster_shared.openapi_dump muster_events`.

The package's `app` module has `routes()`, the list of its `Routes`, and `TITLE`.
"""

import importlib
import sys
from pathlib import Path

import orjson

from muster_shared.web.openapi import document


def main() -> int:
    """The command: the document of each named package to standard output, or into `<folder>/<service>.json`."""
    package, *folder = sys.argv[1:]
    module = importlib.import_module(f"{package}.app")
    operations = [operation for routes in module.routes() for operation in routes.operations]
    service = package.removeprefix("muster_")
    described = document(service=service, title=module.TITLE, operations=operations)
    text = orjson.dumps(described, option=orjson.OPT_INDENT_2)
    if folder:
        Path(folder[0], f"{service}.json").write_bytes(text)
    else:
        sys.stdout.buffer.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
