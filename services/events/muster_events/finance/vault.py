"""The only way to an event's money: a role that the service has to take on for the moment.

The service's own role may not read the schema `events_finance`; a query that forgets to ask gets "permission
denied", whatever else is wrong with it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text
from sqlalchemy.orm import Session

_ENTER = text("SET LOCAL ROLE muster_events_finance")
_LEAVE = text("RESET ROLE")


@contextmanager
def opened(session: Session) -> Iterator[None]:
    """Inside the block `session` may touch finance and nothing else; an error leaves it to the rollback."""
    session.flush()
    session.execute(_ENTER)
    yield
    session.flush()
    session.execute(_LEAVE)
