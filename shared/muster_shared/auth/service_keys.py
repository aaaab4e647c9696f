"""Service keys, `msk_<key id>_<secret>`: checked against this service's copy, at the cost of a hash once seen.

A secret ends in a tag that only Muster can compute, so that made-up keys cost neither a query nor a bcrypt.
"""

import base64
import hashlib
import hmac
import re
import secrets
import time
from dataclasses import dataclass
from datetime import datetime
from threading import BoundedSemaphore, Lock
from typing import Any
from uuid import UUID

import bcrypt
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError

from muster_shared import clock
from muster_shared.auth.cache import ExpiringCache
from muster_shared.auth.internal import InternalClient, InternalUnavailable
from muster_shared.auth.tables import service_keys
from muster_shared.db import Database
from muster_shared.logs import log
from muster_shared.messages.auth import ServiceKeyUsed
from muster_shared.messaging import outbox
from muster_shared.problems import Unavailable

_FORMAT = re.compile(r"msk_([0-9a-f]{32})_([A-Za-z0-9_-]{43})\Z")
# The secret has 192 random bits: a slow hash adds nothing against guessing, so bcrypt runs at its lowest cost.
_BCRYPT_ROUNDS = 4
_RANDOM_BYTES = 24
_TAG_BYTES, _TAG_CHARACTERS = 8, 11
_SEEN_SECONDS = 60.0
_ROW_SECONDS = 1.0
_REFUSED_SECONDS = 10.0
_LOOK_UPS_AT_ONCE = 2
_UNTAGGED_A_SECOND = 5
_USE_TOLD_EVERY_SECONDS = 60.0

_log = log(__name__)


class ServiceKeyRefused(Exception):
    """No such key, a wrong secret, expired or revoked: the caller is told the same for all."""


@dataclass(frozen=True)
class ServiceKey:
    """One key as the copy has it. Times are aware, UTC."""

    id: UUID
    org_id: UUID
    name: str
    secret_hash: str
    scopes: frozenset[str]
    expires_at: datetime | None
    revoked_at: datetime | None

    def holds(self) -> bool:
        """Neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > clock.now())


class KeyTags:
    """The last 11 characters of a secret: a MAC over the key's id and the rest of the secret.

    A tag lets nobody in; the hash does that. It tells made-up keys from those that were issued, by arithmetic alone.
    """

    def __init__(self, internal_secret: str) -> None:
        self._key = hashlib.blake2b(internal_secret.encode(), person=b"service-key-tag").digest()

    def new_secret(self, key_id: UUID) -> str:
        """A secret for the key of this id: 192 random bits and their tag, 43 characters."""
        random = secrets.token_urlsafe(_RANDOM_BYTES)
        return random + self._tag(key_id, random)

    def hold(self, key_id: UUID, secret: str) -> bool:
        """Whether `secret` was made here for this key."""
        return hmac.compare_digest(self._tag(key_id, secret[:-_TAG_CHARACTERS]), secret[-_TAG_CHARACTERS:])

    def _tag(self, key_id: UUID, random: str) -> str:
        mac = hashlib.blake2b(key_id.bytes + random.encode(), key=self._key, digest_size=_TAG_BYTES).digest()
        return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def format_key(*, key_id: UUID, secret: str) -> str:
    """The text a person copies."""
    return f"msk_{key_id.hex}_{secret}"


def hash_secret(secret: str) -> str:
    """bcrypt of the secret."""
    return bcrypt.hashpw(secret.encode(), bcrypt.gensalt(_BCRYPT_ROUNDS)).decode()


class _Pace:
    """At most so many a second, all of them at once if need be."""

    def __init__(self, *, a_second: int) -> None:
        self._most = float(a_second)
        self._left = self._most
        self._at = time.monotonic()
        self._lock = Lock()

    def take(self) -> bool:
        """Takes one if there is one."""
        with self._lock:
            now = time.monotonic()
            self._left = min(self._most, self._left + (now - self._at) * self._most)
            self._at = now
            if self._left < 1:
                return False
            self._left -= 1
            return True


class ServiceKeys:
    """Checks keys. A key that held is remembered by HMAC for a minute; its row is looked at every second."""

    def __init__(self, *, database: Database, auth: InternalClient | None, tags: KeyTags, cache_secret: str) -> None:
        self._database = database
        self._auth = auth
        self._tags = tags
        self._cache_secret = cache_secret.encode()
        self._seen: ExpiringCache[bytes, UUID] = ExpiringCache(capacity=10_000, seconds=_SEEN_SECONDS)
        self._refused: ExpiringCache[bytes, bool] = ExpiringCache(capacity=50_000, seconds=_REFUSED_SECONDS)
        self._rows: ExpiringCache[UUID, ServiceKey] = ExpiringCache(capacity=10_000, seconds=_ROW_SECONDS)
        self._told: ExpiringCache[UUID, bool] = ExpiringCache(capacity=10_000, seconds=_USE_TOLD_EVERY_SECONDS)
        self._look_ups = BoundedSemaphore(_LOOK_UPS_AT_ONCE)
        self._untagged = _Pace(a_second=_UNTAGGED_A_SECOND)

    def verify(self, text: str) -> ServiceKey:
        """The key behind `text`. Raises `ServiceKeyRefused`, or `Unavailable` when it cannot be known now."""
        match = _FORMAT.match(text)
        if match is None:
            raise ServiceKeyRefused
        key_id, secret = UUID(match[1]), match[2]
        digest = hmac.digest(self._cache_secret, text.encode(), hashlib.sha256)
        if self._refused.get(digest):
            raise ServiceKeyRefused
        is_seen = self._seen.get(digest) == key_id
        # Made up; or made before there were tags, or under a former secret: those are let through, a few a second.
        if not is_seen and not self._tags.hold(key_id, secret) and not self._untagged.take():
            raise Unavailable(retry_after_seconds=1)
        key = self._row(key_id)
        if key is None:
            self._refused.put(digest, True, seconds=_ROW_SECONDS)
            raise ServiceKeyRefused
        if not key.holds():
            raise ServiceKeyRefused
        if not is_seen:
            if not bcrypt.checkpw(secret.encode(), key.secret_hash.encode()):
                self._refused.put(digest, True)
                raise ServiceKeyRefused
            self._seen.put(digest, key_id)
        if self._told.get(key_id) is None:
            self._tell_use(key_id)
        return key

    def _tell_use(self, key_id: UUID) -> None:
        """Says that the key was used, once a minute; that this fails is no reason to refuse the call."""
        self._told.put(key_id, True)
        try:
            with self._database.transaction() as session:
                outbox.emit(session, ServiceKeyUsed(key_id=key_id, used_at=clock.now()))
        except SQLAlchemyError as error:
            _log.warning("key_use_not_told", error=type(error).__name__)

    def forget(self) -> None:
        """Drops what is remembered in this process."""
        for cache in (self._seen, self._refused, self._rows, self._told):
            cache.clear()

    def _row(self, key_id: UUID) -> ServiceKey | None:
        if (known := self._rows.get(key_id)) is not None:
            return known
        with self._database.read() as connection:
            row = connection.execute(select(service_keys).where(service_keys.c.id == key_id)).mappings().first()
        key = _from_row(row) if row is not None else self._from_auth(key_id)
        if key is not None:
            self._rows.put(key_id, key)
        return key

    def _from_auth(self, key_id: UUID) -> ServiceKey | None:
        if self._auth is None:
            return None
        # Few at once, and nobody waits for a turn: an auth that hangs must not occupy every thread. A key made this
        # moment is asked about again with the client's next try.
        if not self._look_ups.acquire(blocking=False):
            raise Unavailable(retry_after_seconds=1)
        try:
            found = self._auth.get(f"/internal/service-keys/{key_id}")
        except InternalUnavailable as error:
            raise Unavailable(retry_after_seconds=2) from error
        finally:
            self._look_ups.release()
        if found is None:
            return None
        values = {**found, "id": key_id, "org_id": UUID(found["org_id"])}
        for name in ("expires_at", "revoked_at"):
            values[name] = datetime.fromisoformat(found[name]) if found.get(name) else None
        statement = insert(service_keys).values(
            {name: values[name] for name in service_keys.c.keys()}  # noqa: SIM118  # a column collection
        )
        with self._database.transaction() as session:
            session.execute(statement.on_conflict_do_nothing())
        return _from_row(values)


def _from_row(row: Any) -> ServiceKey:
    return ServiceKey(
        id=row["id"],
        org_id=row["org_id"],
        name=row["name"],
        secret_hash=row["secret_hash"],
        scopes=frozenset(row["scopes"]),
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
    )
