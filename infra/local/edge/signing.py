"""Checks CloudFront signed URLs: a canned policy, ECDSA P-256 or RSA by the key, SHA-1 as CloudFront has it.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-creating-signed-url-canned-policy.html
"""

import base64
import binascii
import re
from dataclasses import dataclass
from enum import StrEnum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

_FROM_URL = str.maketrans("-_~", "+=/")
_TO_URL = str.maketrans("+=/", "-_~")
_EPOCH = re.compile(r"[1-9][0-9]{0,11}", re.ASCII)
_SIGNATURE_PARAMETERS = ("Expires", "Signature", "Key-Pair-Id")

PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey


class Refusal(StrEnum):
    """Why a URL is not good. The reader only ever sees 403."""

    UNSIGNED = "unsigned"
    MALFORMED = "malformed"
    UNKNOWN_KEY = "unknown_key"
    EXPIRED = "expired"
    WRONG_SIGNATURE = "wrong_signature"


class Refused(Exception):
    """The URL is not signed as it has to be."""

    def __init__(self, reason: Refusal) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True)
class Verifier:
    """The trusted keys, by key pair id, and the origin that people see."""

    origin: str
    keys: dict[str, PublicKey]

    def check(self, target: str, *, now_seconds: float) -> int:
        """The expiry (epoch seconds) of `target`, the raw path and query of the request.

        Raises `Refused`.
        """
        path, _, query = target.partition("?")
        given, rest = _parameters(query)
        if not given:
            raise Refused(Refusal.UNSIGNED)
        if set(given) != set(_SIGNATURE_PARAMETERS) or not _EPOCH.fullmatch(given["Expires"]):
            raise Refused(Refusal.MALFORMED)
        key = self.keys.get(given["Key-Pair-Id"])
        if key is None:
            raise Refused(Refusal.UNKNOWN_KEY)
        resource = f"{self.origin}{path}" + (f"?{rest}" if rest else "")
        policy = canned_policy(resource, int(given["Expires"]))
        _verify(key, _decoded(given["Signature"]), policy.encode())
        if now_seconds >= int(given["Expires"]):
            raise Refused(Refusal.EXPIRED)
        return int(given["Expires"])


def canned_policy(resource: str, expires: int) -> str:
    """The policy that a canned signature covers, to the byte."""
    return f'{{"Statement":[{{"Resource":"{resource}","Condition":{{"DateLessThan":{{"AWS:EpochTime":{expires}}}}}}}]}}'


def load_key(pem: str) -> PublicKey:
    """A public key from PEM. Raises `ValueError` for any other kind."""
    key = serialization.load_pem_public_key(pem.encode())
    if not isinstance(key, PublicKey):
        raise TypeError("a CloudFront key is RSA or ECDSA")
    return key


def _parameters(query: str) -> tuple[dict[str, str], str]:
    """The three parameters that sign, and what is left of the query. A repeated one is malformed."""
    given: dict[str, str] = {}
    rest = []
    for pair in query.split("&") if query else ():
        name, _, value = pair.partition("=")
        if name not in _SIGNATURE_PARAMETERS:
            rest.append(pair)
        elif name in given:
            raise Refused(Refusal.MALFORMED)
        else:
            given[name] = value
    return given, "&".join(rest)


def _decoded(signature: str) -> bytes:
    """CloudFront's Base64. Its last character has spare bits; only the one canonical spelling is good."""
    try:
        raw = base64.b64decode(signature.translate(_FROM_URL), validate=True)
    except (binascii.Error, ValueError):
        raise Refused(Refusal.MALFORMED) from None
    if base64.b64encode(raw).decode().translate(_TO_URL) != signature:
        raise Refused(Refusal.MALFORMED)
    return raw


def _verify(key: PublicKey, signature: bytes, policy: bytes) -> None:
    try:
        # CloudFront defines canned signatures over SHA-1.
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, policy, padding.PKCS1v15(), hashes.SHA1())
        else:
            key.verify(signature, policy, ec.ECDSA(hashes.SHA1()))
    except InvalidSignature:
        raise Refused(Refusal.WRONG_SIGNATURE) from None
