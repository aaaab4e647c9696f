"""The worker as a process: from outbox to effect, stopped by a signal, ended by a dead thread."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from muster_shared.messaging.queues import declare, queue_names
from muster_shared.testing.aws import AwsStandIn
from muster_shared.testing.gate import Gate
from shared.tests.messaging.conftest import Post, eventually

_ROOT = Path(__file__).resolve().parents[3]
_SECRET = "a-secret-of-the-tests-with-40-characters"


@pytest.fixture
def service_post(post: Post) -> Post:
    declare(post.clients.sqs, queue_names(post.prefix))
    return post


@contextmanager
def worker(post: Post, aws: AwsStandIn, log: Path, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A worker process; killed at the end of the block if it still lives."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "muster_shared.worker", "shared.tests.messaging.worker_app"],
            cwd=_ROOT,
            env={
                **os.environ,
                **aws.environment,
                "MUSTER_ENV": "test",
                "MUSTER_DATABASE_URL": post.database.url,
                "MUSTER_QUEUE_PREFIX": post.prefix,
                "MUSTER_INTERNAL_SECRET": _SECRET,
                "MUSTER_CACHE_SECRET": _SECRET,
                **environment,
            },
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(10)


def _ids(post: Post) -> list[str]:
    return [message_id for message_id in post.effects() if message_id != "tick"]


def test_a_worker_relays_consumes_runs_its_jobs_and_stops_when_told(
    service_post: Post, aws_stand_in: AwsStandIn, tmp_path: Path
) -> None:
    beat = tmp_path / "beat"
    with worker(service_post, aws_stand_in, tmp_path / "log", MUSTER_WORKER_HEARTBEAT=str(beat)) as process:
        sent = [str(message_id) for message_id in service_post.emit(40)]
        eventually(lambda: len(_ids(service_post)) == 40)
        eventually(beat.exists)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert sorted(_ids(service_post)) == sorted(sent)
    assert service_post.effects().count("tick") == 1


def test_two_workers_share_the_work_and_the_job_runs_once(
    service_post: Post, aws_stand_in: AwsStandIn, tmp_path: Path
) -> None:
    with (
        worker(service_post, aws_stand_in, tmp_path / "one") as one,
        worker(service_post, aws_stand_in, tmp_path / "two") as two,
    ):
        sent = [str(message_id) for message_id in service_post.emit(100)]
        eventually(lambda: len(_ids(service_post)) == 100)
        for process in (one, two):
            process.terminate()
        assert (one.wait(30), two.wait(30)) == (0, 0)
    assert sorted(_ids(service_post)) == sorted(sent)
    assert service_post.effects().count("tick") == 1


def test_what_is_begun_is_committed_when_the_signal_comes_in_the_middle(
    service_post: Post, aws_stand_in: AwsStandIn, tmp_path: Path
) -> None:
    with worker(service_post, aws_stand_in, tmp_path / "log", WORKER_MODE="slow") as process:
        (sent,) = service_post.emit()
        eventually(
            lambda: service_post.rows(
                "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(1.5)%'"
                " AND datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
        process.terminate()
        assert process.wait(30) == 0
    assert _ids(service_post) == [str(sent)]
    assert service_post.is_empty(f"{service_post.prefix}-notifications")


def test_each_message_has_one_effect_when_workers_are_killed_again_and_again(
    service_post: Post, aws_stand_in: AwsStandIn, tmp_path: Path
) -> None:
    sent = [str(message_id) for message_id in service_post.emit(200)]
    for number in range(3):
        with worker(service_post, aws_stand_in, tmp_path / f"log{number}") as process:
            eventually(lambda number=number: len(_ids(service_post)) > number * 20)
            process.kill()
            process.wait(10)
    service_post.send_again("notifications")
    with worker(service_post, aws_stand_in, tmp_path / "last"):
        eventually(lambda: len(set(_ids(service_post))) == 200, seconds=90)
    assert sorted(_ids(service_post)) == sorted(sent)


def test_the_process_ends_with_a_status_when_a_thread_dies(
    service_post: Post, aws_stand_in: AwsStandIn, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with worker(service_post, aws_stand_in, log, WORKER_MODE="dies") as process:
        assert process.wait(30) == 1
    text = log.read_text()
    assert '"event":"thread_died"' in text
    assert "hunter2" not in text


def test_the_process_refuses_to_start_when_a_routed_type_has_no_handler(
    service_post: Post, aws_stand_in: AwsStandIn, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with worker(service_post, aws_stand_in, log, WORKER_MODE="incomplete") as process:
        assert process.wait(30) == 78
    assert "worker_lacks_handlers" in log.read_text()


def test_the_process_lives_and_catches_up_when_queue_and_database_come_later(
    service_post: Post, aws_stand_in: AwsStandIn, tmp_path: Path, database: Any
) -> None:
    aws_gate = Gate(("127.0.0.1", aws_stand_in.port))
    database_gate = Gate(Path(str(database.engine.url.query["host"])) / ".s.PGSQL.5432")
    for gate in (aws_gate, database_gate):
        gate.open()
        gate.shut()
    url = database.engine.url.set(host="127.0.0.1", port=database_gate.port, query={})
    (sent,) = service_post.emit()
    with worker(
        service_post,
        aws_stand_in,
        tmp_path / "log",
        AWS_ENDPOINT_URL=f"http://127.0.0.1:{aws_gate.port}",
        MUSTER_DATABASE_URL=url.render_as_string(hide_password=False),
    ) as process:
        eventually(lambda: "relay_database_failed" in (tmp_path / "log").read_text())
        database_gate.open()
        eventually(lambda: "relay_send_failed" in (tmp_path / "log").read_text())
        aws_gate.open()
        eventually(lambda: _ids(service_post) == [str(sent)], seconds=60)
        assert process.poll() is None
        process.terminate()
        assert process.wait(30) == 0
    for gate in (aws_gate, database_gate):
        gate.shut()
