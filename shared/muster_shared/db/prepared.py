"""Statements that PostgreSQL parses and plans once a connection."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import psycopg2
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from muster_shared.db.thin_reads import Rows

_NAME = re.compile(r"%\((\w+)\)s")
_KEPT = "prepared"


@dataclass(frozen=True)
class Prepared:
    """A large statement that is run all the time: planning it anew would cost more than running it.

    `text` has `%(name)s` for each of `types`, which says what PostgreSQL takes them for. `name` is the
    statement's own among all of a service's.
    """

    name: str
    types: Mapping[str, str]
    text: str

    @cached_property
    def preparation(self) -> str:
        """What makes the connection know it."""
        places = {name: f"${place}" for place, name in enumerate(self.types, 1)}
        text = _NAME.sub(lambda found: places[found[1]], self.text)
        return f"PREPARE {self.name} ({', '.join(self.types.values())}) AS {text}"

    @cached_property
    def call(self) -> str:
        """What runs it, in the driver's notation."""
        # Cast, for the driver writes a list as an array of text.
        return f"EXECUTE {self.name} ({', '.join(f'%({name})s::{kind}' for name, kind in self.types.items())})"

    def alone(self, engine: Engine, names: Mapping[str, Any]) -> Rows:
        """Its rows; a transaction of its own, in one round trip."""
        pooled = engine.raw_connection()
        driver: Any = pooled.driver_connection
        try:
            driver.autocommit = True
            with driver.cursor() as cursor:
                self._prepare(pooled.info, cursor.execute)
                cursor.execute(self.call, names)
                found: Rows = cursor.fetchall()
        except psycopg2.Error as error:
            is_lost = bool(driver.closed)
            if is_lost:
                pooled.invalidate(error)
            raise DBAPIError.instance(
                self.call, None, error, psycopg2.Error, connection_invalidated=is_lost, hide_parameters=True
            ) from error
        finally:
            if not driver.closed:
                driver.autocommit = False
            pooled.close()
        return found

    def within(self, session: Session, names: Mapping[str, Any]) -> Rows:
        """Its rows, in the transaction of `session`."""
        connection = session.connection()
        self._prepare(connection.info, connection.exec_driver_sql)
        return [tuple(row) for row in connection.exec_driver_sql(self.call, dict(names))]

    def _prepare(self, info: dict[Any, Any], execute: Callable[[str], object]) -> None:
        """Tells the connection of it once; what was prepared outlives a rollback and ends with the connection."""
        known: set[str] = info.setdefault(_KEPT, set())
        if self.name not in known:
            execute(self.preparation)
            known.add(self.name)
