"""Statements that are planned once a connection: by themselves, and within a transaction."""

import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError

from muster_shared.db import Database, Prepared, constraint_of, is_unavailable
from muster_shared.ids import new_id

ADD = Prepared(
    "add_things",
    {"ids": "uuid[]", "name": "text"},
    "INSERT INTO things SELECT unnest(%(ids)s), %(name)s RETURNING name",
)
PLANS = Prepared("count_plans", {"name": "text"}, "SELECT count(*) FROM pg_prepared_statements WHERE name = %(name)s")
END = Prepared("end_it", {"n": "int"}, "SELECT pg_terminate_backend(pg_backend_pid()), %(n)s")


def names() -> dict[str, object]:
    return {"ids": [str(new_id())], "name": "a"}


def count(database: Database) -> int:
    return int(database.rows("SELECT count(*) FROM things", {})[0][0])


@pytest.fixture
def single(database: Database) -> Database:
    """A pool of one connection, so that all of a test is on that."""
    return Database(database.url, pool_size=1)


def test_it_is_committed_on_return_and_planned_once(single: Database) -> None:
    assert [single.commit(ADD, names()) for _ in range(3)] == [[("a",)]] * 3
    assert count(single) == 3
    assert single.commit(PLANS, {"name": "add_things"}) == [(1,)]
    single.close()


def test_within_a_transaction_it_goes_with_that_and_stays_planned(single: Database) -> None:
    with pytest.raises(RuntimeError), single.transaction() as session:  # the block is the case
        assert ADD.within(session, names()) == [("a",)]
        raise RuntimeError
    assert count(single) == 0
    with single.transaction() as session:
        ADD.within(session, names())
    single.commit(ADD, names())
    assert count(single) == 2
    assert single.commit(PLANS, {"name": "add_things"}) == [(1,)]
    single.close()


def test_a_conflict_and_an_outage_are_told_as_elsewhere_and_the_pool_goes_on(single: Database) -> None:
    same = names()
    single.commit(ADD, same)
    with pytest.raises(IntegrityError) as conflict:
        single.commit(ADD, same)
    assert constraint_of(conflict.value) == "things_pkey"
    with pytest.raises(DBAPIError) as lost:
        single.commit(END, {"n": 1})
    assert is_unavailable(lost.value)
    single.commit(ADD, names())
    assert count(single) == 2
    single.close()
