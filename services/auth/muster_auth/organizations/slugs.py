"""Short names for addresses, made of organisations' names."""

import re
import unicodedata

_LONGEST = 60
_LETTERS = str.maketrans({"ß": "ss", "æ": "ae", "ø": "o", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th"})


def slug_of(name: str) -> str:
    """Lower-case letters, digits and hyphens; "organisation" for a name that has none of these."""
    plain = unicodedata.normalize("NFKD", name.casefold().translate(_LETTERS))
    ascii_only = plain.encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-")[:_LONGEST].rstrip("-")
    return slug or "organisation"
