"""Page codes and page addresses."""

import re
import secrets
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

# Crockford's base32: no I, L, O or U to misread on paper. Upper case, so no code is ever a valid slug.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
# 5 bits a character: 100 bits are out of reach of guessing at any rate, and still fit under a printed QR code.
_CODE_CHARACTERS = 20
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")
_RESERVED = frozenset({"index", "admin", "api", "assets", "pages", "static", "robots", "favicon"})


def new_code() -> str:
    """A page code that cannot be guessed."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_CODE_CHARACTERS))


def _read_slug(value: str) -> str:
    if not _SLUG.match(value):
        raise ValueError("must be lower-case letters, digits and single hyphens between them")
    if value in _RESERVED:
        raise ValueError("is reserved")
    return value


Slug = Annotated[str, StringConstraints(min_length=3, max_length=60), AfterValidator(_read_slug)]
"""A friendly page address: `sunset-charter-poros`."""
