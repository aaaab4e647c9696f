"""The notifications worker: which message, queue, job or loop runs which use case."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from muster_notifications.config import NotificationsSettings
from muster_notifications.copies.use_cases import event_changed, membership_changed
from muster_notifications.feedback.handler import ses_events
from muster_notifications.intake import account, crew, planners, registrations
from muster_notifications.sending.claims import Claims
from muster_notifications.sending.handover import Handover
from muster_notifications.sending.links import Links
from muster_notifications.sending.mime import MimeBuilder
from muster_notifications.sending.provider import Provider, Ses
from muster_notifications.sending.rate import SendRate
from muster_notifications.sending.sender import Sender
from muster_shared.auth import replication
from muster_shared.aws.clients import Clients
from muster_shared.db import Database
from muster_shared.messages import auth as auth_messages
from muster_shared.messages import events as event_messages
from muster_shared.messaging.spec import Job, Loop, RawQueue, SharedTransaction, WorkerSpec
from muster_shared.settings import load_or_exit
from muster_shared.web import idempotency, rate_limit
from muster_shared.wiring import Wiring, wire

# As many as fit into one transaction: see `SharedTransaction`.
_INTAKE_THREADS = 8
# SES tells of each mail two or three times.
_EVENTS_AHEAD = 20


def build() -> WorkerSpec:
    """The worker as `python -m muster_shared.worker muster_notifications` asks for it."""
    settings = load_or_exit(NotificationsSettings)
    return build_worker(settings, wire(settings, service="notifications", role="worker"))


def build_sender(settings: NotificationsSettings, wiring: Wiring, provider: Provider) -> Sender:
    """The sender from its parts."""
    claims = Claims(
        wiring.database,
        lease_seconds=settings.send_lease_seconds,
        unknown_seconds=settings.ses_unknown_seconds,
    )
    return Sender(
        database=wiring.database,
        claims=claims,
        rate=SendRate(wiring.database, per_second=settings.ses_rate_per_second),
        handover=Handover(
            database=wiring.database,
            provider=provider,
            claims=claims,
            links=Links(
                origin=settings.public_origin,
                secret=settings.link_secret.get_secret_value(),
                auth=wiring.auth,
            ),
            mime=MimeBuilder(mail_from=settings.mail_from),
            organizations=wiring.organizations,
        ),
        concurrency=settings.send_concurrency,
    )


def build_worker(
    settings: NotificationsSettings,
    wiring: Wiring,
    *,
    clients: Clients | None = None,
    provider: Provider | None = None,
) -> WorkerSpec:
    """The worker from its parts. `provider` takes the place of SES."""
    clients = clients or Clients()
    ses = provider or Ses(clients, configuration_set=settings.ses_configuration_set)
    sender = build_sender(settings, wiring, ses)
    return WorkerSpec(
        service="notifications",
        database=wiring.database,
        settings=settings,
        clients=clients,
        handlers={
            **replication.handlers(),
            auth_messages.MembershipChanged: membership_changed,
            auth_messages.MailRequested: SharedTransaction(account.mail_requested),
            event_messages.EventChanged: event_changed,
            event_messages.CrewAssigned: SharedTransaction(crew.crew_assigned),
            event_messages.CrewReminderDue: SharedTransaction(crew.crew_reminder_due),
            event_messages.CrewDetailsChanged: SharedTransaction(crew.crew_details_changed),
            event_messages.CrewReleased: SharedTransaction(crew.crew_released),
            event_messages.CrewAnswered: crew.crew_answered,
            event_messages.CrewLinkOpened: crew.crew_link_opened,
            event_messages.PlannerAlerted: planners.planner_alerted,
            event_messages.RegistrationChanged: SharedTransaction(registrations.registration_changed),
        },
        raw_queues={
            "notifications-ses": RawQueue(
                SharedTransaction(ses_events), threads=_INTAKE_THREADS, prefetch=_EVENTS_AHEAD
            )
        },
        threads=_INTAKE_THREADS,
        loops=[Loop(name="sender", run=sender.run, channel="deliveries")],
        jobs=[
            _job(wiring.database, "forget_old_answers", 3600, idempotency.forget_old_answers),
            _job(wiring.database, "forget_full_limits", 300, rate_limit.forget_full),
            _job(wiring.database, "forget_old_revocations", 600, replication.forget_old_revocations),
        ],
    )


def _job(database: Database, name: str, every_seconds: float, work: Callable[[Session], object]) -> Job:
    def run() -> None:
        with database.transaction() as session:
            work(session)

    return Job(name=name, every_seconds=every_seconds, run=run)
