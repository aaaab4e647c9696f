"""When two e-mail addresses are the same account's."""

import unicodedata


def address_key(email: str) -> str:
    """The form that is unique: compatibility forms and case are no difference between two accounts.

    Mail always goes to the address as its owner wrote it, never to what a stranger typed that folds to the same.
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", email).casefold())
