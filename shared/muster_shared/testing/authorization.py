"""Every route tried as everybody: a service's table says who may, this checks that nobody else can.

A service's test lists a `Row` for each of its routes, `uncovered` says which ones are missing, and `findings` tries one
row as each actor of a `World`: who is not allowed must be refused in the way the contract says, who is allowed must
not. Nothing is taken from the guard but the scope a service key needs, so that a guard left too open is found.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from muster_shared.web.app import operations_of
from muster_shared.web.routes import Operation

Headers = Mapping[str, str]
_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")


class Actor(StrEnum):
    """Who asks. The foreign ones belong to another organisation."""

    ANONYMOUS = "anonymous"
    EXPIRED = "expired token"
    TAMPERED = "tampered token"
    NOBODY = "signed in, of no organisation"
    MANAGER = "manager"
    OWNER = "owner"
    FOREIGN_MANAGER = "another organisation's manager"
    FOREIGN_OWNER = "another organisation's owner"
    KEY = "service key with the scope"
    OTHER_KEY = "service key without the scope"
    FOREIGN_KEY = "another organisation's service key"
    SERVICE = "another service"


_UNKNOWN = frozenset({Actor.ANONYMOUS, Actor.EXPIRED, Actor.TAMPERED})
SIGNED_IN = frozenset({Actor.NOBODY, Actor.MANAGER, Actor.OWNER, Actor.FOREIGN_MANAGER, Actor.FOREIGN_OWNER})
MEMBERS = frozenset({Actor.MANAGER, Actor.OWNER})
OWNERS = frozenset({Actor.OWNER})
EVERYBODY = frozenset(Actor)
SERVICES = frozenset({Actor.SERVICE})


@dataclass(frozen=True)
class Row:
    """One route and who may. `expect` is what they get; it need not be a success where the body is no good one.

    In `body`, the text `<name>` stands for the world's value of that name, as in paths.
    """

    route: str
    allowed: frozenset[Actor]
    expect: frozenset[int]
    body: Mapping[str, Any] | None = None
    headers: Headers = field(default_factory=dict)


@dataclass(frozen=True)
class World:
    """A running app with everybody's credentials, and values for the parameters of its paths.

    `keys` maps a scope to the headers of a key of the tried organisation that holds that scope alone.
    """

    app: Flask
    credentials: Mapping[Actor, Headers]
    keys: Mapping[str, Headers]
    values: Mapping[str, str]


@dataclass(frozen=True)
class Finding:
    """Somebody got an answer they should not have got."""

    route: str
    actor: str
    status: int
    wanted: str

    @property
    def is_unexpected_success(self) -> bool:
        """Whether they got in."""
        return 200 <= self.status < 300


def row(
    route: str,
    allowed: frozenset[Actor],
    expect: int | Sequence[int],
    body: Mapping[str, Any] | None = None,
    **headers: str,
) -> Row:
    """A `Row`; underscores in the names of headers stand for hyphens."""
    statuses = frozenset({expect} if isinstance(expect, int) else expect)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Row(route=route, allowed=allowed, expect=statuses, body=body, headers=named)


def name_of(operation: Operation) -> str:
    """The operation as tables call it: `PATCH /api/organizations/<uuid:org_id>`."""
    return f"{operation.method} {operation.path}"


def uncovered(app: Flask, rows: Sequence[Row]) -> tuple[set[str], set[str]]:
    """Routes that the table lacks, and rows of the table that are no route."""
    routes, listed = {name_of(operation) for operation in operations_of(app)}, {one.route for one in rows}
    return routes - listed, listed - routes


def findings(world: World, tried: Row) -> list[Finding]:
    """What was wrong when everybody tried this row: first those who may not, so that they find it unchanged."""
    operation = next(one for one in operations_of(world.app) if name_of(one) == tried.route)
    found = []
    cases = sorted(_cases(world, operation), key=lambda case: case[0] in tried.allowed)
    for actor, label, headers in cases:
        status = _send(world, operation, tried, headers)
        wanted = tried.expect if actor in tried.allowed else _refusals(actor)
        if status not in wanted:
            found.append(Finding(tried.route, label, status, f"one of {sorted(wanted)}"))
    return found


def _refusals(actor: Actor) -> frozenset[int]:
    if actor in _UNKNOWN:
        return frozenset({401})
    # A token for calls between services is no credential of a person's route, nor a person's one of theirs.
    return frozenset({401, 403, 404})


def _cases(world: World, operation: Operation) -> Iterator[tuple[Actor, str, Headers]]:
    for actor, headers in world.credentials.items():
        yield actor, actor.value, headers
    for scope, headers in world.keys.items():
        actor = Actor.KEY if scope == operation.guard.scope else Actor.OTHER_KEY
        yield actor, f"service key for {scope}", headers


def _send(world: World, operation: Operation, tried: Row, headers: Headers) -> int:
    path = _PARAMETER.sub(lambda match: world.values[match[1]], operation.path)
    client: FlaskClient = world.app.test_client()
    body = None if tried.body is None else {name: _filled(world, value) for name, value in tried.body.items()}
    answer = client.open(path, method=operation.method, json=body, headers={**tried.headers, **headers})
    return answer.status_code


def _filled(world: World, value: Any) -> Any:
    whole = _PARAMETER.fullmatch(value) if isinstance(value, str) else None
    return world.values[whole[1]] if whole else value
