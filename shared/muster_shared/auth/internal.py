"""Calls between services: a short-lived token both sides share a secret for, and a client with timeouts."""

import random
import time
from typing import Any

import jwt
import requests

from muster_shared.logs import log

_AUDIENCE = "muster-internal"
_LIFETIME_SECONDS = 60
_TIMEOUT_SECONDS = (0.5, 2.0)
_ATTEMPTS = 2

_log = log(__name__)


class ServiceTokenRefused(Exception):
    """The caller is not one of our services."""


class InternalUnavailable(Exception):
    """The other service did not answer in time, after the bounded retries."""


def service_token(*, secret: str, service: str) -> str:
    """A token that says "`service` calls", good for a minute."""
    now = int(time.time())
    claims = {"iss": service, "aud": _AUDIENCE, "iat": now, "exp": now + _LIFETIME_SECONDS}
    return jwt.encode(claims, secret, algorithm="HS256", headers={"typ": "muster-service+jwt"})


def verify_service_token(*, secret: str, token: str) -> str:
    """The name of the calling service. Raises `ServiceTokenRefused`."""
    try:
        if jwt.get_unverified_header(token).get("typ") != "muster-service+jwt":
            raise ServiceTokenRefused("wrong typ")
        claims = jwt.decode(
            token,
            secret,
            algorithms=["HS256"],
            audience=_AUDIENCE,
            leeway=10,
            options={"require": ["iss", "aud", "iat", "exp"]},
        )
    except jwt.InvalidTokenError as error:
        raise ServiceTokenRefused(type(error).__name__) from error
    return str(claims["iss"])


class InternalClient:
    """JSON calls to one other service's `/internal`, with a timeout and one retry with jitter."""

    def __init__(self, *, base_url: str, secret: str, service: str) -> None:
        self._base_url = base_url
        self._secret = secret
        self._service = service
        self._session = requests.Session()
        adapter = requests.adapters.HTTPAdapter(pool_maxsize=16)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)

    def get(self, path: str) -> dict[str, Any] | None:
        """The answer's object, or None for 404. Raises `InternalUnavailable`."""
        return self._call("GET", path, None)

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any] | None:
        """The answer's object, or None for 404. Raises `InternalUnavailable`. The call must be idempotent."""
        return self._call("POST", path, body)

    def _call(self, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any] | None:
        for attempt in range(_ATTEMPTS):
            if attempt:
                time.sleep(random.uniform(0.02, 0.15))  # noqa: S311  # jitter, not a secret
            try:
                answer = self._session.request(
                    method,
                    self._base_url + path,
                    json=body,
                    headers={"Authorization": f"Bearer {service_token(secret=self._secret, service=self._service)}"},
                    timeout=_TIMEOUT_SECONDS,
                )
                if answer.status_code == requests.codes.not_found:
                    return None
                answer.raise_for_status()
                found: dict[str, Any] = answer.json()
            except (requests.RequestException, ValueError) as error:
                _log.warning("internal_call_failed", error=type(error).__name__, attempt=attempt)
            else:
                return found
        raise InternalUnavailable(f"{method} {path.split('/')[2] if path.count('/') > 1 else path}")
