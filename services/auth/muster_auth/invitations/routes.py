"""HTTP of invitations."""

from uuid import UUID

from sqlalchemy.orm import Session

from muster_auth.accounts.schemas import TokenBody
from muster_auth.core import Core
from muster_auth.invitations import use_cases
from muster_auth.invitations.queries import open_invitations
from muster_auth.invitations.schemas import InvitationPage, InvitationView, InviteBody, OfferView
from muster_auth.organizations.policies import OWNERS, require
from muster_auth.organizations.schemas import OrganizationView
from muster_shared.auth import Principal
from muster_shared.auth.guards import public, signed_in
from muster_shared.web import Answer, PageQuery, Routes, page_answer, read_cursor
from muster_shared.web.app import part

routes = Routes("invitations", prefix="/api/organizations", tag="members")


@routes.get(
    "/<uuid:org_id>/invitations",
    guard=signed_in(),
    query=PageQuery,
    answers={200: InvitationPage},
    summary="Open invitations",
)
def list_open(*, org_id: UUID, query: PageQuery, session: Session, principal: Principal) -> Answer:
    require(session, principal, org_id, OWNERS)
    scope = f"invitations.{org_id}"
    given = read_cursor(query.cursor, scope=scope)
    after = None if given is None else UUID(given[0])
    rows = open_invitations(session, org_id, after=after, limit=query.limit)
    return Answer(
        page_answer(
            rows,
            limit=query.limit,
            scope=scope,
            key=lambda row: (row.id,),
            view=lambda row: InvitationView.of(row).model_dump(mode="json"),
        )
    )


@routes.post(
    "/<uuid:org_id>/invitations",
    guard=signed_in(),
    body=InviteBody,
    answers={201: InvitationView},
    idempotent=True,
    summary="Invite somebody by e-mail",
)
def invite(*, org_id: UUID, body: InviteBody, session: Session, principal: Principal) -> Answer:
    command = use_cases.Invite(org_id=org_id, email=body.email, role=body.role)
    return Answer(InvitationView.of(use_cases.invite(session, part(Core), principal, command)), status=201)


@routes.delete(
    "/<uuid:org_id>/invitations/<uuid:invitation_id>",
    guard=signed_in(),
    answers={204: None},
    summary="Take an invitation back",
)
def revoke(*, org_id: UUID, invitation_id: UUID, session: Session, principal: Principal) -> Answer:
    use_cases.revoke(session, principal, org_id=org_id, invitation_id=invitation_id)
    return Answer(status=204)


@routes.post(
    "/<uuid:org_id>/invitations/accept",
    guard=signed_in(),
    body=TokenBody,
    answers={200: OrganizationView},
    summary="Accept an invitation to this organisation",
)
def accept(*, org_id: UUID, body: TokenBody, session: Session, principal: Principal) -> OrganizationView:
    return OrganizationView.of(*use_cases.accept(session, principal, body.token, org_id=org_id))


@routes.post(
    "/invitations/accept",
    guard=signed_in(),
    body=TokenBody,
    answers={200: OrganizationView},
    summary="Accept an invitation by its token alone",
)
def accept_by_token(*, body: TokenBody, session: Session, principal: Principal) -> OrganizationView:
    return OrganizationView.of(*use_cases.accept(session, principal, body.token, org_id=None))


@routes.post(
    "/invitations/preview",
    guard=public(),
    body=TokenBody,
    answers={200: OfferView},
    summary="What an invitation's link offers; changes nothing",
)
def preview(*, body: TokenBody, session: Session) -> OfferView:
    return OfferView.of(use_cases.offer(session, body.token))
