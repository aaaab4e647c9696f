"""What went wrong, as an answer: problem details, whatever raised."""

from typing import cast

from flask import Request, Response
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException

from muster_shared.db import is_unavailable
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
from muster_shared.web.answers import PROBLEM_TYPE, encode

REQUEST_ID = "muster.request_id"  # in the WSGI environment
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
_log = log(__name__)


def problem_response(problem: Problem, request: Request) -> Response:
    """The response of a problem."""
    body = encode(problem.body(request.environ.get(REQUEST_ID)))
    response = Response(body, status=problem.status, mimetype=PROBLEM_TYPE)
    for name, value in problem.headers.items():
        response.headers[name] = value
    if request.method == "HEAD":
        response.set_data(b"")
    return response


def error_response(error: Exception, request: Request) -> Response:
    """The response of any exception. One that nobody foresaw is logged as an error, and nothing is told of it."""
    if isinstance(error, Problem):
        return problem_response(error, request)
    if isinstance(error, HTTPException):
        return _http_response(error, request)
    if isinstance(error, SQLAlchemyError) and (problem := _database_problem(error)) is not None:
        _log.warning("database_unavailable", error=type(error).__name__)
        return problem_response(problem, request)
    _log.error("unhandled_error", exc_info=error)
    return problem_response(Problem(), request)


def _http_response(error: HTTPException, request: Request) -> Response:
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
