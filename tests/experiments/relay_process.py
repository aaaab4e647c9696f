"""A relay in a process of its own, for the outbox of a service whose worker is not under test.

Reads `MUSTER_DATABASE_URL`, `MUSTER_QUEUE_PREFIX` and where AWS is; SIGTERM ends it.
"""

import os
import signal
import sys
import threading

from muster_shared.aws.clients import Clients
from muster_shared.db import Database
from muster_shared.messaging.relay import Relay


def main(arguments: list[str]) -> int:
    """Relays the outbox of the service named by the one argument until SIGTERM."""
    [service] = arguments
    stop, wake = threading.Event(), threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: (stop.set(), wake.set()))
    relay = Relay(
        database=Database(os.environ["MUSTER_DATABASE_URL"], pool_size=2),
        sqs=Clients().sqs,
        service=service,
        queue_prefix=os.environ["MUSTER_QUEUE_PREFIX"],
    )
    relay.run(stop, wake)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
