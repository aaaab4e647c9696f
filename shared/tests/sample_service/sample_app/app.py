"""The sample's routes: one of each kind of guard, body, query and answer."""

from typing import Annotated
from uuid import UUID

from flask import Flask
from pydantic import Field
from sqlalchemy import text
from sqlalchemy.orm import Session

from muster_shared.auth.guards import internal, optional, public, scoped, signed_in
from muster_shared.auth.principal import Principal
from muster_shared.ids import new_id
from muster_shared.problems import Conflict
from muster_shared.settings import Settings
from muster_shared.web import (
    Answer,
    AppSpec,
    AwareTime,
    Body,
    Email,
    Line,
    Page,
    PageQuery,
    Routes,
    View,
    Zone,
    create_app,
    page_answer,
    read_cursor,
)
from muster_shared.wiring import Wiring

TITLE = "Sample"


class NewThing(Body):
    """A thing to make."""

    name: Annotated[Line, Field(min_length=1, max_length=40)]
    at: AwareTime | None = None
    zone: Zone | None = None
    email: Email | None = None
    count: int = 1
    parts: list[UUID] = []


class Thing(View):
    """A thing."""

    id: UUID
    name: str


def routes() -> list[Routes]:
    """The sample's routes."""
    things = Routes("things", prefix="/api/sample/things")

    @things.post("", guard=scoped("events:write"), body=NewThing, answers={201: Thing}, idempotent=True)
    def create_thing(*, body: NewThing, session: Session) -> Answer:
        thing = Thing(id=new_id(), name=body.name)
        session.execute(text("INSERT INTO things VALUES (:id, :name)"), {"id": thing.id, "name": thing.name})
        if body.name == "conflict":
            raise Conflict("it is there already", code="thing-exists")
        return Answer(thing, status=201)

    @things.post("/secret", guard=signed_in(), body=NewThing, answers={201: Thing}, idempotent=True, sensitive=True)
    def create_secret(*, body: NewThing, session: Session) -> Answer:
        session.execute(text("SELECT 1"))
        return Answer({"id": new_id(), "name": "very-secret-" + body.name}, status=201)

    @things.get("", guard=public(), query=PageQuery, answers={200: Page[Thing]})
    def list_things(*, query: PageQuery, session: Session) -> Answer:
        after = read_cursor(query.cursor, scope="things")
        rows = session.execute(
            text(
                "SELECT id, name FROM things WHERE CAST(:after AS uuid) IS NULL OR id > CAST(:after AS uuid)"
                " ORDER BY id LIMIT :n"
            ),
            {"after": after[0] if after else None, "n": query.limit + 1},
        ).all()
        return Answer(
            page_answer(
                rows,
                limit=query.limit,
                scope="things",
                key=lambda r: (r.id,),
                view=lambda r: {"id": r.id, "name": r.name},
            )
        )

    @things.get("/whoami", guard=optional(), answers={200: {"type": "object"}})
    def whoami(*, principal: Principal) -> Answer:
        return Answer({"kind": principal.kind.value})

    @things.get("/boom", guard=public(), answers={200: Thing})
    def boom() -> Answer:
        raise RuntimeError("a secret value 4711")

    inside = Routes("inside", prefix="/internal/sample")

    @inside.get("/ping", guard=internal(), answers={200: {"type": "object"}})
    def ping(*, principal: Principal) -> Answer:
        return Answer({"service": principal.service})

    return [things, inside]


def build_app(settings: Settings, wiring: Wiring) -> Flask:
    """The sample's app."""
    return create_app(
        AppSpec(
            service="sample",
            title=TITLE,
            settings=settings,
            database=wiring.database,
            authenticator=wiring.authenticator,
            routes=routes(),
        )
    )
