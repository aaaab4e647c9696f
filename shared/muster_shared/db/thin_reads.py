"""Reads through the driver alone, for the few statements that are asked for all the time."""

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
        """The rows of one read; raises what SQLAlchemy would.

        It may be run again: that a server has hung up since the last read is known by this one.
        """
        if not self._free.acquire(timeout=self._timeout_seconds):
            raise PoolTimeoutError("every connection for reads is in use")
        try:
            while (connection := self._kept()) is not None:
                try:
                    return self._read(connection, statement, names)
                except psycopg2.Error as error:
                    if not connection.closed:
                        raise _told(error, statement) from error
            return self._read(self._connect(), statement, names)
        except psycopg2.Error as error:
            raise _told(error, statement) from error
        finally:
            self._free.release()

    def _kept(self) -> Any | None:
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _read(self, connection: Any, statement: str, names: Mapping[str, Any]) -> Rows:
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement, names)
                found: Rows = cursor.fetchall()
        finally:
            if not connection.closed:
                self._idle.append(connection)
        return found

    def forget(self) -> None:
        """Leaves every idle connection to whoever it was forked from."""
        self._idle = []

    def close(self) -> None:
        """Closes every idle connection."""
        while (connection := self._kept()) is not None:
            connection.close()


def _told(error: psycopg2.Error, statement: str) -> Exception:
    """The driver's error as SQLAlchemy tells it."""
    return DBAPIError.instance(statement, None, error, psycopg2.Error, hide_parameters=True)
