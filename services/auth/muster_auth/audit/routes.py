"""HTTP of the audit log."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from muster_auth.audit.queries import entries_of
from muster_auth.audit.schemas import EntryPage, EntryView
from muster_auth.organizations.policies import OWNERS, require
from muster_shared.auth import Principal
from muster_shared.auth.guards import signed_in
from muster_shared.web import Answer, PageQuery, Routes, page_answer, read_cursor

routes = Routes("audit", prefix="/api/organizations/<uuid:org_id>", tag="audit log")


@routes.get(
    "/audit",
    guard=signed_in(),
    query=PageQuery,
    answers={200: EntryPage},
    summary="What members and keys did, newest first",
)
def list_entries(*, org_id: UUID, query: PageQuery, session: Session, principal: Principal) -> Answer:
    require(session, principal, org_id, OWNERS)
    scope = f"audit.{org_id}"
    given = read_cursor(query.cursor, scope=scope)
    after = None if given is None else (datetime.fromisoformat(given[0]), UUID(given[1]))
    rows = entries_of(session, org_id, after=after, limit=query.limit)
    return Answer(
        page_answer(
            rows,
            limit=query.limit,
            scope=scope,
            key=lambda row: (row.occurred_at, row.id),
            view=lambda row: EntryView.model_validate(row).model_dump(mode="json"),
        )
    )
