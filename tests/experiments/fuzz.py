"""fuzz: schemathesis over the OpenAPI of events, authenticated; no 5xx and no answer that is not documented.

Every operation is called with generated good and bad input, against the app on a real database with data in it.
"""

import contextlib
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import checks
from schemathesis.core.failures import Failure, FailureGroup
from sqlalchemy import insert

from muster_events.app import build_app
from muster_events.config import EventsSettings
from muster_shared.auth.internal import InternalClient
from muster_shared.auth.tables import memberships, organizations
from muster_shared.ids import new_id
from muster_shared.testing.postgres import Cluster, Databases, running_cluster
from muster_shared.testing.settings import make_settings
from muster_shared.testing.tokens import TestIssuer
from muster_shared.wiring import wire

SCHEMA = "/api/events/openapi.json"
FULL, SHORT = 60, 4


_PEOPLES_PAGES = "/c/"
_CREDENTIALS = frozenset({"authorization", "x-dashboard-token"})


class AuthKnowsNobody(InternalClient):
    """Auth as it answers of people and organisations there are none of."""

    def __init__(self) -> None:
        super().__init__(base_url="http://127.0.0.1:9", secret="x" * 32, service="events")

    def get(self, path: str) -> None:
        """Nothing, whatever is asked."""


@dataclass
class Findings:
    """What was called, and what was wrong."""

    calls: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


@contextlib.contextmanager
def stage(cluster: Cluster) -> Iterator[tuple[Flask, dict[str, str], dict[str, str]]]:
    """The app, an owner's headers, and ids of things that exist, by their parameter's name."""
    with contextlib.closing(Databases(cluster, worker="fuzz")) as databases:
        database, issuer = databases.get("events"), TestIssuer()
        values = {"database_url": database.url, "link_secret": "fuzz-link-secret-of-some-32-characters"}
        config = make_settings(EventsSettings, **values)
        app = build_app(config, wire(config, service="events", keys=issuer.keys, auth=AuthKnowsNobody()))
        org_id, user_id = new_id(), new_id()
        with database.transaction() as session:
            session.execute(insert(organizations).values(id=org_id, name="Fuzz", slug="fuzz", version=1))
            session.execute(insert(memberships).values(org_id=org_id, user_id=user_id, role="owner", version=1))
        headers = issuer.headers(user_id)
        body = {
            "kind": "meetup",
            "title": "Fuzzed",
            "starts_at": (datetime.now(UTC) + timedelta(days=9)).isoformat(),
            "duration_minutes": 60,
            "timezone": "Europe/Athens",
            "publish": True,
        }
        event = app.test_client().post("/api/events", json=body, headers=headers).get_json()
        known = {"event_id": event["id"], "org_id": str(org_id)}
        yield app, headers, known
        databases.clean()


def run(cluster: Cluster, *, examples: int) -> Findings:
    """Calls every operation `examples` times and more."""
    found = Findings()
    with stage(cluster) as (app, headers, known):
        schema = schemathesis.openapi.from_wsgi(SCHEMA, app)
        for result in schema.get_all_operations():
            operation = result.ok()
            _try(operation, headers=headers, known=known, examples=examples, found=found)
    return found


def _try(operation: Any, *, headers: dict[str, str], known: dict[str, str], examples: int, found: Findings) -> None:
    name = f"{operation.method.upper()} {operation.path}"
    wanted = [checks.not_a_server_error, checks.status_code_conformance, checks.response_schema_conformance]
    # A call sheet answers a press with a page, also when the link is dead.
    if not operation.path.startswith(_PEOPLES_PAGES):
        wanted.append(checks.content_type_conformance)

    @given(case=operation.as_strategy())
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def call(case: Any) -> None:
        # Half of the calls are about something that exists; else nearly all would end as 404.
        number = found.calls[name]
        found.calls[name] += 1
        if number % 2:
            for parameter, value in known.items():
                if parameter in (case.path_parameters or {}):
                    case.path_parameters[parameter] = value
            if isinstance(case.body, dict) and "org_id" in case.body:
                case.body["org_id"] = known["org_id"]
        generated = {name: value for name, value in (case.headers or {}).items() if name.lower() not in _CREDENTIALS}
        response = case.call(headers={**generated, **headers})
        found.statuses[response.status_code] += 1
        try:
            case.validate_response(response, checks=wanted)
        except (FailureGroup, Failure) as failure:
            parts = failure.exceptions if isinstance(failure, FailureGroup) else [failure]
            found.failures += [f"{name}: {response.status_code}: {str(part)[:300]}" for part in parts]

    call()


def main() -> int:
    """The experiment; 1 when anything was found."""
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory(), running_cluster() as cluster:
        found = run(cluster, examples=FULL)
    for text in sorted(set(found.failures)):
        sys.stdout.write(text + "\n")
    sys.stdout.write(
        f"fuzz: {sum(found.calls.values())} calls of {len(found.calls)} operations, statuses"
        f" {dict(sorted(found.statuses.items()))}, {len(found.failures)} failures\n"
    )
    return 1 if found.failures else 0


if __name__ == "__main__":
    sys.exit(main())
