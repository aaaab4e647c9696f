"""Codes of an authenticator (RFC 6238) and recovery codes; their secrets at rest."""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime

import pyotp
from cryptography.fernet import Fernet

_STEP_SECONDS = 30
_RECOVERY_CODES = 10
# Without the letters and digits that are read for one another.
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
_RECOVERY_CHARACTERS = 10


class SecretBox:
    """Encrypts secrets at rest, and hashes codes, with keys derived from auth's pepper."""

    def __init__(self, pepper: str) -> None:
        self._pepper = pepper.encode()
        self._fernet = Fernet(base64.urlsafe_b64encode(self.derive("totp-secrets")))

    def derive(self, purpose: str) -> bytes:
        """A key of 32 bytes for one purpose."""
        return hmac.new(self._pepper, b"muster-auth:" + purpose.encode(), hashlib.sha256).digest()

    def seal(self, text: str) -> bytes:
        """`text`, encrypted."""
        return self._fernet.encrypt(text.encode())

    def open(self, sealed: bytes) -> str:
        """What `seal` was given."""
        return self._fernet.decrypt(sealed).decode()

    def recovery_hash(self, code: str) -> bytes:
        """What is kept of a recovery code, however it was typed."""
        plain = "".join(character for character in code.lower() if character.isalnum())
        return hmac.new(self.derive("recovery-codes"), plain.encode(), hashlib.sha256).digest()


def new_secret() -> str:
    """A secret for an authenticator: 160 bits, base32."""
    return pyotp.random_base32()


def provisioning_uri(secret: str, *, email: str) -> str:
    """The `otpauth://` address that authenticators read from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name="Muster")


def step_of(secret: str, code: str, *, at: datetime) -> int | None:
    """The time step whose code this is: the present one or a neighbour; None when it is neither.

    The caller refuses a step not above the last one used, so that a code seen over a shoulder is worth nothing.
    """
    totp = pyotp.TOTP(secret)
    present = int(at.timestamp()) // _STEP_SECONDS
    found = None
    for step in (present - 1, present, present + 1):
        if hmac.compare_digest(totp.at(step * _STEP_SECONDS).encode(), code.encode()):
            found = step
    return found


def new_recovery_codes() -> list[str]:
    """Ten codes of 49 random bits, in two groups to be copied by hand."""
    codes = []
    for _ in range(_RECOVERY_CODES):
        characters = "".join(secrets.choice(_ALPHABET) for _ in range(_RECOVERY_CHARACTERS))
        codes.append(f"{characters[:5]}-{characters[5:]}")
    return codes
