"""The API of auth."""

from flask import Flask, Response

from muster_auth.accounts.routes import routes as accounts
from muster_auth.audit.routes import routes as audit
from muster_auth.config import AuthSettings
from muster_auth.core import Core, build_core
from muster_auth.internal.routes import routes as internal
from muster_auth.invitations.routes import routes as invitations
from muster_auth.keyring import KeyRing
from muster_auth.members.routes import routes as members
from muster_auth.organizations.routes import routes as organizations
from muster_auth.passwords.routes import routes as passwords
from muster_auth.service_keys.routes import routes as service_keys
from muster_auth.sessions.routes import routes as sessions
from muster_auth.totp.routes import routes as totp
from muster_shared import logs, telemetry
from muster_shared.auth.guards import public
from muster_shared.auth.revocations import Revocations
from muster_shared.settings import load_or_exit
from muster_shared.web import AppSpec, Routes
from muster_shared.web import create_app as create_web_app
from muster_shared.web.answers import encode
from muster_shared.web.app import part
from muster_shared.wiring import Wiring, wire

TITLE = "accounts, organisations, keys"
_KEYS_KEPT_SECONDS = 60
_KEYS_TYPE = "application/jwk-set+json"

_keys = Routes("keys", tag="keys")


@_keys.get(
    "/.well-known/jwks.json",
    guard=public(),
    answers={200: _KEYS_TYPE},
    summary="The public keys of access tokens",
)
def jwks() -> Response:
    """RFC 7517."""
    response = Response(encode(part(Core).keys.jwks), mimetype=_KEYS_TYPE)
    response.headers["Cache-Control"] = f"public, max-age={_KEYS_KEPT_SECONDS}"
    return response


def routes() -> list[Routes]:
    """Every route of the service."""
    return [
        accounts,
        passwords,
        sessions,
        totp,
        organizations,
        members,
        invitations,
        service_keys,
        audit,
        _keys,
        internal,
    ]


def build_app(settings: AuthSettings, wiring: Wiring, keys: KeyRing) -> Flask:
    """The WSGI app over what it is given. Opens no connection."""
    # Whoever ends a session here must find it ended in the next request: no second's memory in auth itself.
    wiring.authenticator.revocations = Revocations(database=wiring.database, remember_seconds=0)
    return create_web_app(
        AppSpec(
            service="auth",
            title=TITLE,
            settings=settings,
            database=wiring.database,
            authenticator=wiring.authenticator,
            routes=routes(),
            parts=[build_core(settings, wiring.database, keys)],
        )
    )


def create_app() -> Flask:
    """The WSGI app from the environment; a wrong setting ends the process with one line."""
    settings = load_or_exit(AuthSettings)
    logs.configure(service="auth", role="api", level=settings.log_level)
    telemetry.start("auth")
    keys = KeyRing.open_or_exit(settings.jwt_keys_file, production=settings.is_production)
    return build_app(settings, wire(settings, service="auth", keys=keys), keys)
