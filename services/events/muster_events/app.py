"""The events API: its routes, and what they are given."""

from flask import Flask

from muster_events import internal_routes
from muster_events.calendar import routes as calendar_routes
from muster_events.checkins import routes as check_in_routes
from muster_events.config import EventsSettings
from muster_events.crew import routes as crew_routes
from muster_events.crew.gateway import MediaGateway
from muster_events.events import public_routes as public_event_routes
from muster_events.events import routes as event_routes
from muster_events.events.public_reads import PublicReads
from muster_events.finance import routes as finance_routes
from muster_events.parts import EventsParts
from muster_events.registrations import routes as registration_routes
from muster_events.registrations import ticket_routes
from muster_events.webhooks import routes as webhook_routes
from muster_shared.aws.clients import Clients
from muster_shared.settings import load_or_exit
from muster_shared.web import AppSpec, Routes
from muster_shared.web import create_app as make_app
from muster_shared.wiring import Wiring, wire

TITLE = "events, registrations, crew and calendars"


def routes() -> list[Routes]:
    """Every feature's routes."""
    return [
        public_event_routes.routes,
        event_routes.routes,
        finance_routes.routes,
        webhook_routes.routes,
        registration_routes.routes,
        check_in_routes.routes,
        check_in_routes.link_routes,
        ticket_routes.routes,
        calendar_routes.routes,
        calendar_routes.feed_routes,
        *crew_routes.routes_list(),
        internal_routes.routes,
    ]


def build_app(
    settings: EventsSettings, wiring: Wiring, *, clients: Clients | None = None, reads: PublicReads | None = None
) -> Flask:
    """The app from its parts. `reads` keeps finished public answers, for half a second unless one is given."""
    return make_app(
        AppSpec(
            service="events",
            title=TITLE,
            settings=settings,
            database=wiring.database,
            authenticator=wiring.authenticator,
            routes=routes(),
            parts=[
                EventsParts(
                    settings=settings,
                    wiring=wiring,
                    clients=clients or Clients(),
                    reads=reads or PublicReads(),
                ),
                MediaGateway.of(settings),
            ],
        )
    )


def create_app() -> Flask:
    """The app as gunicorn asks for it; settings from the environment."""
    settings = load_or_exit(EventsSettings)
    return build_app(settings, wire(settings, service="events"))
