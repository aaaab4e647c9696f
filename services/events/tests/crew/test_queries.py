"""Lists take as many statements however long they are."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy import event

from muster_events.crew.queries import assignments_of
from muster_shared.db import Database
from services.events.tests.crew.support import CrewWorld


@contextmanager
def _counted(database: Database) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


def test_crews_of_many_events_come_in_two_statements_when_listed(crew: CrewWorld) -> None:
    members = [crew.member() for _ in range(4)]
    made = [
        crew.event(crew=[{"crew_member_id": member["id"], "role": "Captain"} for member in members]) for _ in range(3)
    ]
    ids = [UUID(each["id"]) for each in made]
    with _counted(crew.database) as statements, crew.database.transaction() as session:
        found = assignments_of(session, ids)
    assert len(statements) == 2
    assert [len(found[each]) for each in ids] == [4, 4, 4]
    assert {len(view.clashes) for views in found.values() for view in views} == {2}
