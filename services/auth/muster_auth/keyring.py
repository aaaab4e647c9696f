"""The keys that access tokens are signed with: read from a file, re-read when it changes."""

import json
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)

from muster_shared.logs import log
from muster_shared.settings import DEVELOPMENT_MARK

_LOOK_EVERY_SECONDS = 1.0

_log = log(__name__)


class KeyStatus(StrEnum):
    """`published` keys verify but do not sign; `retired` ones do neither."""

    SIGNING = "signing"
    PUBLISHED = "published"
    RETIRED = "retired"


@dataclass(frozen=True)
class SigningKey:
    """A private key with its name."""

    kid: str
    private_key: EllipticCurvePrivateKey


@dataclass(frozen=True)
class _Ring:
    signing: SigningKey
    public: dict[str, EllipticCurvePublicKey]
    jwks: dict[str, Any]


class KeyFileWrong(Exception):
    """The file of keys cannot be read or says something impossible; the text holds no key."""


class KeyRing:
    """The keys of `path`. A change of the file is seen within a second; a broken one leaves the last that held."""

    def __init__(self, path: Path, *, production: bool = False) -> None:
        self._path = path
        self._production = production
        self._lock = threading.Lock()
        self._seen = self._stamp()
        self._ring = read_ring(path, production=production)
        self._looked_at = time.monotonic()

    @classmethod
    def open_or_exit(cls, path: Path, *, production: bool) -> "KeyRing":
        """As the constructor, but a wrong file ends the process with one line and status 78 (EX_CONFIG)."""
        try:
            return cls(path, production=production)
        except KeyFileWrong as error:
            sys.stderr.write(f"muster: wrong settings: MUSTER_JWT_KEYS_FILE: {error}\n")
            raise SystemExit(78) from None

    @property
    def signing(self) -> SigningKey:
        """The key to sign with now."""
        return self._current().signing

    @property
    def jwks(self) -> dict[str, Any]:
        """The public keys as RFC 7517 has them."""
        return self._current().jwks

    def key(self, kid: str) -> EllipticCurvePublicKey | None:
        """The public key of that name, unless it is retired."""
        return self._current().public.get(kid)

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino

    def _current(self) -> _Ring:
        now = time.monotonic()
        if now - self._looked_at < _LOOK_EVERY_SECONDS:
            return self._ring
        with self._lock:
            self._looked_at = now
            stamp = self._stamp()
            if stamp is not None and stamp != self._seen:
                try:
                    self._ring = read_ring(self._path, production=self._production)
                except KeyFileWrong as error:
                    _log.error("jwt_keys_file_wrong", reason=str(error))
                else:
                    _log.info("jwt_keys_read", signing=self._ring.signing.kid, published=len(self._ring.public))
                self._seen = stamp
        return self._ring


def read_ring(path: Path, *, production: bool = False) -> _Ring:
    """The keys of a file. Raises `KeyFileWrong`."""
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise KeyFileWrong(f"cannot be read ({error.strerror})") from None
    except ValueError:
        raise KeyFileWrong("is not JSON") from None
    signing: list[SigningKey] = []
    public: dict[str, EllipticCurvePublicKey] = {}
    for kid, status, pem in _entries(entries):
        if status is KeyStatus.RETIRED:
            continue
        if production and kid.startswith(DEVELOPMENT_MARK):
            raise KeyFileWrong("holds a development key, which is refused in production")
        private_key = _private_key(pem)
        public[kid] = private_key.public_key()
        if status is KeyStatus.SIGNING:
            signing.append(SigningKey(kid=kid, private_key=private_key))
    if len(signing) != 1:
        raise KeyFileWrong("must have exactly one key with the status signing")
    return _Ring(signing=signing[0], public=public, jwks={"keys": [_jwk(*pair) for pair in public.items()]})


def _entries(entries: Any) -> Sequence[tuple[str, KeyStatus, str]]:
    try:
        found = [
            (str(entry["kid"]), KeyStatus(entry["status"]), str(entry.get("private_pem") or "")) for entry in entries
        ]
    except (TypeError, KeyError, ValueError, AttributeError):
        raise KeyFileWrong("must be a list of {kid, status, private_pem}") from None
    if len({kid for kid, _, _ in found}) != len(found):
        raise KeyFileWrong("names a kid twice")
    return found


def _private_key(pem: str) -> EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise KeyFileWrong("holds a private key that cannot be read") from None
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        raise KeyFileWrong("holds a key that is not on the curve P-256")
    return key


def _jwk(kid: str, key: EllipticCurvePublicKey) -> dict[str, Any]:
    described = jwt.algorithms.ECAlgorithm.to_jwk(key, as_dict=True)
    return {**described, "kid": kid, "use": "sig", "alg": "ES256"}
