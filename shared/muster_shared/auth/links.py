"""Capability links: a signed, expiring right to one thing, for people without an account.

A link is an HS256 JWT shared by the service that mints it and the one that checks it. It opens no session; the
row it names decides: a `version` that is not the row's own is a dead link.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import jwt

_TYPE = "muster-link+jwt"
_REQUIRED = ["aud", "sub", "ver", "exp"]
_MAXIMUM_CHARACTERS = 1024


class LinkRefused(Exception):
    """The link is forged, altered, for something else, or has expired (`expired` tells which)."""

    def __init__(self, reason: str, *, expired: bool = False) -> None:
        super().__init__(reason)
        self.expired = expired


@dataclass(frozen=True)
class LinkClaims:
    """What a valid link names. `expires_at` is aware, UTC."""

    subject: UUID
    version: int
    expires_at: datetime


def mint(*, secret: str, audience: str, subject: UUID, version: int, expires_at: datetime) -> str:
    """A link to `subject`, good until `expires_at` and while the row's version is `version`."""
    claims = {"aud": audience, "sub": str(subject), "ver": version, "exp": int(expires_at.timestamp())}
    return jwt.encode(claims, secret, algorithm="HS256", headers={"typ": _TYPE})


def verify(*, secret: str, audience: str, token: str) -> LinkClaims:
    """What `token` names. Raises `LinkRefused`."""
    if len(token) > _MAXIMUM_CHARACTERS:
        raise LinkRefused("too long")
    try:
        if jwt.get_unverified_header(token).get("typ") != _TYPE:
            raise LinkRefused("wrong typ")
        claims = jwt.decode(
            token,
            secret,
            algorithms=["HS256"],
            audience=audience,
            options={"require": _REQUIRED, "strict_aud": True},
        )
        return LinkClaims(
            subject=UUID(claims["sub"]),
            version=int(claims["ver"]),
            expires_at=datetime.fromtimestamp(claims["exp"], UTC),
        )
    except jwt.ExpiredSignatureError as error:
        raise LinkRefused("expired", expired=True) from error
    except (jwt.InvalidTokenError, ValueError, TypeError) as error:
        raise LinkRefused(type(error).__name__) from error
