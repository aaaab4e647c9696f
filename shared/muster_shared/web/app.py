"""The app factory: one Flask app from a service's routes, with everything that is the same in all of them."""

import hashlib
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import structlog
from flask import Flask, Request, Response, current_app, g, request
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from muster_shared import telemetry
from muster_shared.auth.guards import Access, Authenticator
from muster_shared.db import Database, is_unavailable
from muster_shared.ids import new_id
from muster_shared.logs import log
from muster_shared.problems import (
    Conflict,
    Forbidden,
    Malformed,
    MethodNotAllowed,
    NotFound,
    Problem,
    TooLarge,
    Unavailable,
    UnsupportedMediaType,
)
from muster_shared.settings import Settings
from muster_shared.web.answers import PROBLEM_TYPE, encode, to_response
from muster_shared.web.etags import answer_conditionally
from muster_shared.web.idempotency import idempotent_call
from muster_shared.web.openapi import add_documentation
from muster_shared.web.reading import read_body, read_query
from muster_shared.web.routes import Operation, Routes

T = TypeVar("T")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{8,128}\Z")
_RETRY_CODES = {"40001", "40P01", "55P03"}
_HTTP_PROBLEMS: dict[int, type[Problem]] = {
    400: Malformed,
    403: Forbidden,
    404: NotFound,
    405: MethodNotAllowed,
    409: Conflict,
    413: TooLarge,
    415: UnsupportedMediaType,
}
_USUAL_HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"),
    ("Cache-Control", "no-store"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
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
    app = Flask(spec.service, static_folder=None)
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
    app.before_request(_begin)
    app.after_request(_finish)
    app.teardown_request(_forget)
    app.register_error_handler(Exception, _on_error)
    _add_health(app, runtime)
    operations = [operation for routes in spec.routes for operation in routes.operations]
    for operation in operations:
        _add(app, operation)
    add_documentation(app, service=spec.service, title=spec.title, operations=operations)
    return app


def part(kind: type[T]) -> T:
    """The object of type `kind` that the app was made with."""
    return cast(T, current_app.extensions["muster"].parts[kind])


def operations_of(app: Flask) -> list[Operation]:
    """Every operation of the app but health and documentation, for tests that go through all of them."""
    return [operation for routes in app.extensions["muster"].spec.routes for operation in routes.operations]


def _add(app: Flask, operation: Operation) -> None:
    internal = operation.guard.access is Access.INTERNAL
    if internal != operation.path.startswith("/internal/"):
        raise TypeError(f"{operation.name}: /internal and the internal guard belong together")

    def view(**arguments: Any) -> Response:
        return _run(operation, arguments)

    view.__name__ = operation.name
    app.add_url_rule(
        operation.path,
        endpoint=f"{operation.method}:{operation.name}",
        view_func=view,
        methods=[operation.method],
        provide_automatic_options=False,
    )


def _run(operation: Operation, arguments: dict[str, Any]) -> Response:
    runtime: _Runtime = current_app.extensions["muster"]
    request.max_content_length = operation.max_body_bytes
    if (request.content_length or 0) > operation.max_body_bytes:
        raise TooLarge
    principal = runtime.spec.authenticator.principal_for(request, operation.guard)
    wants = operation.wants
    if "principal" in wants:
        arguments["principal"] = principal
    if "request_id" in wants:
        arguments["request_id"] = g.request_id
    if operation.query is not None:
        arguments["query"] = read_query(request, operation.query)
    if operation.body is not None:
        arguments["body"] = read_body(request, operation.body, form=operation.form)
    if "session" not in wants:
        return answer_conditionally(request, to_response(operation.handler(**arguments)))
    call = None
    if operation.idempotent:
        call = idempotent_call(
            request,
            principal=principal,
            operation=operation.name,
            sensitive=operation.sensitive,
            secret=runtime.idempotency_secret,
        )
    with runtime.spec.database.transaction() as session:
        if call is not None and (replayed := call.begin(session)) is not None:
            return replayed
        response = to_response(operation.handler(session=session, **arguments))
        if call is not None:
            call.finish(session, response)
    return answer_conditionally(request, response)


def _begin() -> None:
    given = request.headers.get("X-Request-Id", "")
    g.request_id = given if _REQUEST_ID.match(given) else str(new_id())
    g.began = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id, **telemetry.log_fields())
    # For the span: the pattern, not the path, which may hold tokens.
    request.environ["muster.route"] = request.url_rule.rule if request.url_rule else None


def _finish(response: Response) -> Response:
    headers = response.headers
    headers["X-Request-Id"] = g.request_id
    # One look at what is there, where `setdefault` would go through all of it for each name.
    present = {name.lower() for name, _ in headers}
    headers.extend([(name, value) for name, value in _USUAL_HEADERS if name.lower() not in present])
    runtime: _Runtime = current_app.extensions["muster"]
    if runtime.spec.settings.serves_tls:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
    if request.endpoint and not request.path.endswith(("/livez", "/readyz")):
        _log.info(
            "request",
            method=request.method,
            route=request.url_rule.rule if request.url_rule else None,
            status=response.status_code,
            milliseconds=round((time.perf_counter() - g.began) * 1000, 1),
        )
    return response


def _forget(_error: BaseException | None = None) -> None:
    """What the thread does after a request is not that request's doing."""
    structlog.contextvars.clear_contextvars()


def problem_response(problem: Problem, req: Request) -> Response:
    """The response of a problem."""
    response = Response(
        encode(problem.body(getattr(g, "request_id", None))), status=problem.status, mimetype=PROBLEM_TYPE
    )
    for name, value in problem.headers.items():
        response.headers[name] = value
    if req.method == "HEAD":
        response.set_data(b"")
    return response


def _on_error(error: Exception) -> Response:
    if isinstance(error, Problem):
        return problem_response(error, request)
    if isinstance(error, HTTPException):
        return _http_problem(error)
    if isinstance(error, SQLAlchemyError) and (answer := _database_problem(error)) is not None:
        _log.warning("database_unavailable", error=type(error).__name__)
        return problem_response(answer, request)
    _log.error("unhandled_error", exc_info=error)
    return problem_response(Problem(), request)


def _http_problem(error: HTTPException) -> Response:
    if error.code is not None and error.code < 400 and error.response is None:
        return cast(Response, error.get_response())
    problem = _HTTP_PROBLEMS.get(error.code or 500, Malformed)()
    methods = getattr(error, "valid_methods", None)
    if methods:
        problem.headers["Allow"] = ", ".join(sorted(methods))
    return problem_response(problem, request)


def _database_problem(error: SQLAlchemyError) -> Problem | None:
    if isinstance(error, DBAPIError) and getattr(error.orig, "pgcode", None) in _RETRY_CODES:
        return Unavailable(retry_after_seconds=1)
    if isinstance(error, PoolTimeoutError) or is_unavailable(error):
        return Unavailable(retry_after_seconds=3)
    return None


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
