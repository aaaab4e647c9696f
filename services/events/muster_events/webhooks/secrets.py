"""The webhooks' signing secrets: made here, encrypted where they rest."""

import base64
import secrets

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from muster_events.config import EventsSettings

# What Standard Webhooks asks for: 24 to 64 bytes, with this prefix.
_PREFIX = "whsec_"
_BYTES = 32


def new_signing_secret() -> str:
    """A new secret, in the form the receivers' libraries take."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(_BYTES)).decode()


class SecretBox:
    """Encrypts signing secrets with a key that no table has."""

    def __init__(self, settings: EventsSettings) -> None:
        given = settings.webhook_key or settings.cache_secret
        key = HKDF(SHA256(), 32, salt=None, info=b"muster webhook secrets").derive(given.get_secret_value().encode())
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    def seal(self, secret: str) -> bytes:
        """The secret as it rests."""
        return self._fernet.encrypt(secret.encode())

    def open(self, sealed: bytes) -> str:
        """The secret. Raises `cryptography.fernet.InvalidToken` when the key is another."""
        return self._fernet.decrypt(bytes(sealed)).decode()
