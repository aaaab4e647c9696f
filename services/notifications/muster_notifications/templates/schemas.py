"""Wire shapes of templates."""

from typing import Literal

from muster_shared.web import Query, View


class TemplateView(View):
    """A template: whom it is for, and what can be unsubscribed from, if it can."""

    name: str
    audience: str
    scope: str | None
    languages: list[str]
    versions: dict[str, str]


class TemplateList(View):
    """All of them."""

    items: list[TemplateView]


class PreviewQuery(Query):
    """In which language."""

    language: Literal["en", "de", "fr", "es"] = "en"


class Preview(View):
    """A mail filled with sample data."""

    name: str
    language: str
    version: str
    subject: str
    html: str
    text: str
    has_calendar: bool
