"""The WSGI application under every service: a request from its id to its line in the log."""

import re
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

from flask import Flask, Request, Response
from flask.globals import request_ctx
from flask.sessions import NullSession, SessionInterface
from structlog.contextvars import bind_contextvars, reset_contextvars
from werkzeug.routing import MapAdapter

from muster_shared import telemetry
from muster_shared.ids import new_id_text
from muster_shared.logs import log
from muster_shared.web.failures import REQUEST_ID, error_response

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{8,128}\Z")
_log = log(__name__)


class _NoSessions(SessionInterface):
    """Our sessions are tokens that the guards read."""

    _none = NullSession()

    def open_session(self, _app: Flask, _request: Request) -> NullSession:
        return self._none


class Application(Flask):
    """Flask without sessions, signals and hooks, which no route of ours uses and every request would pay for.

    Every answer has `headers` unless it sets them itself, and the request's id. Whatever a view raises becomes
    problem details. Each request writes one line, but for those to the endpoints in `unlogged`. Views return a
    `Response`.
    """

    session_interface = _NoSessions()

    def __init__(self, service: str, *, headers: Sequence[tuple[str, str]], unlogged: frozenset[str]) -> None:
        super().__init__(service, static_folder=None)
        self._usual = [(header[0].lower(), header) for header in headers]
        self._unlogged = unlogged

    def wsgi_app(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """The request's id for as long as the request lasts, and the usual headers around its answer."""
        given = environ.get("HTTP_X_REQUEST_ID", "")
        request_id = environ[REQUEST_ID] = given if _REQUEST_ID.match(given) else new_id_text()

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            # At the very end and to a plain list: werkzeug checks and copies what it is given earlier.
            if not status.startswith("304"):  # which leaves what the client has (RFC 9110, section 15.4.5)
                present = {name.lower() for name, _ in headers}
                headers += [header for name, header in self._usual if name not in present]
            headers.append(("X-Request-Id", request_id))
            return start_response(status, headers, *rest)

        bound = bind_contextvars(request_id=request_id, **telemetry.log_fields())
        try:
            return super().wsgi_app(environ, start)
        finally:
            # What the thread does after a request is not that request's doing.
            reset_contextvars(**bound)

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """As Flask's, for one origin: which host and port were asked for decides nothing."""
        if request is None:
            return super().create_url_adapter(request)
        return MapAdapter(
            map=self.url_map,
            server_name=request.environ.get("HTTP_HOST", ""),
            script_name=request.root_path,
            subdomain="",
            url_scheme=request.scheme,
            path_info=request.path,
            default_method=request.method,
            query_args=request.query_string.decode("latin-1"),
        )

    def full_dispatch_request(self) -> Response:
        """The answer of the view, or that of what it raised; then the line in the log."""
        began = time.perf_counter()
        request = request_ctx.request
        rule = request.url_rule
        # For the span: the pattern, not the path, which may hold tokens.
        request.environ["muster.route"] = rule.rule if rule else None
        try:
            if rule is None:
                self.raise_routing_exception(request)
            response = cast(Response, self.view_functions[rule.endpoint](**request.view_args or {}))
        except Exception as error:  # noqa: BLE001  # the one place where anything becomes an answer
            response = error_response(error, request)
        if rule is not None and rule.endpoint not in self._unlogged:
            _log.info(
                "request",
                method=request.method,
                route=rule.rule,
                status=response.status_code,
                milliseconds=round((time.perf_counter() - began) * 1000, 1),
            )
        return response

    def handle_exception(self, e: Exception) -> Response:
        """What fails before a view is looked for."""
        return error_response(e, request_ctx.request)
