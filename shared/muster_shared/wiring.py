"""What every service is put together from, in one place."""

from dataclasses import dataclass

from muster_shared.auth.guards import Authenticator
from muster_shared.auth.internal import InternalClient
from muster_shared.auth.memberships import Memberships, Organizations
from muster_shared.auth.revocations import Revocations
from muster_shared.auth.service_keys import KeyTags, ServiceKeys
from muster_shared.auth.tokens import KeySource, RemoteKeys, TokenVerifier
from muster_shared.db import Database
from muster_shared.settings import Settings


@dataclass(frozen=True)
class Wiring:
    """The shared objects of one process. Building them opens no connection."""

    database: Database
    authenticator: Authenticator
    memberships: Memberships
    organizations: Organizations
    auth: InternalClient | None


def wire(
    settings: Settings,
    *,
    service: str,
    role: str = "api",
    keys: KeySource | None = None,
    auth: InternalClient | None = None,
) -> Wiring:
    """The shared objects of `service`.

    `keys` are the public keys of access tokens where they are at hand (auth itself, tests); else they are read
    from auth. `auth` is whom to ask on a miss, by default the service at `auth_url`; auth itself asks nobody.
    """
    database = Database(
        settings.database_url,
        pool_size=settings.database_pool_size,
        application_name=f"muster-{service}-{role}",
    )
    internal_secret = settings.internal_secret.get_secret_value()
    if auth is None and service != "auth":
        auth = InternalClient(base_url=settings.auth_url, secret=internal_secret, service=service)
    authenticator = Authenticator(
        tokens=TokenVerifier(issuer=settings.public_origin, keys=keys or RemoteKeys(settings.jwks_address)),
        revocations=Revocations(database=database),
        service_keys=ServiceKeys(
            database=database,
            auth=auth,
            tags=KeyTags(internal_secret),
            cache_secret=settings.cache_secret.get_secret_value(),
        ),
        internal_secret=internal_secret,
    )
    return Wiring(
        database=database,
        authenticator=authenticator,
        memberships=Memberships(database=database, auth=auth),
        organizations=Organizations(database=database, auth=auth),
        auth=auth,
    )
