"""Reading bodies and queries into pydantic models; what is wrong becomes problem details without the value."""

from typing import Any, TypeVar, cast, get_origin

import orjson
from flask import Request
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from muster_shared.auth.cache import ExpiringCache
from muster_shared.problems import FieldError, Invalid, Malformed, UnsupportedMediaType

M = TypeVar("M", bound=BaseModel)

_FORM = "application/x-www-form-urlencoded"
_DEEPEST = 32
_PLAIN = {
    "missing": "is required",
    "extra_forbidden": "is not a known field",
    "string_type": "must be a string",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "list_type": "must be an array",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "uuid_parsing": "must be a UUID",
    "uuid_type": "must be a UUID",
    "is_instance_of": "is of a wrong type",
}


def pointer_of(location: tuple[int | str, ...]) -> str:
    """A JSON pointer (RFC 6901); pydantic's own marks for unions are left out."""
    parts = [str(part) for part in location if not (isinstance(part, str) and part[:1].isupper())]
    return "".join("/" + part.replace("~", "~0").replace("/", "~1")[:100] for part in parts)


def _detail(error: Any) -> str:
    kind = str(error["type"])
    if kind in _PLAIN:
        return _PLAIN[kind]
    message = str(error["msg"])
    for prefix in ("Value error, ", "Assertion failed, "):
        message = message.removeprefix(prefix)
    return message[:1].lower() + message[1:]


def field_errors(error: ValidationError, *, prefix: str = "") -> list[FieldError]:
    """What pydantic found, each with its pointer; a field that is not known is named, its value never."""
    return [
        FieldError(pointer=prefix + pointer_of(item["loc"]), detail=_detail(item))
        for item in error.errors(include_url=False, include_input=False, include_context=False)[:50]
    ]


def _too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(_DEEPEST):
        level = [
            inner
            for item in level
            for inner in (item.values() if isinstance(item, dict) else item if isinstance(item, list) else ())
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True


def _unsafe_text(value: Any) -> bool:
    """Whether a NUL, which PostgreSQL cannot keep, is anywhere in the document."""
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, dict):
        return any(_unsafe_text(key) or _unsafe_text(inner) for key, inner in value.items())
    return isinstance(value, list) and any(_unsafe_text(item) for item in value)


def read_body(request: Request, model: type[M], *, form: bool) -> M:
    """The body as `model`. Raises `Malformed`, `UnsupportedMediaType` or `Invalid`."""
    kind = request.mimetype
    if form and kind in {_FORM, "multipart/form-data"}:
        return read_form(request, model)
    raw = request.get_data(cache=True)
    if kind and kind != "application/json" and not kind.endswith("+json"):
        raise UnsupportedMediaType("the body must be application/json")
    if not raw and not any(field.is_required() for field in model.model_fields.values()):
        raw = b"{}"
    elif raw and not kind:
        raise UnsupportedMediaType("the body must be application/json")
    try:
        document = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise Malformed("the body is not JSON") from None
    if not isinstance(document, dict):
        raise Malformed("the body must be a JSON object")
    if _too_deep(document):
        raise Malformed("the body is nested too deeply")
    try:
        # `by JSON` keeps strictness where JSON has no type of its own (UUIDs, enumerations) sensible.
        found = model.model_validate_json(raw)
    except ValidationError as error:
        raise Invalid(errors=field_errors(error)) from None
    except ValueError:
        raise Malformed("the body is not JSON") from None
    if _unsafe_text(document):
        raise Malformed("the body contains a NUL character")
    return found


def read_form(request: Request, model: type[M]) -> M:
    """A form as `model`: for pages that work without JavaScript. Empty fields count as not given."""
    values = {name: value for name, value in request.form.items() if value != ""}
    if any("\x00" in value for value in values.values()):
        raise Malformed("the body contains a NUL character")
    try:
        return model.model_validate(values, strict=False)
    except ValidationError as error:
        raise Invalid(errors=field_errors(error)) from None


_REMEMBERED_BYTES = 300
_queries: ExpiringCache[tuple[type[BaseModel], bytes], BaseModel] = ExpiringCache(capacity=1000, seconds=600)


def _takes_many(field: FieldInfo) -> bool:
    return get_origin(field.annotation) is list


def read_query(request: Request, model: type[M]) -> M:
    """The query as `model`; a name given twice, unless the field is a list, is refused.

    What was read is remembered: lists are asked for with the same few queries over and over.
    """
    key = (model, request.query_string)
    found = _queries.get(key)
    if found is None:
        found = _read_query(request, model)
        if len(request.query_string) <= _REMEMBERED_BYTES:
            _queries.put(key, found)
    return cast(M, found)


def _read_query(request: Request, model: type[M]) -> M:
    values: dict[str, Any] = {}
    for name, given in request.args.lists():
        if any("\x00" in item for item in given):
            raise Invalid(errors=[FieldError(pointer=f"?{name[:100]}", detail="must not contain NUL")])
        if name in model.model_fields and _takes_many(model.model_fields[name]):
            values[name] = given
            continue
        if len(given) > 1:
            raise Invalid(errors=[FieldError(pointer=f"?{name[:100]}", detail="is given more than once")])
        values[name] = given[0]
    try:
        return model.model_validate(values)
    except ValidationError as error:
        errors = [FieldError(pointer="?" + e.pointer.lstrip("/"), detail=e.detail) for e in field_errors(error)]
        raise Invalid(errors=errors) from None
