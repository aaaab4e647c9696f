"""The worker of auth: its relay, its queue, and sweeping up."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from muster_auth.actions import use_cases as actions
from muster_auth.config import AuthSettings
from muster_auth.sessions import lockout
from muster_auth.sessions import use_cases as sessions
from muster_shared.auth import replication
from muster_shared.messaging.spec import Job, WorkerSpec
from muster_shared.settings import load_or_exit
from muster_shared.web import idempotency, rate_limit
from muster_shared.wiring import wire


def build() -> WorkerSpec:
    """The worker from the environment."""
    settings = load_or_exit(AuthSettings)
    return build_spec(settings)


def build_spec(settings: AuthSettings) -> WorkerSpec:
    """The worker over given settings. Opens no connection."""
    database = wire(settings, service="auth", role="worker").database

    def in_transaction(sweep: Callable[[Session], object]) -> Callable[[], None]:
        def run() -> None:
            with database.transaction() as session:
                sweep(session)

        return run

    return WorkerSpec(
        service="auth",
        database=database,
        settings=settings,
        handlers={},
        jobs=[
            Job("forget-answers", 3600, in_transaction(idempotency.forget_old_answers)),
            Job("forget-rate-limits", 300, in_transaction(rate_limit.forget_full)),
            Job("forget-revocations", 600, in_transaction(replication.forget_old_revocations)),
            Job("forget-sessions", 60, in_transaction(sessions.forget_old)),
            Job("forget-actions", 600, in_transaction(actions.forget_old)),
            Job("forget-failures", 600, in_transaction(lockout.forget_old)),
        ],
    )
