"""fuzz: schemathesis over the OpenAPI of every service; no 5xx and no answer that is not documented.

Every operation is called with generated good and bad input, as somebody who may call it, half of the time about things
that exist. An operation that was never let through, or a good part of 401, means that the doors were tried and not
what is behind them: then the experiment fails too. Pages for people, which no OpenAPI names, are called for 5xx alone.
"""

import itertools
import sys
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings, strategies
from schemathesis import GenerationMode, checks
from schemathesis.config import GenerationConfig, ProjectConfig, ProjectsConfig, SchemathesisConfig
from schemathesis.core.failures import Failure, FailureGroup

from muster_shared.web.app import operations_of
from muster_shared.web.openapi import document
from tests.experiments.fuzz_events import events
from tests.experiments.fuzz_others import auth, media, notifications
from tests.experiments.fuzz_worlds import Service, World

FULL, SHORT = 60, 4
SERVICES: Mapping[str, Callable[[], AbstractContextManager[Service]]] = {
    "auth": auth,
    "events": events,
    "notifications": notifications,
    "media": media,
}
# Of the calls to operations behind a guard: what a world's own credentials may meet by chance.
MOST_REFUSED = 0.02
_DOCUMENTED = (
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.response_schema_conformance,
    checks.content_type_conformance,
)


@dataclass
class Findings:
    """What was called, what was answered, and what was wrong."""

    statuses: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    guarded: set[str] = field(default_factory=set)
    failures: list[str] = field(default_factory=list)

    @property
    def calls(self) -> int:
        """How many there were."""
        return sum(each.total() for each in self.statuses.values())

    @property
    def unreached(self) -> list[str]:
        """The operations that never did what they are for."""
        return [name for name, found in self.statuses.items() if not any(200 <= status < 400 for status in found)]

    @property
    def refused(self) -> float:
        """The share of 401 among the calls of operations behind a guard."""
        behind = [self.statuses[name] for name in self.guarded]
        return sum(found[401] for found in behind) / max(1, sum(found.total() for found in behind))

    def line(self, service: str) -> str:
        """The facts of one service."""
        classes: Counter[str] = Counter()
        for found in self.statuses.values():
            for status, number in found.items():
                classes[str(status) if status == 401 else f"{status // 100}xx"] += number
        return (
            f"{service}: {self.calls} calls of {len(self.statuses)} operations, {dict(sorted(classes.items()))},"
            f" {len(self.failures)} failures, {len(self.unreached)} never let through,"
            f" {self.refused:.1%} of the guarded calls answered 401"
        )


def run(service: Service, *, examples: int) -> Findings:
    """Calls every operation `examples` times and more."""
    found = Findings()
    generation = GenerationConfig(with_security_parameters=False)
    config = SchemathesisConfig(projects=ProjectsConfig(default=ProjectConfig(generation=generation)))
    spec = service.app.extensions["muster"].spec
    service.app.wsgi_app = _from_everywhere(service.app.wsgi_app)
    documented = schemathesis.openapi.from_wsgi(f"/api/{spec.service}/openapi.json", service.app, config=config)
    for result in documented.get_all_operations():
        _try(service, result.ok(), examples=examples, found=found, wanted=_DOCUMENTED)
    hidden = [replace(each, hidden=False) for each in operations_of(service.app) if each.hidden]
    pages = schemathesis.openapi.from_dict(document(service="pages", title="pages", operations=hidden), config=config)
    pages.app = service.app
    for result in pages.get_all_operations():
        _try(service, result.ok(), examples=examples, found=found, wanted=[checks.not_a_server_error])
    return found


def _from_everywhere(app: Callable[..., Any]) -> Callable[..., Any]:
    """The app as called from another network each time: what is counted by network is not what is tried here."""
    numbers = itertools.count()

    def called(environ: dict[str, Any], start_response: Any) -> Any:
        number = next(numbers)
        environ["REMOTE_ADDR"] = f"2001:db8:{number >> 16 & 0xFFFF:x}:{number & 0xFFFF:x}::1"
        return app(environ, start_response)

    return called


def _cases(operation: Any) -> strategies.SearchStrategy[Any]:
    """Good input and bad; an operation without any input has no bad one."""
    good = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    if operation.body or operation.query or operation.path_parameters or operation.headers:
        return good | operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
    return good


def _try(service: Service, operation: Any, *, examples: int, found: Findings, wanted: Iterable[Any]) -> None:
    name = f"{operation.method.upper()} {operation.path}"
    if operation.definition.raw.get("security") and {} not in operation.definition.raw["security"]:
        found.guarded.add(name)
    worlds = [service.new_world(name)]
    statuses = found.statuses[name]

    @given(case=_cases(operation))
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def call(case: Any) -> None:
        _fill(case, worlds[0], number=statuses.total())
        response = case.call(headers=dict(worlds[0].headers), cookies=dict(worlds[0].cookies))
        statuses[response.status_code] += 1
        if case.method != "GET" and response.status_code < 400:
            worlds[0] = service.new_world(name)
        try:
            case.validate_response(response, checks=list(wanted))
        except (FailureGroup, Failure) as failure:
            parts = failure.exceptions if isinstance(failure, FailureGroup) else [failure]
            found.failures += [f"{name}: {response.status_code}: {str(part)[:300]}" for part in parts]

    call()


def _fill(case: Any, world: World, *, number: int) -> None:
    """Makes every second case one about things that exist, and of those half have a body that would be taken.

    But for the first, one field of that body is a made-up one.
    """
    if number % 2:
        return
    if world.body is not None and number % 4 == 0:
        odd = case.body if isinstance(case.body, dict) and isinstance(world.body, dict) and number else {}
        names = sorted(odd)
        chosen = names[number // 4 % len(names)] if names else None
        case.body = {**world.body, chosen: odd[chosen]} if chosen is not None else world.body
    for part in (case.path_parameters, case.query, case.body):
        if isinstance(part, dict):
            part.update({name: value for name, value in world.values.items() if name in part})


@schemathesis.serializer("text/csv")
def _as_it_is(_context: Any, value: Any) -> bytes:
    """A table as it was made up."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


def main() -> int:
    """The experiment; 1 when anything was found, or when too little was tried."""
    warnings.simplefilter("ignore")
    is_good = True
    for name, stage in SERVICES.items():
        with stage() as service:
            found = run(service, examples=FULL)
        for text in sorted(set(found.failures)):
            sys.stdout.write(text + "\n")
        for operation in found.unreached:
            sys.stdout.write(f"never let through: {operation} {dict(found.statuses[operation])}\n")
        sys.stdout.write(f"fuzz: {found.line(name)}\n")
        is_good = is_good and not found.failures and not found.unreached and found.refused <= MOST_REFUSED
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
