"""What the roster is asked to do, and how names and addresses are compared."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

LANGUAGES = ("en", "de", "fr", "es")


@dataclass(frozen=True)
class AddMember:
    """Somebody new. `language` None: the organisation's."""

    name: str
    email: str
    phone: str = ""
    skills: tuple[str, ...] = ()
    language: str | None = None
    notes: str = ""


def email_key(address: str) -> str:
    """What two writings of one address have in common."""
    return unicodedata.normalize("NFC", address).casefold()


def name_key(name: str) -> str:
    """What names are sorted by and found by: accents and case make no difference."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    return "".join(character for character in plain if not unicodedata.combining(character))


def tidy_skills(skills: Sequence[str]) -> list[str]:
    """Skills in lower case, each once, in their order."""
    return list(dict.fromkeys(skill.strip().casefold() for skill in skills if skill.strip()))
