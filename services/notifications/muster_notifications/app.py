"""The notifications API: its routes, and what they are given."""

from flask import Flask

from muster_notifications.config import NotificationsSettings
from muster_notifications.deliveries import routes as delivery_routes
from muster_notifications.mailbox import routes as mailbox_routes
from muster_notifications.parts import NotificationsParts
from muster_notifications.suppressions import pages as unsubscribe_pages
from muster_notifications.suppressions import routes as suppression_routes
from muster_notifications.templates import routes as template_routes
from muster_shared.settings import load_or_exit
from muster_shared.web import AppSpec, Routes
from muster_shared.web import create_app as make_app
from muster_shared.wiring import Wiring, wire

TITLE = "mails and what became of them"


def routes() -> list[Routes]:
    """Every feature's routes."""
    return [
        mailbox_routes.routes,
        suppression_routes.routes,
        template_routes.routes,
        delivery_routes.routes,
        unsubscribe_pages.routes,
    ]


def build_app(settings: NotificationsSettings, wiring: Wiring) -> Flask:
    """The app from its parts."""
    return make_app(
        AppSpec(
            service="notifications",
            title=TITLE,
            settings=settings,
            database=wiring.database,
            authenticator=wiring.authenticator,
            routes=routes(),
            parts=[NotificationsParts(settings=settings, wiring=wiring)],
        )
    )


def create_app() -> Flask:
    """The app as gunicorn asks for it; settings from the environment."""
    settings = load_or_exit(NotificationsSettings)
    return build_app(settings, wire(settings, service="notifications"))
