"""HTTP of the roster's import from a table."""

from uuid import UUID

from flask import request
from sqlalchemy.orm import Session

from muster_events.crew.schemas import ImportQuery, ImportView
from muster_events.crew.tables import MOST_BYTES, read_table
from muster_events.crew.use_cases.importing import import_members
from muster_events.events.access import acting_org
from muster_events.parts import EventsParts
from muster_shared.auth import Principal
from muster_shared.auth.guards import scoped
from muster_shared.problems import UnsupportedMediaType
from muster_shared.web import Routes
from muster_shared.web.app import part

routes = Routes("crew_import", prefix="/api/crew", tag="crew")
# What browsers call a table, by system and by what is installed.
_TYPES = frozenset({"text/csv", "application/csv", "application/vnd.ms-excel", "text/plain"})


@routes.post(
    "/import",
    guard=scoped("crew:write"),
    query=ImportQuery,
    takes="text/csv",
    answers={200: ImportView},
    max_body_bytes=MOST_BYTES,
)
def import_crew(*, query: ImportQuery, session: Session, principal: Principal) -> ImportView:
    """Take a table (text/csv) into the roster, with a report for each row; `dry_run` only reports"""
    if request.mimetype not in _TYPES:
        raise UnsupportedMediaType("the body must be text/csv")
    org_id: UUID = acting_org(part(EventsParts).memberships, principal, query.org_id)
    table = read_table(request.get_data())
    return import_members(session, org_id=org_id, table=table, dry_run=query.dry_run, actor=principal)
