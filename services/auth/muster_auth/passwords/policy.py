"""Which passwords are refused: too short, too long, or among the first that anybody would try."""

import re
import unicodedata
from functools import cache
from importlib import resources

from muster_shared.problems import Invalid

SHORTEST, LONGEST = 12, 1000
_ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890123456789",
    "12345678901234567890",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
    "1q2w3e4r5t6y7u8i9o0p",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "qazwsxedcrfvtgbyhnujmikolp",
    "a1b2c3d4e5f6g7h8i9j0",
)
_LEET = str.maketrans("013457@$!", "oieastasi")
_EDGES = re.compile(r"^[\W\d_]+|[\W\d_]+$")


def require_good(password: str, *, name: str, email: str, pointer: str = "/password") -> None:
    """Raises `Invalid` for a password that is refused. There are no rules of composition."""
    if len(password) < SHORTEST:
        raise Invalid.field(pointer, f"must have at least {SHORTEST} characters")
    if len(password) > LONGEST:
        raise Invalid.field(pointer, f"must have at most {LONGEST} characters")
    if is_common(password) or _is_personal(password, name=name, email=email):
        raise Invalid.field(pointer, "is among the first that anybody would try; choose another")


def is_common(password: str) -> bool:
    """Whether it is a common word or row of keys, repeated, dressed up with digits and marks, or both."""
    plain = _fold(password)
    if len(set(plain)) <= 2 or _repeats(plain) or _runs(plain):
        return True
    cores = {plain, plain.translate(_LEET), _EDGES.sub("", plain), _EDGES.sub("", plain).translate(_LEET)}
    cores |= {re.sub(r"[\W\d_]+", "", core) for core in list(cores)}
    return any(_is_made_of(core, _words()) for core in cores if len(core) > 3)


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


@cache
def _words() -> frozenset[str]:
    text = resources.files("muster_auth.passwords").joinpath("common.txt").read_text(encoding="utf-8")
    return frozenset(line for line in text.split() if line)


def _is_made_of(text: str, words: frozenset[str]) -> bool:
    """Whether `text` is one common word, or up to three of them in a row."""
    if text in words:
        return True
    reach = [{0}, set(), set(), set()]
    for count in range(3):
        for start in reach[count]:
            for end in range(start + 2, len(text) + 1):
                if text[start:end] in words:
                    reach[count + 1].add(end)
        if len(text) in reach[count + 1]:
            return True
    return False


def _repeats(text: str) -> bool:
    """One piece of up to six characters over and over, as in "abcabcabcabc"."""
    return any(
        text == (text[:size] * (len(text) // size + 1))[: len(text)] for size in range(1, min(6, len(text) // 2) + 1)
    )


def _runs(text: str) -> bool:
    """A stretch of the alphabet, of the digits or of a keyboard's rows, either way round, twice over or not."""
    letters = re.sub(r"[\W_]+", "", text)
    for row in _ROWS:
        for line in (row * 3, row[::-1] * 3):
            if letters and (
                letters in line
                or (letters[: (len(letters) + 1) // 2] * 2 == letters and letters[: len(letters) // 2] in line)
            ):
                return True
    return False


def _is_personal(password: str, *, name: str, email: str) -> bool:
    plain = _fold(password)
    address = _fold(email)
    own = {address, address.partition("@")[0], _fold(name), _fold(name).replace(" ", "")}
    core = _EDGES.sub("", plain)
    return plain in own or core in own
