"""The pool under nesting: a transaction that needs a read of its own."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from sqlalchemy import text

from muster_shared.db import Database


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
