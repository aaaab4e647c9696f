"""Base classes and common types of the wire shapes."""

import re
import unicodedata
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Annotated, Any, Generic, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from email_validator import EmailNotValidError, validate_email
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)

from muster_shared.clock import rfc3339

_RFC3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?([Zz]|[+-]\d{2}:\d{2})\Z")
_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_LONGEST_EMAIL = 254
_PLAIN_LOCAL = re.compile(r"(?=.{1,64}\Z)[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*\Z")


class Body(BaseModel):
    """A request body: JSON types taken strictly, unknown fields refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class Query(BaseModel):
    """Query parameters: text turned into what the field says, unknown ones refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class View(BaseModel):
    """An answer."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


Item = TypeVar("Item")


class Page(View, Generic[Item]):
    """One page of a list; `next_cursor` is null on the last."""

    items: list[Item]
    next_cursor: str | None


def _read_time(value: Any) -> datetime:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC)
    if not isinstance(value, str) or not _RFC3339.match(value):
        raise ValueError("must be an RFC 3339 time with its offset, as 2026-06-01T09:00:00+02:00")
    try:
        moment = datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("is not a time that exists") from None
    if not _EARLIEST <= moment <= _LATEST:
        raise ValueError("must lie between the years 1970 and 2200")
    return moment


AwareTime = Annotated[
    datetime,
    BeforeValidator(_read_time),
    PlainSerializer(rfc3339, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""A time in: RFC 3339 with offset; held as aware UTC."""

UtcTime = Annotated[
    datetime,
    PlainSerializer(rfc3339, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""A time out: RFC 3339, `Z`."""


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _read_zone(value: str) -> str:
    if value not in _zones():
        raise ValueError("is not a time zone of the IANA database, as Europe/Berlin")
    return value


Zone = Annotated[str, StringConstraints(max_length=64), AfterValidator(_read_zone)]
"""An IANA time zone's name."""


def zone(name: str) -> ZoneInfo:
    """The zone of a name that `Zone` has let through."""
    return ZoneInfo(name)


def _no_controls(value: str, *, allowed: str) -> str:
    for character in value:
        category = unicodedata.category(character)
        if (category == "Cc" and character not in allowed) or category == "Cs":
            raise ValueError("must not contain control characters")
    return value


def _line(value: str) -> str:
    return _no_controls(value, allowed="").strip()


def _text(value: str) -> str:
    return _no_controls(value.replace("\r\n", "\n"), allowed="\n\t")


Line = Annotated[str, AfterValidator(_line)]
"""One line of text without control characters; give it a length with `Field(max_length=...)`."""

Text = Annotated[str, AfterValidator(_text)]
"""Text of several lines without control characters but line feed and tab."""


def _valid(address: str) -> str:
    return validate_email(address, check_deliverability=False, test_environment=True).normalized


@lru_cache(maxsize=4096)
def _valid_domain(domain: str) -> str:
    return _valid("a@" + domain).removeprefix("a@")


def _read_email(value: str) -> str:
    _no_controls(value, allowed="")
    try:
        # Most local parts are plain, and most domains were seen before.
        local, _, domain = value.partition("@")
        address = f"{local}@{_valid_domain(domain)}" if _PLAIN_LOCAL.match(local) else _valid(value)
    except EmailNotValidError:
        raise ValueError("is not an e-mail address") from None
    if len(address) > _LONGEST_EMAIL:
        raise ValueError("is too long for an e-mail address")
    return address


Email = Annotated[
    str,
    StringConstraints(max_length=320),
    AfterValidator(_read_email),
    Field(json_schema_extra={"format": "email"}),
]
"""An e-mail address, normalised (RFC 6531 ones too); domain in lower case."""
