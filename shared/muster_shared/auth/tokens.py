"""Access and id tokens: ES256 JWTs as in RFC 9068, checked strictly (RFC 8725)."""

import hashlib
import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import UUID

import jwt
import requests
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey

from muster_shared.auth.cache import ExpiringCache
from muster_shared.logs import log

ACCESS_AUDIENCE = "muster-api"
ACCESS_TYPE = "at+jwt"
ACCESS_LIFETIME_SECONDS = 600
_LEEWAY_SECONDS = 30
_REQUIRED = ["iss", "aud", "sub", "sid", "iat", "nbf", "exp", "jti"]
_REFUSED_HEADERS = frozenset({"jku", "x5u", "jwk", "x5c", "crit", "x5t", "x5t#S256"})
_FETCH_TIMEOUT_SECONDS = (1.0, 2.0)
_KEYS_FRESH_SECONDS = 300.0
_REFETCH_AT_MOST_EVERY_SECONDS = 5.0
_MAXIMUM_TOKEN_CHARACTERS = 4096

_log = log(__name__)


class TokenRefused(Exception):
    """The token does not hold; the text is for the log and names no part of it."""


@dataclass(frozen=True)
class AccessClaims:
    """What a valid access token says. `expires_at` is aware, UTC."""

    user_id: UUID
    session_id: UUID
    name: str
    issued_at: datetime
    expires_at: datetime


class KeySource(Protocol):
    """Where public keys come from, by `kid`."""

    def key(self, kid: str) -> EllipticCurvePublicKey | None:
        """The key, or None when it is not on the list."""


class StaticKeys:
    """Keys held in this process: auth's own, and those of tests."""

    def __init__(self, keys: Mapping[str, EllipticCurvePublicKey]) -> None:
        self._keys = dict(keys)

    def key(self, kid: str) -> EllipticCurvePublicKey | None:
        """The key, or None."""
        return self._keys.get(kid)


class RemoteKeys:
    """Keys from a JWKS address, kept while auth is away.

    An unknown `kid` asks again, at most every 5 s, so that a rotation needs no restart and a flood of
    made-up ones costs nothing.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._keys: dict[str, EllipticCurvePublicKey] = {}
        self._fetched_at = float("-inf")
        self._tried_at = float("-inf")
        self._lock = threading.Lock()

    def key(self, kid: str) -> EllipticCurvePublicKey | None:
        """The key, or None. Never raises for a JWKS that cannot be had: the last one goes on holding."""
        now = time.monotonic()
        if kid not in self._keys or now - self._fetched_at > _KEYS_FRESH_SECONDS:
            with self._lock:
                if time.monotonic() - self._tried_at > _REFETCH_AT_MOST_EVERY_SECONDS:
                    self._fetch()
        return self._keys.get(kid)

    def _fetch(self) -> None:
        try:
            answer = requests.get(self._address, timeout=_FETCH_TIMEOUT_SECONDS)
            answer.raise_for_status()
            self._keys = read_jwks(answer.json())
            self._fetched_at = time.monotonic()
        except (requests.RequestException, ValueError, KeyError) as error:
            _log.warning("jwks_unreachable", error=type(error).__name__)
            if self._keys:
                self._tried_at = time.monotonic()
                return
        self._tried_at = time.monotonic() if self._keys else float("-inf")


def read_jwks(document: Mapping[str, Any]) -> dict[str, EllipticCurvePublicKey]:
    """The ES256 keys of a JWKS (RFC 7517), by `kid`; other keys are passed over."""
    keys: dict[str, EllipticCurvePublicKey] = {}
    for item in document["keys"]:
        if item.get("kty") == "EC" and item.get("crv") == "P-256" and item.get("use", "sig") == "sig":
            public = jwt.algorithms.ECAlgorithm.from_jwk(json.dumps(item))
            if isinstance(public, EllipticCurvePublicKey):
                keys[str(item["kid"])] = public
    return keys


class TokenVerifier:
    """Checks access tokens; one that held is remembered by its hash until it expires or its key is retired."""

    def __init__(self, *, issuer: str, keys: KeySource) -> None:
        self._issuer = issuer
        self._keys = keys
        self._held: ExpiringCache[bytes, tuple[str, AccessClaims]] = ExpiringCache(
            capacity=10_000, seconds=ACCESS_LIFETIME_SECONDS
        )

    def verify(self, token: str) -> AccessClaims:
        """What `token` says. Raises `TokenRefused` for anything but a valid, current access token."""
        digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        if (held := self._held.get(digest)) is not None and self._keys.key(held[0]) is not None:
            return held[1]
        kid, claims = self._check(token)
        remaining = claims.expires_at.timestamp() + _LEEWAY_SECONDS - time.time()
        self._held.put(digest, (kid, claims), seconds=remaining)
        return claims

    def _check(self, token: str) -> tuple[str, AccessClaims]:
        if len(token) > _MAXIMUM_TOKEN_CHARACTERS:
            raise TokenRefused("too long")
        try:
            header = jwt.get_unverified_header(token)
        except (jwt.InvalidTokenError, ValueError) as error:
            raise TokenRefused("not a JWT") from error
        if header.get("alg") != "ES256" or str(header.get("typ", "")).lower() != ACCESS_TYPE:
            raise TokenRefused("wrong alg or typ")
        if _REFUSED_HEADERS & header.keys():
            raise TokenRefused("a refused header")
        kid = header.get("kid")
        if not isinstance(kid, str) or (key := self._keys.key(kid)) is None:
            raise TokenRefused("unknown kid")
        try:
            claims = jwt.decode(
                token,
                key,
                algorithms=["ES256"],
                audience=ACCESS_AUDIENCE,
                issuer=self._issuer,
                leeway=_LEEWAY_SECONDS,
                options={"require": _REQUIRED, "strict_aud": True},
            )
            lifetime = claims["exp"] - claims["iat"]
            if not 0 < lifetime <= ACCESS_LIFETIME_SECONDS:
                raise TokenRefused("a lifetime out of bounds")
            return kid, AccessClaims(
                user_id=UUID(claims["sub"]),
                session_id=UUID(claims["sid"]),
                name=str(claims.get("name", "")),
                issued_at=datetime.fromtimestamp(claims["iat"], UTC),
                expires_at=datetime.fromtimestamp(claims["exp"], UTC),
            )
        except (jwt.InvalidTokenError, ValueError, TypeError) as error:
            raise TokenRefused(type(error).__name__) from error


def sign(claims: Mapping[str, Any], *, key: EllipticCurvePrivateKey, kid: str, typ: str) -> str:
    """`claims` as an ES256 JWT with `kid` and `typ`. Only auth has a key to sign with."""
    return jwt.encode(dict(claims), key, algorithm="ES256", headers={"kid": kid, "typ": typ})
