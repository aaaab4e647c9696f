"""Page codes and page addresses."""

import re
import secrets
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

# Crockford's base32: no I, L, O or U to misread on paper. Upper case, so no code is ever a valid slug.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LETTERS = _ALPHABET.encode() * 8
_MISREAD = str.maketrans({"I": "1", "L": "1", "O": "0", " ": None, "-": None})
# 5 bits a character: 100 bits are out of reach of guessing at any rate, and still fit under a printed QR code.
_PAGE_CODE_CHARACTERS = 20
# 80 bits, and still short enough to type at the door when a phone's screen is broken.
_TICKET_CODE_CHARACTERS = 16
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")
_RESERVED = frozenset({"index", "admin", "api", "assets", "pages", "static", "robots", "favicon"})


def new_code() -> str:
    """A page code that cannot be guessed."""
    return _random(_PAGE_CODE_CHARACTERS)


def new_ticket_code() -> str:
    """A ticket's code, which opens the door once."""
    return _random(_TICKET_CODE_CHARACTERS)


def read_ticket_code(given: str) -> str:
    """The code in what was scanned or typed: a ticket's address, or the code with gaps and letters misread."""
    text = given.strip().rsplit("/", 1)[-1].upper()
    return text.translate(_MISREAD)


def _random(characters: int) -> str:
    # 32 letters divide the 256 values of a byte, so that each is as likely as the others.
    return secrets.token_bytes(characters).translate(_LETTERS).decode()


def _read_slug(value: str) -> str:
    if not _SLUG.match(value):
        raise ValueError("must be lower-case letters, digits and single hyphens between them")
    if value in _RESERVED:
        raise ValueError("is reserved")
    return value


Slug = Annotated[str, StringConstraints(min_length=3, max_length=60), AfterValidator(_read_slug)]
"""A friendly page address: `sunset-charter-poros`."""
