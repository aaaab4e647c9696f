"""Every route tried as everybody: a service's table says who may, this checks that nobody else can.

A service lists a `Row` for each of its routes, `uncovered` says which ones are missing, and `tried` tries one row as
each actor of a `World`: who is not allowed must be refused in the way the contract says, who is allowed must not.
Nothing is taken from the guard but the scope a service key needs, so that a guard left too open is found.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from muster_shared.auth.guards import Access
from muster_shared.auth.internal import service_token
from muster_shared.testing.settings import INTERNAL_SECRET
from muster_shared.testing.tokens import TestIssuer
from muster_shared.web.app import operations_of
from muster_shared.web.routes import Operation

Headers = Mapping[str, str]
_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
_NO_LINK = "AAAAAAAAAA"


class Actor(StrEnum):
    """Who asks. The foreign ones belong to another organisation."""

    ANONYMOUS = "anonymous"
    EXPIRED = "expired token"
    TAMPERED = "tampered token"
    NOBODY = "signed in, of no organisation"
    ATTENDEE = "signed in, registered for the event"
    MANAGER = "manager"
    OWNER = "owner"
    FOREIGN_MANAGER = "another organisation's manager"
    FOREIGN_OWNER = "another organisation's owner"
    KEY = "service key with the scope"
    OTHER_KEY = "service key without the scope"
    FOREIGN_KEY = "another organisation's service key"
    SERVICE = "another service"
    CREW_LINK = "crew link"
    GUEST_LINK = "guest page's link"
    REGISTRATION_LINK = "registration's link"
    TICKET = "ticket's link"
    STAFF_LINK = "staff link"
    FEED = "calendar feed's link"
    UNSUBSCRIBE_LINK = "unsubscribe link"


LINKS = frozenset(
    {
        Actor.CREW_LINK,
        Actor.GUEST_LINK,
        Actor.REGISTRATION_LINK,
        Actor.TICKET,
        Actor.STAFF_LINK,
        Actor.FEED,
        Actor.UNSUBSCRIBE_LINK,
    }
)
# A link is the right to what it names; as a credential it is none.
_UNKNOWN = frozenset({Actor.ANONYMOUS, Actor.EXPIRED, Actor.TAMPERED}) | LINKS
SIGNED_IN = frozenset(
    {Actor.NOBODY, Actor.ATTENDEE, Actor.MANAGER, Actor.OWNER, Actor.FOREIGN_MANAGER, Actor.FOREIGN_OWNER}
)
MEMBERS = frozenset({Actor.MANAGER, Actor.OWNER})
OWNERS = frozenset({Actor.OWNER})
STAFF = MEMBERS | {Actor.KEY}
# Whoever has a list of their own, be it empty.
LISTERS = SIGNED_IN | {Actor.KEY, Actor.FOREIGN_KEY}
EVERYBODY = frozenset(Actor)
SERVICES = frozenset({Actor.SERVICE})
_INSIDE = STAFF | SERVICES


@dataclass(frozen=True)
class Row:
    """One route and who may. `expect` is what they get; it need not be a success where the body is no good one.

    In `body` and `query`, the text `<name>` stands for the world's value of that name, as in paths. `table` is a body
    of text/csv. Where only holders of a link may, all others try the route with a link that is none. `scope` is what a
    key must hold where the guard does not say.
    """

    route: str
    allowed: frozenset[Actor]
    expect: frozenset[int]
    body: Any = None
    query: str = ""
    table: str | None = None
    scope: str | None = None
    headers: Headers = field(default_factory=dict)

    @property
    def link(self) -> Actor | None:
        """The kind of link that opens it; None where it is opened by who one is."""
        return next(iter(self.allowed)) if self.allowed and self.allowed <= LINKS else None


@dataclass(frozen=True)
class Link:
    """A link of a kind, in the paths' `parameter`. What is `spoiled` opens nothing.

    `foreign` is another organisation's good one, tried where the path names something else besides.
    """

    parameter: str
    good: str
    spoiled: Mapping[str, str] = field(default_factory=dict)
    foreign: str | None = None


@dataclass(frozen=True)
class World:
    """A running app with everybody's credentials, and values for the parameters of its paths.

    `keys` maps a scope to the headers of a key of the tried organisation that holds that scope alone. `marker` is a
    word in what the organisation keeps to itself: no outsider's answer may have it.
    """

    app: Flask
    credentials: Mapping[Actor, Headers]
    keys: Mapping[str, Headers]
    values: Mapping[str, str]
    marker: str
    links: Mapping[Actor, Link] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """What somebody was answered, and what they should have been."""

    route: str
    actor: str
    status: int
    wanted: frozenset[int]
    tells_marker: bool = False

    @property
    def is_wrong(self) -> bool:
        """Whether it should have been another."""
        return self.status not in self.wanted or self.tells_marker

    @property
    def is_success(self) -> bool:
        """Whether they got in."""
        return 200 <= self.status < 300


@dataclass(frozen=True)
class _Case:
    """One actor with a credential, and links in place of the world's values."""

    actor: Actor
    label: str
    headers: Headers
    values: Mapping[str, str]
    is_allowed: bool


def row(
    route: str,
    allowed: frozenset[Actor],
    expect: int | Sequence[int],
    body: Any = None,
    *,
    query: str = "",
    table: str | None = None,
    scope: str | None = None,
    **headers: str,
) -> Row:
    """A `Row`; underscores in the names of headers stand for hyphens."""
    statuses = frozenset({expect} if isinstance(expect, int) else expect)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Row(route, allowed, statuses, body=body, query=query, table=table, scope=scope, headers=named)


def spoiled_tokens(issuer: TestIssuer, user_id: UUID) -> dict[Actor, Headers]:
    """The credentials of nobody: none at all, a token of `user_id` that has expired, one that was tampered with."""
    return {
        Actor.ANONYMOUS: {},
        Actor.EXPIRED: issuer.headers(user_id, iat=999_999_400, nbf=999_999_400, exp=1_000_000_000),
        Actor.TAMPERED: {"Authorization": f"Bearer {tampered(issuer.token(user_id))}"},
    }


def tampered(text: str) -> str:
    """`text` with the first character of its last part (a token's signature) another."""
    head, dot, last = text.rpartition(".")
    return f"{head}{dot}{'B' if last[0] == 'A' else 'A'}{last[1:]}"


def as_service(name: str) -> Headers:
    """The headers of another service of ours."""
    return {"Authorization": f"Bearer {service_token(secret=INTERNAL_SECRET, service=name)}"}


def name_of(operation: Operation) -> str:
    """The operation as tables call it: `PATCH /api/organizations/<uuid:org_id>`."""
    return f"{operation.method} {operation.path}"


def uncovered(app: Flask, rows: Sequence[Row]) -> tuple[set[str], set[str]]:
    """Routes that the table lacks, and rows of the table that are no route."""
    routes, listed = {name_of(operation) for operation in operations_of(app)}, {one.route for one in rows}
    return routes - listed, listed - routes


def tried(world: World, given: Row) -> list[Answer]:
    """What everybody was answered who tried this row: first those who may not, so that they find it unchanged.

    Where a success is among what the row expects, somebody has to have it: a last answer says that nobody had.
    """
    operation = _operation_of(world.app, given)
    cases = sorted(_cases(world, given, operation), key=lambda case: case.is_allowed)
    answers = []
    for number, case in enumerate(cases):
        answer = _send(world, operation, given, case, number=number)
        wanted = given.expect if case.is_allowed else _refusals(case, given, operation)
        is_outside = case.actor not in _INSIDE and not (case.is_allowed and case.actor in {*LINKS, Actor.ATTENDEE})
        tells_marker = is_outside and world.marker in answer.text
        answers.append(Answer(given.route, case.label, answer.status_code, wanted, tells_marker=tells_marker))
    successes = frozenset(status for status in given.expect if 200 <= status < 300)
    if successes and not any(answer.is_success for answer in answers):
        answers.append(Answer(given.route, "anybody of those who may", 0, successes))
    return answers


def findings(world: World, given: Row) -> list[Answer]:
    """Those of `tried` that are wrong."""
    return [answer for answer in tried(world, given) if answer.is_wrong]


def status_for(world: World, given: Row, actor: Actor) -> int:
    """What one actor is answered."""
    operation = _operation_of(world.app, given)
    case = next(case for case in _cases(world, given, operation) if case.actor is actor)
    return _send(world, operation, given, case).status_code


def _operation_of(app: Flask, given: Row) -> Operation:
    return next(one for one in operations_of(app) if name_of(one) == given.route)


def _refusals(case: _Case, given: Row, operation: Operation) -> frozenset[int]:
    if given.link is not None:
        return frozenset({404, 410})
    if case.actor in _UNKNOWN:
        # Who may come without a credential learns nothing either.
        return frozenset({401, 404} if operation.guard.access is Access.OPTIONAL else {401})
    # A token for calls between services is no credential of a person's route, nor a person's one of theirs.
    return frozenset({401, 403, 404})


def _cases(world: World, given: Row, operation: Operation) -> Iterator[_Case]:
    opening = world.links[given.link] if given.link is not None else None
    none = {} if opening is None else {opening.parameter: _NO_LINK}
    scope = given.scope or operation.guard.scope

    def case(actor: Actor, label: str, headers: Headers) -> _Case:
        return _Case(actor, label, headers, none, opening is None and actor in given.allowed)

    for actor, headers in world.credentials.items():
        yield case(actor, actor.value, headers)
    for held, headers in world.keys.items():
        actor = Actor.KEY if held == scope else Actor.OTHER_KEY
        yield case(actor, f"service key for {held}", headers)
    for actor, link in world.links.items():
        yield case(actor, f"{actor.value} as a credential", {"Authorization": f"Bearer {link.good}"})
    if opening is None or given.link is None:
        return
    for how, text in opening.spoiled.items():
        yield _Case(given.link, f"{how} {given.link.value}", {}, {opening.parameter: text}, is_allowed=False)
    if opening.foreign is not None and len(_PARAMETER.findall(given.route)) > 1:
        foreign = {opening.parameter: opening.foreign}
        yield _Case(given.link, f"another organisation's {given.link.value}", {}, foreign, is_allowed=False)
    yield _Case(given.link, given.link.value, {}, {opening.parameter: opening.good}, is_allowed=True)


def _send(world: World, operation: Operation, given: Row, case: _Case, *, number: int = 0) -> TestResponse:
    values = {**world.values, **case.values}
    client: FlaskClient = world.app.test_client()
    body = {"json": _filled(values, given.body)} if given.body is not None else {}
    if given.table is not None:
        body = {"data": given.table.encode(), "content_type": "text/csv"}
    return client.open(
        _filled(values, operation.path),
        method=operation.method,
        query_string=_filled(values, given.query),
        headers={**given.headers, **case.headers},
        # Everybody from a network of their own: what is tried is rights, not rates.
        environ_overrides={"REMOTE_ADDR": f"192.0.2.{number}"},
        **body,
    )


def _filled(values: Mapping[str, str], given: Any) -> Any:
    if isinstance(given, dict):
        return {name: _filled(values, value) for name, value in given.items()}
    if isinstance(given, list):
        return [_filled(values, value) for value in given]
    return _PARAMETER.sub(lambda match: values[match[1]], given) if isinstance(given, str) else given
