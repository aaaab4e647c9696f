"""The worker of auth: its relay, its queue, and sweeping up. It needs no signing key and no pepper."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from muster_auth.actions import use_cases as actions
from muster_auth.audit.use_cases import keep
from muster_auth.service_keys.use_cases import note_use
from muster_auth.sessions import lockout
from muster_auth.sessions import use_cases as sessions
from muster_shared.auth import replication
from muster_shared.aws.clients import Clients
from muster_shared.messages.auth import AuditRecorded, ServiceKeyUsed
from muster_shared.messaging.inbox import Context
from muster_shared.messaging.spec import Job, WorkerSpec
from muster_shared.settings import Settings, load_or_exit
from muster_shared.web import idempotency, rate_limit
from muster_shared.wiring import Wiring, wire


def build() -> WorkerSpec:
    """The worker as `python -m muster_shared.worker muster_auth` asks for it."""
    settings = load_or_exit(Settings)
    return build_worker(settings, wire(settings, service="auth", role="worker"))


def build_worker(settings: Settings, wiring: Wiring, *, clients: Clients | None = None) -> WorkerSpec:
    """The worker from its parts. Opens no connection."""

    def job(name: str, every_seconds: float, sweep: Callable[[Session], object]) -> Job:
        def run() -> None:
            with wiring.database.transaction() as session:
                sweep(session)

        return Job(name=name, every_seconds=every_seconds, run=run)

    return WorkerSpec(
        service="auth",
        database=wiring.database,
        settings=settings,
        clients=clients or Clients(),
        handlers={AuditRecorded: keep, ServiceKeyUsed: _key_used},
        jobs=[
            job("forget_answers", 3600, idempotency.forget_old_answers),
            job("forget_rate_limits", 300, rate_limit.forget_full),
            job("forget_revocations", 600, replication.forget_old_revocations),
            job("forget_sessions", 60, sessions.forget_old),
            job("forget_actions", 600, actions.forget_old),
            job("forget_failures", 600, lockout.forget_old),
        ],
    )


def _key_used(session: Session, message: ServiceKeyUsed, _context: Context) -> None:
    note_use(session, key_id=message.key_id, used_at=message.used_at)
