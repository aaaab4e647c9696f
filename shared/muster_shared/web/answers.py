"""What a handler gives back, and how it becomes bytes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import orjson
from flask import Response
from pydantic import BaseModel

PROBLEM_TYPE = "application/problem+json"


@dataclass(frozen=True)
class Answer:
    """A JSON answer: a model, or plain data that orjson takes; None is an empty body."""

    body: BaseModel | Mapping[str, Any] | list[Any] | None = None
    status: int = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict)


def encode(body: Any) -> bytes:
    """`body` as JSON bytes."""
    if isinstance(body, BaseModel):
        return body.__pydantic_serializer__.to_json(body)
    return orjson.dumps(body, default=_plain)


def _plain(value: Any) -> Any:
    """What orjson does not know itself: a model within plain data as its fields, anything else as its text."""
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else str(value)


def to_response(answer: Any) -> Response:
    """The Flask response of what a handler returned."""
    if isinstance(answer, Response):
        return answer
    if not isinstance(answer, Answer):
        answer = Answer(answer)
    status = int(answer.status)
    if answer.body is None:
        response = Response(status=status if status != HTTPStatus.OK else HTTPStatus.NO_CONTENT)
        response.headers.pop("Content-Type", None)
    else:
        response = Response(encode(answer.body), status=status, mimetype="application/json")
    for name, value in answer.headers.items():
        response.headers[name] = value
    return response
