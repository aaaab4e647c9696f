"""The cookie with a browser's refresh token, and who may use it."""

from flask import Request
from werkzeug.http import dump_cookie

from muster_auth.errors import CrossSiteRequest, SessionEnded
from muster_auth.sessions.tokens import REFRESH_IDLE
from muster_shared.settings import Settings

_CUSTOM_HEADER = "X-Requested-With"
_PATH = "/api/auth/browser"


def cookie_name(settings: Settings) -> str:
    """`__Host-` wherever TLS is: then no other host and no plain connection can set it (RFC 6265bis, 4.1.3)."""
    return "__Host-muster_refresh" if settings.serves_tls else "muster_refresh"


def set_cookie(settings: Settings, token: str) -> str:
    """The `Set-Cookie` that keeps `token`."""
    return _cookie(settings, token, seconds=int(REFRESH_IDLE.total_seconds()))


def clear_cookie(settings: Settings) -> str:
    """The `Set-Cookie` that forgets it."""
    return _cookie(settings, "", seconds=0)


def _cookie(settings: Settings, value: str, *, seconds: int) -> str:
    return dump_cookie(
        cookie_name(settings),
        value,
        max_age=seconds,
        # The `__Host-` prefix demands the path "/".
        path="/" if settings.serves_tls else _PATH,
        secure=settings.serves_tls,
        httponly=True,
        samesite="Lax",
    )


def refresh_cookie(settings: Settings, request: Request) -> str:
    """The token in the request's cookie. Raises `SessionEnded` without one."""
    token = request.cookies.get(cookie_name(settings))
    if not token:
        raise SessionEnded
    return token


def require_same_site(settings: Settings, request: Request) -> None:
    """Raises `CrossSiteRequest` unless the call comes from our own pages.

    A page of another origin cannot send the custom header without our leave, which is never given; what the
    browser itself says of the origin is checked on top.
    """
    origin = request.headers.get("Origin")
    site = request.headers.get("Sec-Fetch-Site")
    if (
        not request.headers.get(_CUSTOM_HEADER)
        or (origin is not None and origin != settings.public_origin)
        or (site is not None and site != "same-origin")
    ):
        raise CrossSiteRequest
