"""HTTP of members."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from muster_auth.members import use_cases
from muster_auth.members.queries import members_of
from muster_auth.members.schemas import MemberPage, MemberView, RoleBody, TransferBody
from muster_auth.organizations.policies import require
from muster_shared.auth import Principal
from muster_shared.auth.guards import signed_in
from muster_shared.web import Answer, PageQuery, Routes, page_answer, read_cursor

routes = Routes("members", prefix="/api/organizations/<uuid:org_id>", tag="members")


@routes.get("/members", guard=signed_in(), query=PageQuery, answers={200: MemberPage}, summary="Members")
def list_members(*, org_id: UUID, query: PageQuery, session: Session, principal: Principal) -> Answer:
    require(session, principal, org_id)
    scope = f"members.{org_id}"
    given = read_cursor(query.cursor, scope=scope)
    after = None if given is None else (datetime.fromisoformat(given[0]), UUID(given[1]))
    rows = members_of(session, org_id, after=after, limit=query.limit)
    return Answer(
        page_answer(
            rows,
            limit=query.limit,
            scope=scope,
            key=lambda row: (row[0].created_at, row[0].user_id),
            view=lambda row: MemberView.of(*row).model_dump(mode="json"),
        )
    )


@routes.patch(
    "/members/<uuid:user_id>",
    guard=signed_in(),
    body=RoleBody,
    answers={200: MemberView},
    summary="Give a member another role",
)
def change_role(*, org_id: UUID, user_id: UUID, body: RoleBody, session: Session, principal: Principal) -> MemberView:
    command = use_cases.ChangeRole(org_id=org_id, user_id=user_id, role=body.role)
    return MemberView.of(*use_cases.change_role(session, principal, command))


@routes.delete("/members/<uuid:user_id>", guard=signed_in(), answers={204: None}, summary="Remove a member, or leave")
def remove(*, org_id: UUID, user_id: UUID, session: Session, principal: Principal) -> Answer:
    use_cases.remove(session, principal, org_id=org_id, user_id=user_id)
    return Answer(status=204)


@routes.post(
    "/transfer",
    guard=signed_in(),
    body=TransferBody,
    answers={204: None},
    summary="Make another member owner and yourself manager",
)
def transfer(*, org_id: UUID, body: TransferBody, session: Session, principal: Principal) -> Answer:
    use_cases.transfer_ownership(session, principal, org_id=org_id, to=body.user_id)
    return Answer(status=204)
