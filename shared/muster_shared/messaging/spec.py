"""What a service's worker does, said by its `worker.build()`."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from muster_shared.aws.clients import Clients
from muster_shared.db import Database
from muster_shared.messaging.envelope import Message
from muster_shared.messaging.inbox import Context
from muster_shared.messaging.routing import routing
from muster_shared.settings import Settings

# Runs in the transaction that also records the message as handled: no network calls in here.
Handler = Callable[[Session, Any, Context], None]


@dataclass(frozen=True)
class OutsideTransaction:
    """A handler that talks to the network: it gets the `Database` and opens transactions itself.

    It may be interrupted anywhere and run again, so what it does outside the database has to bear repeating;
    `context.record(session)` in its last transaction makes what it writes there happen once. One that records
    nothing is settled after it returns.
    """

    run: Callable[[Database, Any, Context], None]


@dataclass(frozen=True)
class SharedTransaction:
    """A handler that takes the messages of several threads at once, in one transaction; should it fail, each message
    gets a transaction of its own.

    `run` has the messages with their contexts and no thread's surroundings: what it logs or emits, it has to say whose
    it is. Only for handlers that touch rows of their messages: such a transaction holds the locks of all of them.
    """

    run: Callable[[Session, Sequence[tuple[Any, Context]]], None]


@dataclass(frozen=True)
class RawQueue:
    """A queue that AWS writes to. `run` gets the JSON body where others get their message.

    A body that SNS wrapped arrives unwrapped. `prefetch` messages wait in memory beyond those at work.
    """

    run: Handler | SharedTransaction | OutsideTransaction
    threads: int = 2
    prefetch: int = 0


@dataclass(frozen=True)
class Job:
    """Something done every so often by one of the service's workers. Keep it short: jobs share two threads."""

    name: str
    every_seconds: float
    run: Callable[[], None]


@dataclass(frozen=True)
class Loop:
    """Something that goes on all the time: `run(stop, wake)` returns soon after `stop` is set.

    `wake` is set after each message this worker handled, and by `NOTIFY <schema>_<channel>`; clear it before
    looking for work, and wait on it with a timeout. `stop` sets it too. An exception ends the worker.
    """

    name: str
    run: Callable[[threading.Event, threading.Event], None]
    channel: str | None = None


@dataclass(frozen=True)
class WorkerSpec:
    """The whole of a worker: the relay of the service's outbox runs in each, with nothing said."""

    service: str
    database: Database
    settings: Settings
    handlers: Mapping[type[Message], Handler | SharedTransaction | OutsideTransaction] = field(default_factory=dict)
    raw_queues: Mapping[str, RawQueue] = field(default_factory=dict)
    jobs: Sequence[Job] = ()
    loops: Sequence[Loop] = ()
    clients: Clients = field(default_factory=Clients)
    threads: int = 4

    def unhandled_types(self) -> list[str]:
        """Types that `routing.json` sends here and no handler takes: each of their messages would die."""
        handled = {kind.type for kind in self.handlers}
        return sorted(name for name, services in routing().items() if self.service in services and name not in handled)
