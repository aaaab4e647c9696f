"""Keyset pages: an opaque, tamper-evident cursor of the last row's sort values."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import orjson
from flask import current_app
from pydantic import Field

from muster_shared.problems import FieldError, Invalid
from muster_shared.web.schemas import Query

_TAG_BYTES = 12
_LONGEST_CURSOR = 600
T = TypeVar("T")


class PageQuery(Query):
    """`limit` (1..100, default 20) and `cursor`, for every list."""

    limit: int = Field(default=20, ge=1, le=100)
    cursor: str | None = Field(default=None, max_length=_LONGEST_CURSOR)


def _key() -> bytes:
    key: bytes = current_app.extensions["muster"].cursor_key
    return key


def _tag(payload: bytes, scope: str) -> bytes:
    named = scope.encode() + b"\0" + payload
    return hashlib.blake2b(named, key=_key(), digest_size=_TAG_BYTES).digest()


def encode_cursor(*values: datetime | UUID | str | int | float | None, scope: str) -> str:
    """The cursor after a row with these sort values. `scope` names the list and its filters."""
    payload = orjson.dumps(values)
    return base64.urlsafe_b64encode(_tag(payload, scope) + payload).rstrip(b"=").decode()


def read_cursor(cursor: str | None, *, scope: str) -> list[Any] | None:
    """The values of `encode_cursor` (times and ids as text). Raises `Invalid` for one that is not ours."""
    if cursor is None:
        return None
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        tag, payload = raw[:_TAG_BYTES], raw[_TAG_BYTES:]
        if hmac.compare_digest(tag, _tag(payload, scope)):
            values: list[Any] = orjson.loads(payload)
            return values
    except (ValueError, TypeError):
        pass
    raise Invalid(errors=[FieldError(pointer="?cursor", detail="is not a cursor of this list")])


def page_answer(
    rows: Sequence[T],
    *,
    limit: int,
    scope: str,
    key: Callable[[T], tuple[Any, ...]],
    view: Callable[[T], Any],
) -> dict[str, Any]:
    """`{items, next_cursor}` from up to `limit + 1` rows: the one too many only says that there are more."""
    shown = rows[:limit]
    cursor = encode_cursor(*key(shown[-1]), scope=scope) if len(rows) > limit else None
    return {"items": [view(row) for row in shown], "next_cursor": cursor}
