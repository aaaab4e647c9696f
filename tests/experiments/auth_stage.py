"""What the attacks on accounts run on: auth with its relay, and a door in each service that only a member opens.

Each door is a service's own database with its own copies, fed by its own queue, behind the guards that every service
uses. Nobody answers at auth's address: what holds here holds while auth is down.
"""

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from flask import Flask

from muster_auth.app import build_app
from muster_auth.config import AuthSettings
from muster_auth.core import Core
from muster_auth.keyring import KeyRing, KeyStatus
from muster_auth.keys import new_entry
from muster_shared.auth import Principal, Role, replication
from muster_shared.auth.guards import scoped, signed_in
from muster_shared.aws.clients import Clients
from muster_shared.db import Database
from muster_shared.messages.auth import MailRequested
from muster_shared.messaging.consumer import Consumer
from muster_shared.messaging.dispatch import TypedDispatcher
from muster_shared.messaging.queues import declare, queue_name, queue_names
from muster_shared.messaging.relay import Relay
from muster_shared.settings import Settings
from muster_shared.testing.aws import AwsStandIn, free_port
from muster_shared.testing.postgres import Databases, running_cluster
from muster_shared.testing.settings import make_settings
from muster_shared.web import AppSpec, Routes, create_app
from muster_shared.web.app import part
from muster_shared.wiring import Wiring, wire
from services.auth.tests.people import People
from tests.experiments.stage import consuming, relaying, running

OTHERS = ("events", "notifications", "media")
_PREFIX = "attack"
_PEPPER = "experiment-pepper-of-over-32-characters"

_doors = Routes("doors", prefix="/api/doors")


@_doors.get("/member/<uuid:org_id>", guard=scoped("events:read"), answers={200: {}})
def member(*, org_id: UUID, principal: Principal) -> dict[str, str]:
    """Opens to members of the organisation and to its keys."""
    part(Wiring).memberships.require(principal, org_id)
    return {"door": "open"}


@_doors.get("/owner/<uuid:org_id>", guard=scoped("events:read"), answers={200: {}})
def owner(*, org_id: UUID, principal: Principal) -> dict[str, str]:
    """Opens to owners alone."""

    part(Wiring).memberships.require(principal, org_id, Role.OWNER)
    return {"door": "open"}


@_doors.get("/person", guard=signed_in(), answers={200: {}})
def person() -> dict[str, str]:
    """Opens to anybody signed in."""
    return {"door": "open"}


@dataclass(frozen=True)
class AuthStage:
    """Auth, its people, and the other services' doors."""

    people: People
    ring: KeyRing
    doors: dict[str, Flask]

    @property
    def app(self) -> Flask:
        """Auth's own app."""
        return self.people.app

    def open_to(self, path: str, headers: dict[str, str]) -> dict[str, int]:
        """The status of each service's door at `path`."""
        return {
            name: app.test_client().get(f"/api/doors/{path}", headers=headers).status_code
            for name, app in self.doors.items()
        }


def door(service: str, database: Database, keys: KeyRing) -> Flask:
    """The door of a service."""
    settings = make_settings(Settings, database_url=database.url)
    wiring = wire(settings, service=service, keys=keys)
    return create_app(
        AppSpec(
            service=service,
            title="doors",
            settings=settings,
            database=wiring.database,
            authenticator=wiring.authenticator,
            routes=[_doors],
            parts=[wiring],
        )
    )


def people_of(database: Database, folder: Path, *, bcrypt_cost: int = 4) -> tuple[People, KeyRing]:
    """Auth on `database`, with its people; its keys lie in `folder`."""
    keys_file = folder / "keys.json"
    keys_file.write_text(json.dumps([new_entry(KeyStatus.SIGNING)]))
    ring = KeyRing(keys_file)
    settings = make_settings(
        AuthSettings,
        database_url=database.url,
        password_pepper=_PEPPER,
        jwt_keys_file=keys_file,
        bcrypt_cost=bcrypt_cost,
        hashing_at_once=4,
        hashing_waiting=32,
        database_pool_size=40,
    )
    app = build_app(settings, wire(settings, service="auth", keys=ring), ring)
    core: Core = app.extensions["muster"].parts[Core]
    return People(app=app, core=core, database=core.database), ring


@contextlib.contextmanager
def auth_stage(*, bcrypt_cost: int = 4, with_messages: bool = True) -> Iterator[AuthStage]:
    """Sets all of it up on a PostgreSQL and queues of its own, and takes it down."""
    with (
        running_cluster() as cluster,
        contextlib.closing(Databases(cluster, worker="attack")) as databases,
        TemporaryDirectory() as folder,
    ):
        database = databases.get("auth")
        people, ring = people_of(database, Path(folder), bcrypt_cost=bcrypt_cost)
        others = {name: databases.get(name) for name in OTHERS} if with_messages else {}
        doors = {name: door(name, theirs, ring) for name, theirs in others.items()}
        with _messages(database, others) if with_messages else contextlib.nullcontext():
            yield AuthStage(people=people, ring=ring, doors=doors)


@contextlib.contextmanager
def _messages(database: Database, others: dict[str, Database]) -> Iterator[None]:
    stand_in = AwsStandIn(port=free_port())
    stand_in.start()
    try:
        clients = stand_in.clients()
        declare(clients.sqs, queue_names(_PREFIX))
        relay = Relay(database=database, sqs=clients.sqs, service="auth", queue_prefix=_PREFIX)
        with running(
            relaying(relay), *consuming(*(_consumer(name, theirs, clients) for name, theirs in others.items()))
        ):
            yield
    finally:
        stand_in.stop()


def _consumer(service: str, database: Database, clients: Clients) -> Consumer:
    name = queue_name(_PREFIX, service)
    handlers: dict[type, Callable[..., None]] = replication.handlers()
    # Mails are not what is looked at here.
    handlers[MailRequested] = lambda *_: None
    return Consumer(
        database=database,
        sqs=clients.sqs,
        queue_name=name,
        dispatcher=TypedDispatcher(name, handlers),
        wait_seconds=1,
    )
