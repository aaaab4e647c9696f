"""authorization: every route of every service is tried by everybody; nobody gets in but those whom the tables name.

Tried are: nobody, expired and tampered tokens, an attendee, manager and owner, a service key of each scope, another
organisation's manager, owner and key, another service, and each kind of link: as a credential everywhere, and in the
path where it is the right itself, there also expired, former, tampered, and another organisation's.
"""

import contextlib
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask

from muster_media.app import build_app as build_media
from muster_media.config import MediaSettings
from muster_notifications.config import NotificationsSettings
from muster_notifications.deliveries import routes as deliveries
from muster_shared.auth.guards import public
from muster_shared.testing.authorization import Answer, Row, World, findings, name_of, tried, uncovered
from muster_shared.testing.aws import AwsStandIn
from muster_shared.testing.postgres import Cluster, Databases, running_cluster
from muster_shared.testing.settings import make_settings
from muster_shared.testing.tokens import TestIssuer
from muster_shared.web import Routes
from muster_shared.wiring import wire
from services.auth.tests import authorization as of_auth
from services.events.tests import authorization as of_events
from services.media.tests import authorization as of_media
from services.media.tests.support import Stage, make_facts
from services.notifications.tests import authorization as of_notifications
from services.notifications.tests.support import LINK_SECRET, Desk, SilentAuth
from tests.experiments.auth_stage import people_of
from tests.experiments.checker import Verdict

_OPENED = "GET /api/notifications"


@dataclass(frozen=True)
class Service:
    """An app with its table, and what makes a world for a row of it."""

    app: Flask
    table: Sequence[Row]
    new_world: Callable[[Row], World]


@dataclass(frozen=True)
class Size:
    """Every so many-eth row is tried; all routes are looked for in the tables in any case."""

    every: int


FULL, SHORT = Size(every=1), Size(every=15)


@contextlib.contextmanager
def auth(databases: Databases) -> Iterator[Service]:
    """Auth, whose people register and sign in."""
    with TemporaryDirectory() as folder:
        people, _ = people_of(databases.get("auth"), Path(folder))
        yield Service(people.app, of_auth.TABLE, lambda _: of_auth.make_world(people))


@contextlib.contextmanager
def events(databases: Databases) -> Iterator[Service]:
    """Events with crew, pages and the door."""
    database, issuer = databases.get("events"), TestIssuer()
    app = of_events.make_app(database, issuer)
    yield Service(app, of_events.TABLE, lambda row: of_events.make_world(app, database, issuer, route=row.route))


@contextlib.contextmanager
def notifications(databases: Databases) -> Iterator[Service]:
    """Notifications, with mails that were sent."""
    database, issuer = databases.get("notifications"), TestIssuer()
    settings = make_settings(
        NotificationsSettings,
        database_url=database.url,
        link_secret=LINK_SECRET,
        mail_from="Muster <no-reply@example.org>",
    )
    wiring = wire(settings, service="notifications", keys=issuer.keys, auth=SilentAuth())
    with contextlib.closing(Desk(settings=settings, wiring=wiring, database=database)) as desk:
        yield Service(
            of_notifications.make_app(desk),
            of_notifications.TABLE,
            lambda row: of_notifications.make_world(desk, issuer, route=row.route),
        )


@contextlib.contextmanager
def media(databases: Databases) -> Iterator[Service]:
    """Media; signatures are made without any storage."""
    database, issuer = databases.get("media"), TestIssuer()
    key = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    settings = make_settings(
        MediaSettings,
        database_url=database.url,
        cdn_key_id="KTEST",
        cdn_private_key=key.decode(),
        event_memory_seconds=0.0,
    )
    wiring = wire(settings, service="media", keys=issuer.keys, auth=SilentAuth())
    app = build_media(settings, wiring, clients=AwsStandIn(port=9).clients())

    def new_world(_: Row) -> World:
        stage = Stage(database=database, client=app.test_client(), issuer=issuer, event=make_facts())
        stage.set_up()
        return of_media.make_world(app, stage)

    yield Service(app, of_media.TABLE, new_world)


SERVICES: Mapping[str, Callable[[Databases], contextlib.AbstractContextManager[Service]]] = {
    "auth": auth,
    "events": events,
    "notifications": notifications,
    "media": media,
}


def run(size: Size, cluster: Cluster) -> Verdict:
    """The verdict: who got what they should not have got, and which routes are in no table."""
    answers: dict[str, list[Answer]] = {}
    strays: list[str] = []
    worker = f"authorization_{token_hex(4)}"
    with contextlib.closing(Databases(cluster, worker=worker)) as databases:
        for name, service in SERVICES.items():
            with service(databases) as made:
                missing, unknown = uncovered(made.app, made.table)
                strays += [f"{route} is in no table" for route in sorted(missing)]
                strays += [f"{route} is no route" for route in sorted(unknown)]
                answers[name] = []
                for row in made.table[:: size.every]:
                    answers[name] += tried(made.new_world(row), row)
                    databases.clean()
        control = open_door(databases)
    return _judged(answers, strays, control)


def _judged(answers: Mapping[str, Sequence[Answer]], strays: Sequence[str], control: Sequence[Answer]) -> Verdict:
    every = [answer for found in answers.values() for answer in found]
    wrong = [answer for answer in every if answer.is_wrong]
    accepted = sum(answer.is_success for answer in every)
    verdict = Verdict("authorization", len(every), accepted, lost=0, duplicated=0, unexpected=len(wrong))
    let_in = sum(answer.is_success for answer in wrong)
    for name, found in answers.items():
        routes = len({answer.route for answer in found})
        verdict.facts[name] = (
            f"{routes} routes, {len(found)} tries, {sum(answer.is_success for answer in found)} let in"
        )
    verdict.facts |= {
        "refused": dict(sorted(Counter(answer.status for answer in every if not answer.is_success).items())),
        "let in though they may not": let_in,
        f"let in where {_OPENED} has no guard": ", ".join(answer.actor for answer in control) or "nobody",
    }
    verdict.failures += strays
    verdict.failures += [f"{one.route}: {one.actor} got {one.status}, not {sorted(one.wanted)}" for one in wrong][:20]
    verdict.require(bool(control), f"the check finds that {_OPENED} has lost its guard")
    return verdict


def open_door(databases: Databases) -> list[Answer]:
    """The negative control: who is found to get in, who may not, where a route has lost its guard."""
    with _without_guard(deliveries.routes, _OPENED), notifications(databases) as made:
        row = next(row for row in made.table if row.route == _OPENED)
        found = [answer for answer in findings(made.new_world(row), row) if answer.is_success]
    databases.clean()
    return found


@contextlib.contextmanager
def _without_guard(routes: Routes, route: str) -> Iterator[None]:
    guarded = list(routes.operations)
    routes.operations[:] = [
        replace(operation, guard=public()) if name_of(operation) == route else operation for operation in guarded
    ]
    try:
        yield
    finally:
        routes.operations[:] = guarded


def main() -> int:
    """The command."""
    with running_cluster() as cluster:
        return run(FULL, cluster).print()


if __name__ == "__main__":
    sys.exit(main())
