"""The words of the mails by language, read once per process from the TOML files beside this module."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from muster_notifications.templates.registry import LANGUAGES, TEMPLATES


@dataclass(frozen=True)
class Words:
    """One template's words in one language; each is a Jinja text of its own."""

    subject: str
    title: str
    body: Sequence[str]
    button: str = ""
    note: str = ""

    def texts(self) -> tuple[str, ...]:
        """All of them."""
        return (self.subject, self.title, *self.body, self.button, self.note)


@dataclass(frozen=True)
class Catalogue:
    """All the words of one language: of the templates, and those they share."""

    language: str
    common: Mapping[str, str]
    templates: Mapping[str, Words]


@cache
def catalogue(language: str) -> Catalogue:
    """The catalogue of `language`, one of `LANGUAGES`. Raises `ValueError` when it lacks a template or has one more."""
    if language not in LANGUAGES:
        raise ValueError("there is no catalogue of that language")
    source = resources.files(__package__).joinpath("catalogue", f"{language}.toml")
    table = tomllib.loads(source.read_text(encoding="utf-8"))
    common = table.pop("words")
    if set(table) != set(TEMPLATES):
        raise ValueError(f"{language}.toml and the registry differ: {sorted(set(table) ^ set(TEMPLATES))}")
    return Catalogue(
        language=language,
        common=common,
        templates={name: Words(**entry) for name, entry in table.items()},
    )
