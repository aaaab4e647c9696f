"""The app factory: one Flask app from a service's routes, with everything that is the same in all of them."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from flask import Flask, Response, current_app
from flask.globals import request_ctx
from werkzeug.middleware.proxy_fix import ProxyFix

from muster_shared import telemetry
from muster_shared.auth.guards import Access, Authenticator
from muster_shared.db import Database
from muster_shared.logs import log
from muster_shared.problems import TooLarge
from muster_shared.settings import Settings
from muster_shared.web.answers import encode, to_response
from muster_shared.web.application import Application
from muster_shared.web.etags import answer_conditionally
from muster_shared.web.failures import REQUEST_ID
from muster_shared.web.idempotency import idempotent_call
from muster_shared.web.openapi import add_documentation
from muster_shared.web.reading import read_body, read_query
from muster_shared.web.routes import Operation, Routes

T = TypeVar("T")
_USUAL_HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"),
    ("Cache-Control", "no-store"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
_HSTS = ("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
_HEALTH = frozenset({"livez", "readyz"})
_log = log(__name__)


@dataclass
class AppSpec:
    """What makes a service's app.

    `parts` are objects that handlers reach with `part(Kind)`: clients, gateways, the service's own wiring.
    `probes` name further dependencies for `/readyz`, each raising when it is away.
    """

    service: str
    title: str
    settings: Settings
    database: Database
    authenticator: Authenticator
    routes: Sequence[Routes]
    parts: Sequence[object] = ()
    probes: Mapping[str, Callable[[], None]] = field(default_factory=dict)


@dataclass
class _Runtime:
    """What the glue needs of the spec at request time."""

    spec: AppSpec
    cursor_key: bytes
    idempotency_secret: bytes
    parts: dict[type, object]
    was_ready: bool = False


def create_app(spec: AppSpec) -> Flask:
    """The WSGI app of one service. Opens no connection. Raises `TypeError` for a route declared wrongly."""
    usual = [*_USUAL_HEADERS, _HSTS] if spec.settings.serves_tls else _USUAL_HEADERS
    app = Application(spec.service, headers=usual, unlogged=_HEALTH)
    app.url_map.strict_slashes = True
    app.config.update(MAX_FORM_MEMORY_SIZE=None, TRAP_HTTP_EXCEPTIONS=False, PROPAGATE_EXCEPTIONS=False)
    secret = spec.settings.cache_secret.get_secret_value().encode()
    runtime = _Runtime(
        spec=spec,
        cursor_key=hashlib.blake2b(secret, person=b"cursor").digest(),
        idempotency_secret=hashlib.blake2b(secret, person=b"idempotency").digest(),
        parts={type(part): part for part in spec.parts},
    )
    app.extensions["muster"] = runtime
    hops = spec.settings.trusted_proxy_hops
    if hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
    app.wsgi_app = telemetry.traced(app.wsgi_app, service=spec.service)  # type: ignore[assignment,method-assign]
    _add_health(app, runtime)
    operations = [operation for routes in spec.routes for operation in routes.operations]
    for operation in operations:
        _add(app, runtime, operation)
    add_documentation(app, service=spec.service, title=spec.title, operations=operations)
    return app


def part(kind: type[T]) -> T:
    """The object of type `kind` that the app was made with."""
    return cast(T, current_app.extensions["muster"].parts[kind])


def operations_of(app: Flask) -> list[Operation]:
    """Every operation of the app but health and documentation, for tests that go through all of them."""
    return [operation for routes in app.extensions["muster"].spec.routes for operation in routes.operations]


def _add(app: Flask, runtime: _Runtime, operation: Operation) -> None:
    internal = operation.guard.access is Access.INTERNAL
    if internal != operation.path.startswith("/internal/"):
        raise TypeError(f"{operation.name}: /internal and the internal guard belong together")

    def view(**arguments: Any) -> Response:
        return _run(runtime, operation, arguments)

    view.__name__ = operation.name
    app.add_url_rule(
        operation.path,
        endpoint=f"{operation.method}:{operation.name}",
        view_func=view,
        methods=[operation.method],
        provide_automatic_options=False,
    )


def _run(runtime: _Runtime, operation: Operation, arguments: dict[str, Any]) -> Response:
    request = request_ctx.request
    request.max_content_length = operation.max_body_bytes
    if (request.content_length or 0) > operation.max_body_bytes:
        raise TooLarge
    principal = runtime.spec.authenticator.principal_for(request, operation.guard)
    wants = operation.wants
    if "principal" in wants:
        arguments["principal"] = principal
    if "request_id" in wants:
        arguments["request_id"] = request.environ[REQUEST_ID]
    if operation.query is not None:
        arguments["query"] = read_query(request, operation.query)
    if operation.body is not None:
        arguments["body"] = read_body(request, operation.body, form=operation.form)
    call = None
    if operation.idempotent:
        call = idempotent_call(
            request,
            principal=principal,
            operation=operation.name,
            sensitive=operation.sensitive,
            secret=runtime.idempotency_secret,
        )
    if call is None and "session" not in wants:
        if "within" in wants:
            arguments["within"] = None
        return answer_conditionally(request, to_response(operation.handler(**arguments)))
    with runtime.spec.database.transaction() as session:
        if call is not None and (replayed := call.begin(session)) is not None:
            return replayed
        arguments["within" if "within" in wants else "session"] = session
        response = to_response(operation.handler(**arguments))
        if call is not None:
            call.finish(session, response)
    return answer_conditionally(request, response)


def _add_health(app: Flask, runtime: _Runtime) -> None:
    def livez() -> Response:
        return Response(b'{"status":"alive"}', mimetype="application/json")

    def readyz() -> Response:
        """503 until every dependency has answered once; after that 200 that names what is missing.

        A dependency all tasks share, lost for a minute, must not take all of them out of the load balancer: they
        answer 503 with Retry-After themselves, and what needs no database goes on.
        """
        missing = []
        for name, probe in {"database": runtime.spec.database.ping, **runtime.spec.probes}.items():
            try:
                probe()
            except Exception as error:  # noqa: BLE001  # a probe's failure of any kind is the answer
                _log.warning("dependency_missing", dependency=name, error=type(error).__name__)
                missing.append(name)
        runtime.was_ready = runtime.was_ready or not missing
        body = {"status": "degraded" if missing else "ready", "missing": missing}
        return Response(encode(body), status=200 if runtime.was_ready else 503, mimetype="application/json")

    app.add_url_rule("/livez", "livez", livez, methods=["GET"], provide_automatic_options=False)
    app.add_url_rule("/readyz", "readyz", readyz, methods=["GET"], provide_automatic_options=False)
