"""Making the tokens of a session."""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from cryptography.fernet import Fernet

from muster_auth.accounts.models import User
from muster_auth.core import Core
from muster_shared import clock
from muster_shared.auth.tokens import ACCESS_AUDIENCE, ACCESS_LIFETIME_SECONDS, ACCESS_TYPE, sign
from muster_shared.ids import new_id

ID_AUDIENCE = "muster-dashboard"
REFRESH_IDLE = timedelta(days=7)
SESSION_LIFETIME = timedelta(days=30)
REFRESH_CHARACTERS = 43


@dataclass(frozen=True)
class Tokens:
    """What signing in gives."""

    access_token: str
    id_token: str
    refresh_token: str
    expires_in: int


def issue(core: Core, user: User, *, session_id: UUID, refresh_token: str) -> Tokens:
    """Access and id tokens beside a refresh token."""
    key = core.keys.signing
    now = int(clock.now().timestamp())
    common = {
        "iss": core.settings.public_origin,
        "sub": str(user.id),
        "sid": str(session_id),
        "name": user.name,
        "iat": now,
        "exp": now + ACCESS_LIFETIME_SECONDS,
    }
    access = {**common, "aud": ACCESS_AUDIENCE, "nbf": now, "jti": str(new_id())}
    identity = {**common, "aud": ID_AUDIENCE, "email": user.email, "email_verified": True}
    return Tokens(
        access_token=sign(access, key=key.private_key, kid=key.kid, typ=ACCESS_TYPE),
        id_token=sign(identity, key=key.private_key, kid=key.kid, typ="JWT"),
        refresh_token=refresh_token,
        expires_in=ACCESS_LIFETIME_SECONDS,
    )


def new_refresh_token() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(32)


def refresh_hash(token: str) -> bytes:
    """What is kept of a refresh token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _successor_box(token: str) -> Fernet:
    key = hmac.new(token.encode(), b"muster-auth:refresh-successor", hashlib.sha256).digest()
    return Fernet(base64.urlsafe_b64encode(key))


def seal_successor(token: str, successor: str) -> bytes:
    """`successor` as only a holder of `token` can read it: the table alone gives nobody a session."""
    return _successor_box(token).encrypt(successor.encode())


def open_successor(token: str, sealed: bytes) -> str:
    """The successor that `seal_successor` was given."""
    return _successor_box(token).decrypt(sealed).decode()
