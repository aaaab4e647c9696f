"""Rendering a mail: the compiled layout and its plain-text twin, filled from one set of values.

The MJML is compiled to HTML on first use in a process, which takes less than a millisecond; compiled output is
kept nowhere. Values are escaped in HTML and never read as templates; one that a template names and the delivery
lacks raises `MissingVariable`, so that no half mail is ever sent.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, StrictUndefined, UndefinedError
from jinja2 import Template as JinjaTemplate
from markupsafe import Markup
from mjml import mjml2html

from muster_notifications.templates.catalogue import Catalogue, Words, catalogue
from muster_notifications.templates.filling import Filling, fill
from muster_notifications.templates.registry import TEMPLATES, language_of

_BLANK_LINES = re.compile(r"\n{3,}")
_SPACES = re.compile(r"\s+")


class UnknownTemplate(LookupError):
    """There is no template of that name."""


class MissingVariable(Exception):
    """The delivery lacks a value its template names; `name` says which, as the template engine tells it."""


@dataclass(frozen=True)
class Rendered:
    """A mail's words, ready to send."""

    subject: str
    html: str
    text: str
    version: str


@cache
def _environment(*, escape: bool) -> Environment:
    return Environment(
        autoescape=escape,  # noqa: S701  # plain text must not be escaped; HTML is
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _source(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


@cache
def _layout_html() -> JinjaTemplate:
    return _environment(escape=True).from_string(mjml2html(_source("mail.mjml"), fonts={}))  # none from elsewhere


@cache
def _layout_text() -> JinjaTemplate:
    return _environment(escape=False).from_string(_source("mail.txt"))


@cache
def _phrase(source: str, *, escape: bool) -> JinjaTemplate:
    return _environment(escape=escape).from_string(source)


@cache
def version_of(name: str, language: str) -> str:
    """The version of a template in a language: changes whenever its layout or its words do."""
    words = catalogue(language).templates[name]
    content = "\0".join((_source("mail.mjml"), _source("mail.txt"), *words.texts()))
    return hashlib.blake2b(content.encode(), digest_size=5).hexdigest()


def render(
    name: str,
    *,
    language: str,
    recipient_name: str,
    organization: str | None,
    context: Mapping[str, Any],
    link: str | None,
    unsubscribe: str | None = None,
) -> Rendered:
    """The mail of template `name`. Raises `UnknownTemplate` or `MissingVariable`."""
    template = TEMPLATES.get(name)
    if template is None:
        raise UnknownTemplate(name)
    words = catalogue(language_of(language))
    texts = words.templates[name]
    try:
        filling = fill(template, words, context=context, organization=organization)
        names = {**filling.names, "name": recipient_name}
        html, text = (
            _fill_layout(words, texts, filling, names, template.audience, link, unsubscribe, escape=escape)
            for escape in (True, False)
        )
        subject = _line(_phrase(texts.subject, escape=False).render(names))
    except (UndefinedError, KeyError) as error:
        raise MissingVariable(str(error)) from error
    return Rendered(subject=subject, html=html, text=text, version=version_of(name, words.language))


def _fill_layout(
    words: Catalogue,
    texts: Words,
    filling: Filling,
    names: Mapping[str, Any],
    audience: str,
    link: str | None,
    unsubscribe: str | None,
    *,
    escape: bool,
) -> str:
    def say(source: str) -> str:
        said = _phrase(source, escape=escape).render(names)
        # What a phrase escaped the layout must not escape again.
        return Markup(said) if escape else said  # noqa: S704  # rendered by an environment that escapes

    paragraphs = [say(source) for source in texts.body]
    greeting = words.common["greeting" if names["name"] else "greeting_nameless"]
    values = {
        "language": words.language,
        "subject": say(texts.subject),
        "preheader": paragraphs[0],
        "organization": names["organization"],
        "title": say(texts.title),
        "greeting": say(greeting),
        "paragraphs": paragraphs,
        "facts": filling.facts,
        "changes": filling.changes,
        "link": link,
        "button": say(texts.button),
        "note": say(texts.note),
        "footer": say(words.common[f"footer_{audience}"]),
        "unsubscribe": unsubscribe,
        "words": words.common,
    }
    if escape:
        return _layout_html().render(values)
    return _BLANK_LINES.sub("\n\n", _layout_text().render(values)).strip() + "\n"


def _line(text: str) -> str:
    return _SPACES.sub(" ", text).strip()
