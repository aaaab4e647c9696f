"""The API of media."""

from flask import Flask

from muster_media.albums.routes import routes as album_routes
from muster_media.config import MediaSettings
from muster_media.gatherings.queries import EventCopies
from muster_media.guests.routes import routes as guest_routes
from muster_media.photos.routes import routes as photo_routes
from muster_media.uploads.routes import internal_routes
from muster_media.uploads.routes import routes as upload_routes
from muster_media.uploads.signing import UploadSigner
from muster_shared import settings
from muster_shared.auth.internal import InternalClient
from muster_shared.aws.clients import Clients
from muster_shared.aws.cloudfront import Signer
from muster_shared.web import AppSpec, Routes
from muster_shared.web import create_app as build
from muster_shared.wiring import Wiring, wire

TITLE = "Muster: media"


def routes() -> list[Routes]:
    """Every route of the service."""
    return [upload_routes, photo_routes, album_routes, guest_routes, internal_routes]


def build_app(
    config: MediaSettings,
    wiring: Wiring,
    *,
    clients: Clients | None = None,
    events: InternalClient | None = None,
) -> Flask:
    """The app from its parts; `events` is whom to ask for an event that no copy is there of."""
    clients = clients or Clients()
    return build(
        AppSpec(
            service="media",
            title=TITLE,
            settings=config,
            database=wiring.database,
            authenticator=wiring.authenticator,
            routes=routes(),
            parts=(
                config,
                wiring.database,
                wiring.memberships,
                EventCopies(database=wiring.database, events=events, memory_seconds=config.event_memory_seconds),
                UploadSigner(clients=clients, settings=config),
                url_signer(config),
            ),
        )
    )


def url_signer(config: MediaSettings) -> Signer:
    """Signs addresses at the media origin."""
    return Signer(
        key_id=config.cdn_key_id,
        private_pem=config.cdn_private_key.get_secret_value(),
        origin=config.media_origin,
    )


def create_app() -> Flask:
    """The app as gunicorn runs it, from the environment."""
    config = settings.load_or_exit(MediaSettings)
    events = InternalClient(
        base_url=config.events_url, secret=config.internal_secret.get_secret_value(), service="media"
    )
    return build_app(config, wire(config, service="media"), events=events)
