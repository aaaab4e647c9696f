"""Periodic jobs: one of several workers runs each when it is due."""

import threading
from uuid import uuid4

import pytest
from sqlalchemy import text

from muster_shared.messaging.jobs import JobRunner, cleaning_jobs, run_if_due
from muster_shared.messaging.spec import Job
from shared.tests.messaging.conftest import Post, eventually


def test_one_of_many_workers_runs_a_job_when_it_is_due(post: Post) -> None:
    runs: list[int] = []
    together = threading.Barrier(6)

    def work() -> None:
        together.wait(10)
        run_if_due(post.database, Job("sweep", 3600, lambda: runs.append(1)))

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert runs == [1]


def test_a_job_runs_again_when_its_period_is_over_and_not_before(post: Post) -> None:
    runs: list[int] = []
    job = Job("sweep", 3600, lambda: runs.append(1))
    assert run_if_due(post.database, job)
    assert not run_if_due(post.database, job)
    with post.database.read() as connection:
        connection.execute(text("UPDATE job_runs SET started_at = started_at - interval '1 hour'"))
    assert run_if_due(post.database, job)
    assert runs == [1, 1]
    (row,) = post.rows("SELECT finished_at > started_at AS finished FROM job_runs")
    assert row.finished


def test_a_job_is_left_alone_while_another_worker_is_at_it(post: Post) -> None:
    inside: list[bool] = []
    job = Job("sweep", 0, lambda: inside.append(run_if_due(post.database, Job("sweep", 0, lambda: None))))
    assert run_if_due(post.database, job)
    assert inside == [False]
    assert run_if_due(post.database, job)


def test_the_lock_is_free_again_when_a_job_failed(post: Post) -> None:
    def fail() -> None:
        raise ValueError("as it happens")

    with pytest.raises(ValueError, match="as it happens"):
        run_if_due(post.database, Job("sweep", 0, fail))
    assert run_if_due(post.database, Job("sweep", 0, lambda: None))


def test_the_other_jobs_go_on_when_one_fails(post: Post) -> None:
    runs: list[int] = []

    def fail() -> None:
        raise ValueError("as it happens")

    stop = threading.Event()
    runner = JobRunner(post.database, [Job("bad", 0.05, fail), Job("good", 0.05, lambda: runs.append(1))])
    thread = threading.Thread(target=runner.run, args=(stop,))
    thread.start()
    eventually(lambda: len(runs) >= 3)
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


def test_a_slow_job_holds_up_no_quick_one_when_two_threads_run(post: Post) -> None:
    runs: list[int] = []
    release, stop = threading.Event(), threading.Event()
    slow = Job("slow", 3600, lambda: release.wait(20) and None)
    runner = JobRunner(post.database, [slow, Job("quick", 0.05, lambda: runs.append(1))])
    threads = [threading.Thread(target=runner.run, args=(stop,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    eventually(lambda: len(runs) >= 3)
    assert not release.is_set()
    release.set()
    stop.set()
    for thread in threads:
        thread.join(10)
    assert not [thread for thread in threads if thread.is_alive()]


def test_only_old_rows_are_cleaned_away(post: Post) -> None:
    with post.database.read() as connection:
        for age, sent in ((1, True), (9, True), (9, False)):
            connection.execute(
                text(
                    "INSERT INTO outbox (id, type, payload, created_at, sent_at) VALUES (:id, :type, '{}',"
                    " now() - make_interval(days => :age),"
                    " CASE WHEN :sent THEN now() - make_interval(days => :age) END)"
                ),
                {"id": uuid4(), "type": f"{age}-{sent}", "age": age, "sent": sent},
            )
        for age in (1, 31):
            connection.execute(
                text(
                    "INSERT INTO inbox (queue, message_id, handled_at)"
                    " VALUES ('q', :age, now() - make_interval(days => CAST(:age AS int)))"
                ),
                {"age": str(age)},
            )
    for job in cleaning_jobs(post.database):
        job.run()
    assert sorted(row.type for row in post.rows("SELECT type FROM outbox")) == ["1-True", "9-False"]
    assert [row.message_id for row in post.rows("SELECT message_id FROM inbox")] == ["1"]
