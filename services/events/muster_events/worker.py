"""The events worker: which message, job or loop runs which use case."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from muster_events.calendar.use_cases import forget_deleted
from muster_events.config import EventsSettings
from muster_events.crew import worker_parts as crew_parts
from muster_events.events.use_cases import record_banner
from muster_events.events.views import Addresses
from muster_events.pages.publishing import Publisher, organization_changed
from muster_events.registrations.fan_out import tell_due
from muster_events.webhooks.delivering import Deliverer
from muster_events.webhooks.secrets import SecretBox
from muster_shared.auth import replication
from muster_shared.aws.clients import Clients
from muster_shared.db import Database
from muster_shared.messages.auth import OrganizationChanged
from muster_shared.messages.events import EventChanged
from muster_shared.messages.media import PhotoChanged
from muster_shared.messaging.inbox import Context
from muster_shared.messaging.spec import Job, Loop, OutsideTransaction, WorkerSpec
from muster_shared.settings import load_or_exit
from muster_shared.web import idempotency, rate_limit
from muster_shared.wiring import Wiring, wire


def build() -> WorkerSpec:
    """The worker as `python -m muster_shared.worker muster_events` asks for it."""
    settings = load_or_exit(EventsSettings)
    return build_worker(settings, wire(settings, service="events", role="worker"))


def build_worker(settings: EventsSettings, wiring: Wiring, *, clients: Clients | None = None) -> WorkerSpec:
    """The worker from its parts."""
    database = wiring.database
    clients = clients or Clients()
    publisher = Publisher(
        database=database,
        clients=clients,
        organizations=wiring.organizations,
        addresses=Addresses(public_origin=settings.public_origin, media_origin=settings.media_origin),
        bucket=settings.bucket_site,
        distribution_id=settings.cdn_distribution_id,
    )
    deliverer = Deliverer(database=database, box=SecretBox(settings), allow_private=settings.webhook_allow_private)
    return WorkerSpec(
        service="events",
        database=database,
        settings=settings,
        clients=clients,
        handlers={
            **replication.handlers(),
            **crew_parts.handlers(),
            OrganizationChanged: organization_changed,
            EventChanged: OutsideTransaction(publisher.on_event_changed),
            PhotoChanged: _photo_changed,
        },
        jobs=[
            *crew_parts.jobs(database),
            Job(name="tell_registered", every_seconds=2, run=lambda: tell_due(database)),
            Job(name="forget_old_deliveries", every_seconds=3600, run=deliverer.forget_old),
            _job(database, "forget_deleted_entries", 86_400, forget_deleted),
            Job(name="publish_behind", every_seconds=60, run=publisher.publish_behind),
            _job(database, "forget_old_answers", 3600, idempotency.forget_old_answers),
            _job(database, "forget_full_limits", 300, rate_limit.forget_full),
            _job(database, "forget_old_revocations", 600, replication.forget_old_revocations),
        ],
        loops=[Loop(name="webhooks", run=deliverer.run, channel="webhooks")],
    )


def _photo_changed(session: Session, message: PhotoChanged, context: Context) -> None:
    if message.purpose == "banner":
        record_banner(session, message)
    crew_parts.handlers()[PhotoChanged](session, message, context)


def _job(database: Database, name: str, every_seconds: float, work: Callable[[Session], object]) -> Job:
    def run() -> None:
        with database.transaction() as session:
            work(session)

    return Job(name=name, every_seconds=every_seconds, run=run)
