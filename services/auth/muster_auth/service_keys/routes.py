"""HTTP of service keys."""

from uuid import UUID

from sqlalchemy.orm import Session

from muster_auth.core import Core
from muster_auth.organizations.policies import OWNERS, require
from muster_auth.service_keys import use_cases
from muster_auth.service_keys.queries import keys_of
from muster_auth.service_keys.schemas import CreateKeyBody, KeyPage, KeyView, NewKeyView
from muster_shared.auth import Principal
from muster_shared.auth.guards import signed_in
from muster_shared.web import Answer, PageQuery, Routes, page_answer, read_cursor
from muster_shared.web.app import part

routes = Routes("service_keys", prefix="/api/organizations/<uuid:org_id>/service-keys", tag="service keys")


@routes.post(
    "",
    guard=signed_in(),
    body=CreateKeyBody,
    answers={201: NewKeyView},
    idempotent=True,
    sensitive=True,
    summary="Make a service key; its text is shown this once",
)
def create(*, org_id: UUID, body: CreateKeyBody, session: Session, principal: Principal) -> Answer:
    command = use_cases.CreateKey(
        org_id=org_id, name=body.name, scopes=frozenset(body.scopes), expires_at=body.expires_at
    )
    key, text = use_cases.create(session, principal, command, tags=part(Core).key_tags)
    return Answer(NewKeyView.made(key, text), status=201)


@routes.get("", guard=signed_in(), query=PageQuery, answers={200: KeyPage}, summary="Service keys")
def list_keys(*, org_id: UUID, query: PageQuery, session: Session, principal: Principal) -> Answer:
    require(session, principal, org_id, OWNERS)
    scope = f"service_keys.{org_id}"
    given = read_cursor(query.cursor, scope=scope)
    rows = keys_of(session, org_id, after=None if given is None else UUID(given[0]), limit=query.limit)
    return Answer(
        page_answer(
            rows,
            limit=query.limit,
            scope=scope,
            key=lambda row: (row.id,),
            view=lambda row: KeyView.of(row).model_dump(mode="json"),
        )
    )


@routes.delete("/<uuid:key_id>", guard=signed_in(), answers={204: None}, summary="Revoke a service key")
def revoke(*, org_id: UUID, key_id: UUID, session: Session, principal: Principal) -> Answer:
    use_cases.revoke(session, principal, org_id=org_id, key_id=key_id)
    return Answer(status=204)
