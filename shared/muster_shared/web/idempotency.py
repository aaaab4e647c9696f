"""Idempotency keys: the first answer is kept 24 h in the same transaction as its effect, and replayed."""

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import orjson
from cryptography.fernet import Fernet
from flask import Request, Response
from sqlalchemy import Column, DateTime, Integer, LargeBinary, Table, Text, delete, func, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Session

from muster_shared import clock
from muster_shared.auth.principal import Principal
from muster_shared.db.base import platform_metadata
from muster_shared.problems import Conflict, FieldError, Invalid

HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotency-Replayed"
KEPT = timedelta(hours=24)
_FORMAT = re.compile(r"[\x21-\x7e]{1,255}\Z")
_KEPT_HEADERS = ("Content-Type", "Location", "ETag")

idempotency_keys = Table(
    "idempotency_keys",
    platform_metadata,
    Column("id", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("status", Integer, nullable=True),
    Column("headers", JSONB, nullable=True),
    Column("body", LargeBinary, nullable=True),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now(), index=True),
)


class KeyReused(Invalid):
    """422: the key was used for another request."""

    slug, title = "idempotency-key-reused", "The idempotency key was used for another request"


@dataclass(frozen=True)
class IdempotentCall:
    """One keyed call. `id` is a hash of caller, operation and key; the key itself is not kept."""

    id: str
    fingerprint: str
    cipher_key: bytes | None

    def begin(self, session: Session) -> Response | None:
        """The first answer when there is one; None when this is the first, whose row is then ours.

        A second call with the same key while the first is under way waits for that one's transaction.
        """
        expired = clock.now() - KEPT
        session.execute(
            delete(idempotency_keys).where(idempotency_keys.c.id == self.id, idempotency_keys.c.created_at < expired)
        )
        inserted = session.execute(
            insert(idempotency_keys)
            .values(id=self.id, fingerprint=self.fingerprint, created_at=clock.now())
            .on_conflict_do_nothing()
            .returning(idempotency_keys.c.id)
        ).first()
        if inserted is not None:
            return None
        row = session.execute(select(idempotency_keys).where(idempotency_keys.c.id == self.id)).first()
        if row is None or row.status is None:
            raise Conflict("a call with this key is under way")
        if row.fingerprint != self.fingerprint:
            raise KeyReused(errors=[FieldError(pointer=HEADER, detail="was used with another body")])
        body = Fernet(self.cipher_key).decrypt(row.body) if self.cipher_key else row.body
        response = Response(body, status=row.status)
        response.headers.pop("Content-Type", None)
        for name, value in row.headers.items():
            response.headers[name] = value
        response.headers[REPLAYED_HEADER] = "true"
        return response

    def finish(self, session: Session, response: Response) -> None:
        """Keeps the answer; it commits with the effect."""
        body = response.get_data()
        session.execute(
            update(idempotency_keys)
            .where(idempotency_keys.c.id == self.id)
            .values(
                status=response.status_code,
                headers={name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers},
                body=Fernet(self.cipher_key).encrypt(body) if self.cipher_key else body,
            )
        )


def idempotent_call(
    request: Request, *, principal: Principal, operation: str, sensitive: bool, secret: bytes
) -> IdempotentCall | None:
    """The keyed call of this request, or None without a key. Raises `Invalid` for a key of a wrong form."""
    key = request.headers.get(HEADER)
    if key is None:
        return None
    if not _FORMAT.match(key):
        raise Invalid(errors=[FieldError(pointer=HEADER, detail="must be 1 to 255 visible ASCII characters")])
    name = orjson.dumps([principal.label, operation, request.path, key])
    cipher = None
    if sensitive:
        # Whoever has the table has not the answer: that takes the caller's key, which is kept nowhere.
        cipher = base64.urlsafe_b64encode(hmac.new(secret, b"answer" + name, hashlib.sha256).digest())
    return IdempotentCall(
        id=hmac.new(secret, name, hashlib.sha256).hexdigest(),
        fingerprint=hashlib.sha256(_canonical(request.get_data(cache=True))).hexdigest(),
        cipher_key=cipher,
    )


def _canonical(raw: bytes) -> bytes:
    """The body with its keys sorted, so that a client that orders them anew says the same thing."""
    try:
        document: Any = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return raw
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)


def forget_old_answers(session: Session) -> int:
    """Deletes answers kept longer than 24 h; returns how many."""
    result = session.execute(delete(idempotency_keys).where(idempotency_keys.c.created_at < clock.now() - KEPT))
    return int(getattr(result, "rowcount", 0))
