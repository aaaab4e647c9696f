"""ses-brownout: SES hangs, fails, throttles and drops its answers for a while; nothing is lost, the API hardly notices.

The clock is compressed: the ten minutes are one, and the waits of the sender shortened alike.
"""

import statistics
import sys
import threading
import time
from dataclasses import dataclass, field
from uuid import uuid4

from flask.testing import FlaskClient

from muster_notifications.app import build_app
from muster_notifications.config import NotificationsSettings
from muster_shared.auth.tables import memberships
from muster_shared.testing.ses import Mood, Telling
from muster_shared.testing.settings import make_settings
from muster_shared.testing.tokens import TestIssuer
from muster_shared.wiring import wire
from tests.experiments.checker import Verdict, compare
from tests.experiments.mail_stage import ORGANIZATION, MailStage, mail_stage
from tests.experiments.stage import TooSlowError

_API_LIMIT = 1.10
# Below this the difference is the scheduler's.
_API_FLOOR_SECONDS = 0.010
_BAD_DAY = {Mood.HANG: 2.0, Mood.FAIL: 3.0, Mood.THROTTLE: 3.0, Mood.DROP: 1.0, Mood.ACCEPT: 1.0}
_HELD = (
    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'muster-notifications-worker'"
    " AND state LIKE 'idle in transaction%' AND state_change < clock_timestamp() - interval '500 milliseconds'"
)


@dataclass(frozen=True)
class Scale:
    """How long it is bad, how many mails come meanwhile."""

    bad_seconds: float
    mails: int
    time_limit_seconds: float


FULL = Scale(bad_seconds=60, mails=1_500, time_limit_seconds=240)
SHORT = Scale(bad_seconds=6, mails=60, time_limit_seconds=90)


@dataclass
class Observer:
    """Calls the API all the time and looks at the worker's connections."""

    client: FlaskClient
    headers: dict[str, str]
    stage: MailStage
    stop: threading.Event = field(default_factory=threading.Event)
    seconds: list[float] = field(default_factory=list)
    wrong: int = 0
    held: int = 0

    def run(self) -> None:
        """Until stopped."""
        while not self.stop.wait(0.02):
            started = time.perf_counter()
            answer = self.client.get(f"/api/notifications?org_id={ORGANIZATION}&limit=20", headers=self.headers)
            self.seconds.append(time.perf_counter() - started)
            self.wrong += answer.status_code != 200
            if len(self.seconds) % 25 == 0:
                self.held = max(self.held, int(self.stage.value(_HELD)))

    def p95(self) -> float:
        """Of what was observed so far, which is then forgotten."""
        observed, self.seconds = self.seconds, []
        return float(statistics.quantiles(observed, n=20)[-1])


def run(scale: Scale) -> Verdict:
    """The same stream of mails with SES in good health, then on a bad day, then in good health again."""
    settings = {"MUSTER_SEND_LEASE_SECONDS": "5", "MUSTER_SES_UNKNOWN_SECONDS": "2"}
    with mail_stage(**settings) as stage:
        stage.ses.telling = Telling.LATE
        stage.ses.hang_seconds = 2.0
        stage.start_worker()
        observer = _observer(stage)
        thread = threading.Thread(target=observer.run)
        thread.start()
        try:
            good = [f"good{number}@x.test" for number in range(scale.mails)]
            _stream(stage, good, seconds=scale.bad_seconds)
            healthy = observer.p95()
            stage.ses.chaos = dict(_BAD_DAY)
            bad = [f"bad{number}@x.test" for number in range(scale.mails)]
            _stream(stage, bad, seconds=scale.bad_seconds)
            brown = observer.p95()
            stage.ses.chaos = {}
            began, timed_out = time.monotonic(), ""
            try:
                done = "SELECT count(*) FROM deliveries WHERE status IN ('sent', 'delivered')"
                stage.wait_for(done, 2 * scale.mails, seconds=scale.time_limit_seconds)
            except TooSlowError as error:
                timed_out = str(error)
            recovered = time.monotonic() - began
        finally:
            observer.stop.set()
            thread.join()
        verdict = compare(
            "ses-brownout", attempted=2 * scale.mails, accepted=good + bad, effects=stage.ses.recipients()
        )
        verdict.facts["API p95, healthy and brown"] = f"{healthy * 1000:.1f} ms, {brown * 1000:.1f} ms"
        verdict.facts["all sent after SES was well again"] = f"{recovered:.1f} s"
        verdict.facts["calls of SES"] = stage.ses.calls
        verdict.facts["connections held while sending"] = observer.held
        verdict.require(not timed_out, timed_out)
        verdict.require(brown <= max(healthy * _API_LIMIT, healthy + _API_FLOOR_SECONDS), "the API was slowed down")
        verdict.require(observer.wrong == 0, "the API failed")
        verdict.require(observer.held == 0, "a connection was held while SES was called")
        return verdict


def _observer(stage: MailStage) -> Observer:
    issuer = TestIssuer()
    settings = make_settings(
        NotificationsSettings, database_url=stage.database.url, link_secret="x" * 40, database_pool_size=4
    )
    user = uuid4()
    with stage.database.transaction() as session:
        session.execute(memberships.insert().values(org_id=ORGANIZATION, user_id=user, role="owner", version=1))
    app = build_app(settings, wire(settings, service="notifications", keys=issuer.keys))
    return Observer(client=app.test_client(), headers=issuer.headers(user), stage=stage)


def _stream(stage: MailStage, addresses: list[str], *, seconds: float) -> None:
    pause = threading.Event()
    chunks = 20
    size = -(-len(addresses) // chunks)
    for start in range(0, len(addresses), size):
        stage.ask(addresses[start : start + size])
        pause.wait(seconds / chunks)


def main() -> int:
    """The full size."""
    return run(FULL).print()


if __name__ == "__main__":
    sys.exit(main())
