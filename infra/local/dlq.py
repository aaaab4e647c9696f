"""`make dlq`: `muster dlq` for the stack that `make run` runs here."""

import fcntl
import os
import sys
from collections.abc import Sequence

from local.keys import SHARED
from local.layout import ACCESS_KEY_ID, REGION, Home
from muster_shared import dlq
from muster_shared.aws.clients import Clients


def main(arguments: Sequence[str]) -> int:
    """As `muster_shared.dlq.main`, with the running stack's queues."""
    home = Home.chosen(os.environ)
    if not _runs(home):
        sys.stderr.write(f"muster: no stack runs on {home.root}: `make run` starts one\n")
        return 1
    port = (home.root / "ports" / "aws").read_text(encoding="ascii")
    secret = (home.secrets / SHARED / "aws_secret_access_key").read_text(encoding="utf-8")
    clients = Clients(
        endpoint_url=f"http://127.0.0.1:{port}", region=REGION, credentials=(ACCESS_KEY_ID, secret), pool_connections=1
    )
    return dlq.main(arguments, letters=dlq.DeadLetters(clients.sqs, prefix="muster"))


def _runs(home: Home) -> bool:
    """Whether its lock is held."""
    if not home.lock.is_file():
        return False
    with home.lock.open(encoding="ascii") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
