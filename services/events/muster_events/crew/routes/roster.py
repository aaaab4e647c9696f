"""HTTP of the roster."""

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response, request
from sqlalchemy.orm import Session

from muster_events.audit import audit
from muster_events.crew import queries
from muster_events.crew.errors import MemberNotFound
from muster_events.crew.models import CrewMember
from muster_events.crew.schemas import (
    MemberPage,
    MemberPatch,
    MemberView,
    NewMember,
    RecordEntry,
    RecordView,
    RosterQuery,
)
from muster_events.crew.tables import roster_csv
from muster_events.crew.use_cases import roster as use_cases
from muster_events.events.access import acting_org
from muster_events.parts import EventsParts
from muster_shared.auth import Principal
from muster_shared.auth.guards import scoped
from muster_shared.problems import NotFound
from muster_shared.web import Answer, PageQuery, Routes, page_answer, read_cursor
from muster_shared.web.app import part
from muster_shared.web.etags import check_version, version_etag

routes = Routes("crew", prefix="/api/crew", tag="crew")
_MOST_EXPORTED = 20_000


def _answer(member: CrewMember, *, status: int = 200) -> Answer:
    headers = {"ETag": version_etag(member.version)}
    if status == 201:
        headers["Location"] = f"/api/crew/{member.id}"
    return Answer(MemberView.model_validate(member), status=status, headers=headers)


def _theirs(session: Session, principal: Principal, member_id: UUID) -> CrewMember:
    member = queries.member(session, member_id)
    try:
        part(EventsParts).memberships.require(principal, member.org_id)
    except NotFound:
        raise MemberNotFound from None
    return member


@routes.get("", guard=scoped("crew:read"), query=RosterQuery, answers={200: MemberPage})
def list_crew(*, query: RosterQuery, session: Session, principal: Principal) -> Answer | Response:
    """The roster by name; `Accept: text/csv` gives all of it as a table"""
    org_ids = part(EventsParts).memberships.asked(principal, query.org_id)
    if request.accept_mimetypes.best_match(["application/json", "text/csv"]) == "text/csv":
        found = queries.roster(session, org_ids, q=query.q, skill=query.skill, rows=_MOST_EXPORTED)
        for org_id in org_ids:
            audit.record(session, principal, action="roster.exported", org_id=org_id)
        headers = {"Content-Disposition": 'attachment; filename="crew.csv"'}
        return Response(roster_csv(found), mimetype="text/csv", headers=headers)
    scope = f"crew:{principal.label}:{query.model_dump_json(exclude={'limit', 'cursor'})}"
    seen = read_cursor(query.cursor, scope=scope)
    found = queries.roster(
        session,
        org_ids,
        q=query.q,
        skill=query.skill,
        after=(seen[0], UUID(seen[1])) if seen else None,
        rows=query.limit + 1,
    )
    return Answer(
        page_answer(
            found,
            limit=query.limit,
            scope=scope,
            key=lambda member: (member.name_key, member.id),
            view=lambda member: MemberView.model_validate(member).model_dump(mode="json"),
        )
    )


@routes.post("", guard=scoped("crew:write"), body=NewMember, answers={201: MemberView}, idempotent=True)
def add_crew_member(*, body: NewMember, session: Session, principal: Principal) -> Answer:
    """Put somebody on the roster"""
    org_id = acting_org(part(EventsParts).memberships, principal, body.org_id)
    made = use_cases.add_member(session, org_id=org_id, command=body.to_command(), actor=principal)
    return _answer(made, status=201)


@routes.get("/<uuid:crew_member_id>", guard=scoped("crew:read"), answers={200: MemberView})
def get_crew_member(*, crew_member_id: UUID, session: Session, principal: Principal) -> Answer:
    """One crew member"""
    return _answer(_theirs(session, principal, crew_member_id))


@routes.patch(
    "/<uuid:crew_member_id>",
    guard=scoped("crew:write"),
    body=MemberPatch,
    answers={200: MemberView},
    errors=[412],
)
def edit_crew_member(*, crew_member_id: UUID, body: MemberPatch, session: Session, principal: Principal) -> Answer:
    """Change a crew member; with another address they are asked there for what is to come"""
    member = _theirs(session, principal, crew_member_id)
    check_version(request, member.version)
    changed = use_cases.edit_member(
        session, org_id=member.org_id, member_id=member.id, changes=body.to_changes(), actor=principal
    )
    return _answer(changed)


@routes.delete("/<uuid:crew_member_id>", guard=scoped("crew:write"), answers={204: None})
def remove_crew_member(*, crew_member_id: UUID, session: Session, principal: Principal) -> Answer:
    """Take somebody off the roster; refused while they are assigned to an event to come"""
    member = _theirs(session, principal, crew_member_id)
    use_cases.remove_member(session, org_id=member.org_id, member_id=member.id, actor=principal)
    return Answer(status=204)


@routes.get("/<uuid:crew_member_id>/record", guard=scoped("crew:read"), query=PageQuery, answers={200: RecordView})
def get_record(*, crew_member_id: UUID, query: PageQuery, session: Session, principal: Principal) -> dict[str, Any]:
    """What a crew member has done: events, hours, no-shows"""
    member = _theirs(session, principal, crew_member_id)
    scope = f"crew-record:{member.id}"
    seen = read_cursor(query.cursor, scope=scope)
    after = (datetime.fromisoformat(seen[0]), UUID(seen[1])) if seen else None
    page = page_answer(
        queries.record(session, member.id, after=after, rows=query.limit + 1),
        limit=query.limit,
        scope=scope,
        key=lambda row: (row["starts_at"], row["assignment_id"]),
        view=lambda row: RecordEntry(**row).model_dump(mode="json"),
    )
    sums = queries.record_sums(session, member.id)
    return {"crew_member_id": str(member.id), **sums, **page}
