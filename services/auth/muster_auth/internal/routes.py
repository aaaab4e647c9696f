"""HTTP for the other services; never reachable through the public origin."""

from uuid import UUID

from sqlalchemy.orm import Session

from muster_auth.actions.use_cases import mint
from muster_auth.internal import queries
from muster_shared.auth.guards import internal
from muster_shared.clock import rfc3339
from muster_shared.problems import NotFound
from muster_shared.web import Answer, Body, Routes

routes = Routes("internal", prefix="/internal")


class MintBody(Body):
    """Nothing."""


@routes.get("/memberships/<uuid:org_id>/<uuid:user_id>", guard=internal())
def membership(*, org_id: UUID, user_id: UUID, session: Session) -> Answer:
    """A membership, for a copy that has none yet."""
    return Answer(queries.membership(session, org_id=org_id, user_id=user_id))


@routes.get("/service-keys/<uuid:key_id>", guard=internal())
def service_key(*, key_id: UUID, session: Session) -> Answer:
    """A service key, for a copy that has none yet."""
    found = queries.service_key(session, key_id)
    if found is None:
        raise NotFound
    return Answer(found)


@routes.get("/organizations/<uuid:org_id>", guard=internal())
def organization(*, org_id: UUID, session: Session) -> Answer:
    """An organisation, for a copy that has none yet."""
    found = queries.organization(session, org_id)
    if found is None:
        raise NotFound
    return Answer(found)


@routes.get("/users/<uuid:user_id>", guard=internal())
def account(*, user_id: UUID, session: Session) -> Answer:
    """How to address a person with an account, for the mails another service has sent to them."""
    found = queries.account(session, user_id)
    if found is None:
        raise NotFound
    return Answer(found)


@routes.post("/action-tokens/<uuid:action_id>/mint", guard=internal(), body=MintBody)
def mint_token(
    *,
    action_id: UUID,
    body: MintBody,  # noqa: ARG001  # that it is empty is all there is to it
    session: Session,
) -> Answer:
    """A token for a mail that is about to be sent; 404 when there is nothing left to do for it."""
    minted = mint(session, action_id)
    if minted is None:
        raise NotFound
    return Answer({"token": minted.token, "expires_at": rfc3339(minted.expires_at)})
