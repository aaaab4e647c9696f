"""Reads through the driver alone, for the few statements that are asked for all the time."""

import select
from collections.abc import Callable, Mapping
from threading import Semaphore
from typing import Any

import psycopg2
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

Rows = list[tuple[Any, ...]]


class ThinReads:
    """At most `size` connections, the last one used taken first; none is opened before the first use.

    `connect` opens one, in autocommit. SQLAlchemy's own pool costs a short read as much as the read itself.
    """

    def __init__(self, connect: Callable[[], Any], *, size: int, timeout_seconds: float) -> None:
        self._connect = connect
        self._timeout_seconds = timeout_seconds
        self._free = Semaphore(size)
        self._idle: list[Any] = []

    def rows(self, statement: str, names: Mapping[str, Any]) -> Rows:
        """The rows of one read; raises what SQLAlchemy would."""
        if not self._free.acquire(timeout=self._timeout_seconds):
            raise PoolTimeoutError("every connection for reads is in use")
        connection = None
        try:
            connection = self._take()
            with connection.cursor() as cursor:
                cursor.execute(statement, names)
                found: Rows = cursor.fetchall()
        except psycopg2.Error as error:
            is_lost = connection is None or bool(connection.closed)
            if not is_lost:
                self._idle.append(connection)
            raise DBAPIError.instance(
                statement, None, error, psycopg2.Error, connection_invalidated=is_lost, hide_parameters=True
            ) from error
        else:
            self._idle.append(connection)
            return found
        finally:
            self._free.release()

    def _take(self) -> Any:
        while self._idle:
            connection = self._idle.pop()
            if not has_hung_up(connection):
                return connection
            connection.close()
        return self._connect()

    def forget(self) -> None:
        """Leaves every idle connection to whoever it was forked from."""
        self._idle = []

    def close(self) -> None:
        """Closes every idle connection."""
        while self._idle:
            self._idle.pop().close()


def has_hung_up(connection: Any) -> bool:
    """Whether the server has closed `connection`: a cheap pre-ping.

    A restarted server closes its sockets, and then there is something to read. Polling the descriptor costs a
    microsecond where `SELECT 1` costs a round trip per request.
    """
    if connection.closed:
        return True
    poller = select.poll()
    poller.register(connection.fileno(), select.POLLIN)
    return bool(poller.poll(0))
