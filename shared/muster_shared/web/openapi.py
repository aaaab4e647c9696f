"""OpenAPI 3.1 from the operations and their pydantic models, and a page to read it."""

import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, render_template_string
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from muster_shared.auth.guards import Access
from muster_shared.web.answers import PROBLEM_TYPE, encode
from muster_shared.web.docs_page import CSS, TEMPLATE
from muster_shared.web.routes import Operation

_PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>")
_PROBLEM_SCHEMA = {
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}


def document(*, service: str, title: str, operations: Sequence[Operation]) -> dict[str, Any]:
    """The OpenAPI 3.1 document of a service; pages and `/internal` are left out."""
    shown = [o for o in operations if not o.hidden and o.guard.access is not Access.INTERNAL]
    schemas, names = _schemas(shown)
    paths: dict[str, dict[str, Any]] = {}
    for operation in shown:
        path = _PARAMETER.sub(lambda match: "{" + match[2] + "}", operation.path)
        paths.setdefault(path, {})[operation.method.lower()] = _operation(operation, names)
    return {
        "openapi": "3.1.0",
        "info": {"title": f"Muster: {title}", "version": "1", "summary": f"The {service} service"},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": {"Problem": _PROBLEM_SCHEMA, **schemas},
            "responses": {
                "Problem": {
                    "description": "Problem details (RFC 9457)",
                    "content": {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
                },
                "ProblemPage": {
                    "description": "Problem details (RFC 9457); a page for a form of a page",
                    "content": {
                        PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}},
                        "text/html": {"schema": {"type": "string"}},
                    },
                },
            },
            "securitySchemes": {
                "accessToken": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "serviceKey": {"type": "http", "scheme": "bearer", "description": "msk_<key id>_<secret>"},
                "dashboardToken": {"type": "apiKey", "in": "header", "name": "X-Dashboard-Token"},
            },
        },
    }


Names = dict[tuple[type[BaseModel], str], str]


def _schemas(operations: Sequence[Operation]) -> tuple[dict[str, Any], Names]:
    wanted: list[tuple[type[BaseModel], Any]] = []
    for operation in operations:
        if operation.body is not None:
            wanted.append((operation.body, "validation"))
        wanted += [(m, "serialization") for m in operation.answers.values() if _is_model(m)]
    references, definitions = models_json_schema(
        list(dict.fromkeys(wanted)), ref_template="#/components/schemas/{model}"
    )
    names = {(model, mode): ref["$ref"] for (model, mode), ref in references.items()}
    return definitions.get("$defs", {}), names  # type: ignore[return-value]  # pydantic types the mode narrowly


def _is_model(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, BaseModel)


def _operation(operation: Operation, names: Names) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name.replace(".", "_"),
        "summary": operation.summary or (operation.handler.__doc__ or operation.name).strip().splitlines()[0],
        "tags": [operation.tag],
        "security": operation.guard.openapi_security,
        "parameters": _parameters(operation),
        "responses": _responses(operation, names),
    }
    if operation.guard.scope:
        described["description"] = f"A service key needs the scope `{operation.guard.scope}`."
    if operation.body is not None:
        schema = {"$ref": names[(operation.body, "validation")]}
        content = {"application/json": {"schema": schema}}
        if operation.form:
            content["application/x-www-form-urlencoded"] = {"schema": schema}
        required = any(field.is_required() for field in operation.body.model_fields.values())
        described["requestBody"] = {"required": required, "content": content}
    if operation.takes is not None:
        described["requestBody"] = {"required": True, "content": {operation.takes: {"schema": {"type": "string"}}}}
    return described


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    parameters: list[dict[str, Any]] = []
    for kind, name in _PARAMETER.findall(operation.path):
        schema: Any = {"type": "string", "format": "uuid"} if kind == "uuid" else {"type": "string"}
        parameters.append({"name": name, "in": "path", "required": True, "schema": schema})
    if operation.query is not None:
        described = operation.query.model_json_schema()
        required = described.get("required", [])
        for name, schema in described.get("properties", {}).items():
            parameters.append(
                {
                    "name": name,
                    "in": "query",
                    "required": name in required,
                    "schema": _inline(schema, described.get("$defs", {})),
                }
            )
    if operation.idempotent:
        schema = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"}
        parameters.append({"name": "Idempotency-Key", "in": "header", "required": False, "schema": schema})
    return parameters


def _inline(schema: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(schema, dict):
        if "$ref" in schema:
            return _inline(definitions[schema["$ref"].rsplit("/", 1)[-1]], definitions)
        return {key: _inline(value, definitions) for key, value in schema.items()}
    return [_inline(item, definitions) for item in schema] if isinstance(schema, list) else schema


def _responses(operation: Operation, names: Names) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, model in (operation.answers or {204: None}).items():
        entry: dict[str, Any] = {"description": HTTPStatus(status).phrase}
        if _is_model(model):
            entry["content"] = {"application/json": {"schema": {"$ref": names[(model, "serialization")]}}}
        elif isinstance(model, str):
            entry["content"] = {model: {"schema": {"type": "object" if model.endswith("json") else "string"}}}
        elif isinstance(model, dict):
            entry["content"] = {"application/json": {"schema": model}}
        responses[str(status)] = entry
    if operation.method == "GET" and "200" in responses:
        responses["304"] = {"description": "Not Modified"}
    # One entry for whatever goes wrong: every error has the same shape.
    expected = {400, 404, 405, 409, 413, 415, 422, 429, 500, 503, *operation.errors}
    if operation.guard.access is not Access.PUBLIC:
        expected |= {401, 403}
    problem = "ProblemPage" if operation.form else "Problem"
    for status in sorted(expected):
        responses.setdefault(str(status), {"$ref": f"#/components/responses/{problem}"})
    return responses


def add_documentation(app: Flask, *, service: str, title: str, operations: Sequence[Operation]) -> None:
    """Serves `/api/<service>/openapi.json` and, for people, `/api/<service>/docs`."""
    described = document(service=service, title=title, operations=operations)
    body = encode(described)

    def openapi() -> Response:
        return Response(body, mimetype="application/json", headers={"Cache-Control": "public, max-age=60"})

    def docs() -> Response:
        page = render_template_string(TEMPLATE, service=service, document=described)
        policy = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"
        return Response(page, mimetype="text/html", headers={"Content-Security-Policy": policy})

    def css() -> Response:
        return Response(CSS, mimetype="text/css", headers={"Cache-Control": "public, max-age=300"})

    for name, view in (("openapi.json", openapi), ("docs", docs), ("docs.css", css)):
        app.add_url_rule(
            f"/api/{service}/{name}",
            f"documentation:{name}",
            view,
            methods=["GET"],
            provide_automatic_options=False,
        )
