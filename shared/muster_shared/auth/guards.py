"""Guards: what a route asks of its caller. Every route has exactly one; the app factory refuses one without."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from flask import Request

from muster_shared.auth.internal import ServiceTokenRefused, verify_service_token
from muster_shared.auth.principal import ANONYMOUS, SCOPES, Principal, PrincipalKind
from muster_shared.auth.revocations import Revocations
from muster_shared.auth.service_keys import ServiceKeyRefused, ServiceKeys
from muster_shared.auth.tokens import TokenRefused, TokenVerifier
from muster_shared.problems import Forbidden, Unauthenticated

_KEY_HEADER = "X-Dashboard-Token"
_KEY_PREFIX = "msk_"


class Access(StrEnum):
    """The kinds of guard."""

    PUBLIC = "public"
    OPTIONAL = "optional"
    SIGNED_IN = "signed_in"
    SCOPED = "scoped"
    INTERNAL = "internal"


@dataclass(frozen=True)
class Guard:
    """What a route asks. `scope` is what a service key must hold; users are judged by their role."""

    access: Access
    scope: str | None = None

    @property
    def openapi_security(self) -> list[dict[str, list[str]]]:
        """The `security` of an OpenAPI operation."""
        user: dict[str, list[str]] = {"accessToken": []}
        keys: list[dict[str, list[str]]] = [{"serviceKey": []}, {"dashboardToken": []}]
        return {
            Access.PUBLIC: [],
            Access.OPTIONAL: [{}, user],
            Access.SIGNED_IN: [user],
            Access.SCOPED: [user, *keys],
            Access.INTERNAL: [],
        }[self.access]


def public() -> Guard:
    """Anybody; a credential, good or bad, is not looked at."""
    return Guard(Access.PUBLIC)


def optional() -> Guard:
    """Anybody; a credential that is sent must hold (401 otherwise)."""
    return Guard(Access.OPTIONAL)


def signed_in() -> Guard:
    """A person with an account. Service keys get 403."""
    return Guard(Access.SIGNED_IN)


def scoped(scope: str) -> Guard:
    """A person with an account, or a service key that holds `scope` (403 when it does not)."""
    if scope not in SCOPES:
        raise ValueError(f"unknown scope {scope}")
    return Guard(Access.SCOPED, scope)


def internal() -> Guard:
    """Another service of ours. Routes live under `/internal`, which the public origin never reaches."""
    return Guard(Access.INTERNAL)


class Authenticator:
    """Turns a request's credential into a `Principal`, with local checks only in normal running."""

    def __init__(
        self,
        *,
        tokens: TokenVerifier,
        revocations: Revocations,
        service_keys: ServiceKeys,
        internal_secret: str,
    ) -> None:
        self.tokens = tokens
        self.revocations = revocations
        self.service_keys = service_keys
        self._internal_secret = internal_secret

    def principal_for(self, request: Request, guard: Guard) -> Principal:
        """Who calls. Raises `Unauthenticated` or `Forbidden` when the guard does not let them in."""
        if guard.access is Access.PUBLIC:
            return ANONYMOUS
        if guard.access is Access.INTERNAL:
            return self._service(request)
        credential = _credential(request)
        if credential is None:
            if guard.access is Access.OPTIONAL:
                return ANONYMOUS
            raise Unauthenticated
        if not credential.startswith(_KEY_PREFIX):
            return self._user(credential)
        principal = self._service_key(credential)
        if guard.access is Access.SIGNED_IN:
            raise Forbidden("a service key cannot do this; it takes a person's sign-in")
        if guard.scope is not None and guard.scope not in principal.scopes:
            raise Forbidden(f"the service key lacks the scope {guard.scope}", code="scope-missing")
        return principal

    def _user(self, token: str) -> Principal:
        try:
            claims = self.tokens.verify(token)
        except TokenRefused:
            raise Unauthenticated from None
        if self.revocations.is_revoked(claims):
            raise Unauthenticated("the session has ended")
        return Principal(
            kind=PrincipalKind.USER,
            user_id=claims.user_id,
            session_id=claims.session_id,
            name=claims.name,
        )

    def _service_key(self, text: str) -> Principal:
        try:
            key = self.service_keys.verify(text)
        except ServiceKeyRefused:
            raise Unauthenticated from None
        return Principal(
            kind=PrincipalKind.SERVICE_KEY,
            org_id=key.org_id,
            key_id=key.id,
            scopes=key.scopes,
            name=key.name,
        )

    def _service(self, request: Request) -> Principal:
        token = _bearer(request)
        if token is None:
            raise Unauthenticated
        try:
            service = verify_service_token(secret=self._internal_secret, token=token)
        except ServiceTokenRefused:
            raise Unauthenticated from None
        return Principal(kind=PrincipalKind.SERVICE, service=service)


def _bearer(request: Request) -> str | None:
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    value = value.strip()
    return value if scheme.lower() == "bearer" and value else None


def _credential(request: Request) -> str | None:
    """The one credential of a request. Raises `Unauthenticated` when there is something that is none."""
    key = request.headers.get(_KEY_HEADER)
    if request.headers.get("Authorization"):
        token = _bearer(request)
        if token is None or key is not None:
            raise Unauthenticated
        return token
    if key is not None and not key.startswith(_KEY_PREFIX):
        raise Unauthenticated
    return key


def describe(guard: Guard) -> dict[str, Any]:
    """The guard for tables and tests: `{access, scope}`."""
    return {"access": guard.access.value, "scope": guard.scope}
