"""The app factory and the thin glue between Flask and pydantic."""

from muster_shared.web.answers import Answer
from muster_shared.web.app import AppSpec, create_app
from muster_shared.web.pages import PageQuery, encode_cursor, page_answer, read_cursor
from muster_shared.web.routes import Routes
from muster_shared.web.schemas import (
    AwareTime,
    Body,
    Email,
    Line,
    Page,
    Query,
    Text,
    UtcTime,
    View,
    Zone,
)

__all__ = [
    "Answer",
    "AppSpec",
    "AwareTime",
    "Body",
    "Email",
    "Line",
    "Page",
    "PageQuery",
    "Query",
    "Routes",
    "Text",
    "UtcTime",
    "View",
    "Zone",
    "create_app",
    "encode_cursor",
    "page_answer",
    "read_cursor",
]
