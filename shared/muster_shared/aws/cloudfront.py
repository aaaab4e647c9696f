"""CloudFront signed URLs with a canned policy and an EC P-256 key: made by media, checked by the edge.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-creating-signed-url-canned-policy.html
The hash is SHA-256, which CloudFront wants named in the URL (`Hash-Algorithm`); unnamed, it takes SHA-1.
"""

import base64
import binascii
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from muster_shared import clock

MAX_TTL_SECONDS = 15 * 60
_REMEMBERED_URLS = 4096

# CloudFront's own safe alphabet: + = / become - _ ~
_TO_URL = bytes.maketrans(b"+=/", b"-_~")
_FROM_URL = bytes.maketrans(b"-_~", b"+=/")
# Exactly what `Signer` writes: one order, one spelling, nothing beside it. CloudFront is more lenient.
_SIGNED = re.compile(
    r"(?P<path>/[^?#\s]*)\?Expires=(?P<expires>[1-9][0-9]{9})&Signature=(?P<signature>[A-Za-z0-9~-]{80,100}_{0,2})"
    r"&Key-Pair-Id=(?P<key_id>[A-Za-z0-9]{1,64})&Hash-Algorithm=SHA256"
)
# A path that needs no escaping and cannot climb: what Muster names its objects.
_PLAIN_PATH = re.compile(r"/[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")


class Refused(Exception):
    """The URL is not one that may be served now. The text says why, for logs; the viewer learns nothing."""


@dataclass(frozen=True)
class SignedUrl:
    """A URL and the moment from which CloudFront refuses it."""

    url: str
    expires_at: datetime


def _policy(resource: str, expires: int) -> bytes:
    """The canned policy, which both sides rebuild from the URL; its spelling has to be exact."""
    return (
        f'{{"Statement":[{{"Resource":"{resource}","Condition":{{"DateLessThan":{{"AWS:EpochTime":{expires}}}}}}}]}}'
    ).encode()


class Signer:
    """Signs paths of `origin`.

    An expiry is the start of the current time bucket plus `ttl_seconds`, and the signature is deterministic
    (RFC 6979): a path keeps one URL for `bucket_seconds`, so that browsers and the CDN can cache it. A URL
    is good for more than `ttl_seconds - bucket_seconds` and at most `ttl_seconds` (900) when handed out.
    """

    def __init__(
        self,
        *,
        key_id: str,
        private_pem: str,
        origin: str,
        bucket_seconds: int = 300,
        ttl_seconds: int = MAX_TTL_SECONDS,
    ) -> None:
        if not 0 < bucket_seconds < ttl_seconds <= MAX_TTL_SECONDS:
            raise ValueError(f"need 0 < bucket_seconds < ttl_seconds <= {MAX_TTL_SECONDS}")
        key = load_pem_private_key(private_pem.encode(), password=None)
        if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
            raise ValueError("the key must be EC P-256")  # noqa: TRY004  # a wrong file, not a wrong type
        self._key = key
        self._key_id = key_id
        self._origin = origin.rstrip("/")
        self._bucket_seconds = bucket_seconds
        self._ttl_seconds = ttl_seconds
        self._algorithm = ECDSA(SHA256(), deterministic_signing=True)
        self._lock = threading.Lock()
        self._bucket = 0
        self._urls: dict[str, SignedUrl] = {}

    def sign(self, path: str) -> SignedUrl:
        """The signed URL of `path` (`/p/…/web.jpg`). Raises `ValueError` for a path that needs escaping."""
        bucket = int(clock.now().timestamp()) // self._bucket_seconds
        with self._lock:
            if bucket != self._bucket or len(self._urls) >= _REMEMBERED_URLS:
                self._bucket, self._urls = bucket, {}
            known = self._urls.get(path)
        if known is not None:
            return known
        signed = self._sign(path, expires=bucket * self._bucket_seconds + self._ttl_seconds)
        with self._lock:
            if bucket == self._bucket:
                self._urls[path] = signed
        return signed

    def _sign(self, path: str, *, expires: int) -> SignedUrl:
        if _PLAIN_PATH.fullmatch(path) is None:
            raise ValueError("only plain object paths are signed")
        resource = self._origin + path
        signature = self._key.sign(_policy(resource, expires), self._algorithm)
        text = base64.b64encode(signature).translate(_TO_URL).decode()
        return SignedUrl(
            url=f"{resource}?Expires={expires}&Signature={text}&Key-Pair-Id={self._key_id}&Hash-Algorithm=SHA256",
            expires_at=datetime.fromtimestamp(expires, tz=UTC),
        )


def load_public_key(pem: str) -> EllipticCurvePublicKey:
    """The EC P-256 public key in `pem`."""
    key = load_pem_public_key(pem.encode())
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise ValueError("the key must be EC P-256")  # noqa: TRY004  # a wrong file, not a wrong type
    return key


def verify(target: str, *, origin: str, keys: Mapping[str, EllipticCurvePublicKey], now: datetime | None = None) -> str:
    """The object path of a request, if it carries a good signature that has not expired.

    `target` is the request target exactly as it came (`/path?query`, nothing decoded); `origin` is the
    configured one, never the Host header; `keys` maps key ids to public keys. Raises `Refused` for anything
    else, an expiry more than 15 minutes ahead included. The signature is checked before the expiry: what is
    refused for its age was once good.
    """
    match = _SIGNED.fullmatch(target)
    if match is None:
        raise Refused("not a signed URL")
    key = keys.get(match["key_id"])
    if key is None:
        raise Refused("unknown key")
    path, expires = match["path"], int(match["expires"])
    try:
        key.verify(_signature(match["signature"]), _policy(origin.rstrip("/") + path, expires), ECDSA(SHA256()))
    except InvalidSignature:
        raise Refused("wrong signature") from None
    at = (now or clock.now()).timestamp()
    if at >= expires:
        raise Refused("expired")
    if expires - at > MAX_TTL_SECONDS + 1:
        raise Refused("signed for too long")
    return path


def _signature(text: str) -> bytes:
    encoded = text.encode().translate(_FROM_URL)
    try:
        signature = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raise Refused("wrong signature") from None
    # Base64 can spell the same bytes in several ways in its last character: only one is ours.
    if base64.b64encode(signature) != encoded:
        raise Refused("wrong signature")
    return signature
