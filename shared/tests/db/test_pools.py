"""The pool under nesting: a transaction that needs a read of its own."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from muster_shared.db import Database, is_unavailable
from muster_shared.db.thin_reads import ThinReads


def test_nobody_waits_for_ever_when_every_transaction_needs_a_read(database: Database) -> None:
    small, together = Database(database.url, pool_size=2), Barrier(2, timeout=10)

    def work(_: int) -> int:
        with small.transaction() as session:
            session.execute(text("SELECT 1"))
            together.wait()
            with small.read() as connection:
                return int(connection.execute(text("SELECT 2")).scalar_one())

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(work, range(2))) == [2, 2]
    small.close()


def test_rows_tell_an_outage_and_a_mistake_as_other_reads_do(database: Database) -> None:
    assert database.rows("SELECT %(n)s + 1", {"n": 1}) == [(2,)]
    with pytest.raises(ProgrammingError) as wrong:
        database.rows("SELECT nothing_there", {})
    assert not is_unavailable(wrong.value)
    with pytest.raises(DBAPIError) as lost:
        database.rows("SELECT pg_terminate_backend(pg_backend_pid())", {})
    assert is_unavailable(lost.value)
    assert database.rows("SELECT 1", {}) == [(1,)]


def test_rows_take_few_connections_and_no_more_than_they_may(database: Database) -> None:
    pids = {database.rows("SELECT pg_backend_pid()", {})[0][0] for _ in range(5)}
    assert len(pids) == 1
    none_left = ThinReads(lambda: None, size=0, timeout_seconds=0.01)
    with pytest.raises(PoolTimeoutError) as waited:
        none_left.rows("SELECT 1", {})
    assert is_unavailable(waited.value)
