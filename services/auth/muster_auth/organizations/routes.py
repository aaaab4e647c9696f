"""HTTP of organisations."""

from uuid import UUID

from sqlalchemy.orm import Session

from muster_auth.organizations import use_cases
from muster_auth.organizations.policies import require
from muster_auth.organizations.queries import organizations_of
from muster_auth.organizations.schemas import (
    ChangeOrganization,
    CreateOrganization,
    OrganizationPage,
    OrganizationView,
)
from muster_shared.auth import Principal
from muster_shared.auth.guards import signed_in
from muster_shared.web import Answer, PageQuery, Routes, page_answer, read_cursor

routes = Routes("organizations", prefix="/api/organizations", tag="organisations")
_SCOPE = "organizations"


@routes.post(
    "",
    guard=signed_in(),
    body=CreateOrganization,
    answers={201: OrganizationView},
    idempotent=True,
    summary="Make an organisation; you own it",
)
def create(*, body: CreateOrganization, session: Session, principal: Principal) -> Answer:
    command = use_cases.CreateCommand(name=body.name, language=body.language)
    made = use_cases.create(session, principal, command)
    _, role = require(session, principal, made.id)
    location = f"/api/organizations/{made.id}"
    return Answer(OrganizationView.of(made, role), status=201, headers={"Location": location})


@routes.get("", guard=signed_in(), query=PageQuery, answers={200: OrganizationPage}, summary="Your organisations")
def list_mine(*, query: PageQuery, session: Session, principal: Principal) -> Answer:
    given = read_cursor(query.cursor, scope=_SCOPE)
    after = None if given is None else UUID(given[0])
    rows = organizations_of(session, principal.user_id, after=after, limit=query.limit)
    return Answer(
        page_answer(
            rows,
            limit=query.limit,
            scope=_SCOPE,
            key=lambda row: (row[0].id,),
            view=lambda row: OrganizationView.of(*row).model_dump(mode="json"),
        )
    )


@routes.get("/<uuid:org_id>", guard=signed_in(), answers={200: OrganizationView}, summary="An organisation")
def show(*, org_id: UUID, session: Session, principal: Principal) -> OrganizationView:
    return OrganizationView.of(*require(session, principal, org_id))


@routes.patch(
    "/<uuid:org_id>",
    guard=signed_in(),
    body=ChangeOrganization,
    answers={200: OrganizationView},
    summary="Change an organisation's name, language or settings",
)
def change(*, org_id: UUID, body: ChangeOrganization, session: Session, principal: Principal) -> OrganizationView:
    command = use_cases.ChangeCommand(
        name=body.name,
        language=body.language,
        settings=body.settings.model_dump(exclude_unset=True) if body.settings else {},
    )
    return OrganizationView.of(*use_cases.change(session, principal, org_id, command))


@routes.delete("/<uuid:org_id>", guard=signed_in(), answers={204: None}, summary="Delete an organisation")
def delete(*, org_id: UUID, session: Session, principal: Principal) -> Answer:
    use_cases.delete(session, principal, org_id)
    return Answer(status=204)
