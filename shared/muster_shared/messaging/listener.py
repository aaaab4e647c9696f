"""LISTEN: one connection per worker that turns PostgreSQL's notifications into set events."""

import os
import select
import threading
import time
from collections.abc import Mapping
from typing import Any

import psycopg2
from sqlalchemy.exc import SQLAlchemyError

from muster_shared.db import Database
from muster_shared.logs import log
from muster_shared.messaging.backoff import Backoff
from muster_shared.messaging.failures import describe

_CHECK_SECONDS = 15.0


class Listener:
    """Sets `wakes[name]` whenever somebody notifies `<schema>_<name>`.

    After a lost connection every event is set, for what was notified meanwhile is not repeated.
    """

    def __init__(self, database: Database, wakes: Mapping[str, threading.Event]) -> None:
        self._database = database
        self._wakes = wakes
        self._log = log("muster.listener")
        self._wake_read, self._wake_write = os.pipe()
        self.beat = time.monotonic()

    def interrupt(self) -> None:
        """Ends the wait at once; for stopping."""
        os.write(self._wake_write, b"x")

    def run(self, stop: threading.Event) -> None:
        """Listens until `stop`, reconnecting as often as it takes."""
        backoff = Backoff()
        while not stop.is_set():
            self.beat = time.monotonic()
            try:
                self._listen(stop, backoff)
            except (psycopg2.Error, SQLAlchemyError) as error:
                self._log.warning("listener_lost", **describe(error))
                backoff.wait(stop)

    def _listen(self, stop: threading.Event, backoff: Backoff) -> None:
        pooled = self._database.engine.raw_connection()
        raw: Any = pooled.dbapi_connection
        # Out of the pool for good: it must never be handed to somebody else with its LISTEN on.
        pooled.detach()
        try:
            raw.autocommit = True
            with raw.cursor() as cursor:
                cursor.execute("SELECT current_schema()")
                schema = cursor.fetchone()[0]
                channels = {f"{schema}_{name}": event for name, event in self._wakes.items()}
                for channel in channels:
                    cursor.execute(f'LISTEN "{channel}"')
            for event in channels.values():
                event.set()
            backoff.reset()
            while not stop.is_set():
                self._wait(raw, channels)
        finally:
            raw.close()

    def _wait(self, raw: Any, channels: Mapping[str, threading.Event]) -> None:
        self.beat = time.monotonic()
        readable, _, _ = select.select([raw, self._wake_read], [], [], _CHECK_SECONDS)
        if raw not in readable:
            # Silence and a dead peer look alike: ask.
            with raw.cursor() as cursor:
                cursor.execute("SELECT 1")
        raw.poll()
        while raw.notifies:
            event = channels.get(raw.notifies.pop(0).channel)
            if event is not None:
                event.set()
