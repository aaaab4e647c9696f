"""The worker: what it handles, and what it sweeps up."""

from datetime import timedelta

from sqlalchemy import text

from muster_auth.worker import build_worker
from muster_shared import clock
from muster_shared.wiring import Wiring
from services.auth.tests.people import People

SWEPT = ("sessions", "refresh_tokens", "actions", "action_tokens", "asked_mails", "revoked_sessions")


def counts(people: People) -> dict[str, int]:
    with people.database.read() as connection:
        return {
            name: connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in (*SWEPT, "users")
        }


def test_worker_handles_all_that_is_routed_to_it(people: People, wiring: Wiring) -> None:
    assert build_worker(people.core.settings, wiring).unhandled_types() == []


def test_sweeping_leaves_what_is_in_use_and_takes_what_is_past(people: People, wiring: Wiring) -> None:
    ada = people.new("Ada")
    people.register("waiting@example.test")
    people.again(ada.email).delete("/api/auth/sessions")
    jobs = build_worker(people.core.settings, wiring).jobs
    before = counts(people)
    for job in jobs:
        job.run()
    assert counts(people) == before
    assert all(before.values())
    with clock.frozen(clock.now() + timedelta(days=31)):
        for job in jobs:
            job.run()
    assert counts(people) == {**dict.fromkeys(SWEPT, 0), "users": 1}


def test_refresh_tokens_successor_is_forgotten_after_the_grace(people: People, wiring: Wiring) -> None:
    ada = people.new("Ada")
    people.app.test_client().post("/api/auth/refresh", json={"refresh_token": ada.tokens["refresh_token"]})
    with clock.frozen(clock.now() + timedelta(minutes=2)):
        for job in build_worker(people.core.settings, wiring).jobs:
            job.run()
    with people.database.read() as connection:
        rows = connection.execute(text("SELECT used_at, successor FROM refresh_tokens ORDER BY created_at")).all()
    assert [(row.used_at is not None, row.successor) for row in rows] == [(True, None), (False, None)]
