"""`make run`: comes up, says where things are, survives what dies, ends in order, keeps its data."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests
from botocore.exceptions import BotoCoreError, ClientError

from local.catalogue import ROOT, services
from local.memory import proportional_bytes
from local.ports import unused_port
from muster_shared.aws.clients import Clients
from tests.integration.local.conftest import until
from tests.integration.local.running import Running

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    made = Running(home=tmp_path_factory.mktemp("muster") / "home")
    made.start()
    yield made
    if made.process is not None:
        made.end()


def _family(running: Running) -> list[psutil.Process]:
    assert running.process is not None
    root = psutil.Process(running.process.pid)
    return [root, *root.children(recursive=True)]


def _is_gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def _clients(running: Running) -> Clients:
    secret = (running.home / "secrets" / "shared" / "aws_secret_access_key").read_text()
    port = (running.home / "ports" / "aws").read_text()
    return Clients(endpoint_url=f"http://127.0.0.1:{port}", region="eu-west-1", credentials=("muster-local", secret))


def test_stack_says_where_things_are_when_ready(stack: Running) -> None:
    # The last line it prints; what comes through the pipe may be a moment behind the file that says it is ready.
    until(lambda: any("make reset" in line for line in stack.lines))
    printed = "".join(stack.lines)
    assert "Muster is ready." in printed
    for place in ("/", "/mailbox", *(f"/api/{service.name}/docs" for service in services())):
        assert f"{stack.origin}{place}\n" in printed
        assert requests.get(f"{stack.origin}{place}", timeout=10).status_code == 200


def test_every_service_describes_itself_when_ready(stack: Running) -> None:
    for service in services():
        answer = requests.get(f"{stack.origin}/api/{service.name}/openapi.json", timeout=10)
        assert answer.json()["openapi"].startswith("3.1")


def test_stack_listens_on_this_machine_alone_when_ready(stack: Running) -> None:
    open_to = {
        connection.laddr.ip
        for process in _family(stack)
        for connection in process.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert open_to <= {"127.0.0.1", "::1"}


def test_memory_is_within_its_bound_when_idle(stack: Running) -> None:
    assert stack.process is not None
    assert sum(proportional_bytes(stack.process.pid).values()) < 700 * 1024 * 1024


def test_second_runner_is_refused_when_one_holds_the_home(stack: Running) -> None:
    status, error = Running(home=stack.home).try_to_start()
    assert status == 1
    assert error == (
        f"muster: Muster already runs on {stack.home} (pid {stack.facts['pid']}): "
        "end it, or choose another with MUSTER_HOME\n"
    )


def test_reset_is_refused_when_a_stack_runs(stack: Running) -> None:
    done = subprocess.run(
        [sys.executable, "infra/local/reset.py"],
        cwd=ROOT,
        env=stack.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, f"muster: Muster runs on {stack.home}: end it first\n")
    assert (stack.home / "postgres").exists()


@pytest.mark.parametrize("name", ["events-worker", "auth-api", "edge", "nginx", "postgres", "aws"])
def test_process_comes_back_when_it_is_killed(stack: Running, name: str) -> None:
    program = {"aws": "ministack"}.get(name, name)[:15]
    pid = next(
        process.pid for process in _family(stack) if process.name() == program and process.ppid() == stack.facts["pid"]
    )
    psutil.Process(pid).kill()
    complaint = f"{name} ended with signal SIGKILL; starting it again in 0.5 s\n"
    until(lambda: complaint in stack.lines)
    until(lambda: any(p.name() == program and p.pid != pid for p in _family(stack)))
    for path in ("/", "/api/auth/openapi.json", "/api/events"):
        until(lambda path=path: _answers(f"{stack.origin}{path}"), seconds=20)
    until(lambda: _has_queue(stack), seconds=20)


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=10).status_code == 200
    except requests.ConnectionError:
        return False


def _has_queue(stack: Running) -> bool:
    try:
        return bool(_clients(stack).sqs.get_queue_url(QueueName="muster-events"))
    except (ClientError, BotoCoreError):
        return False


def _dlq(home: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "local.dlq", *arguments],
        cwd=ROOT,
        env={**os.environ, "MUSTER_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_dead_letter_is_shown_and_sent_back_when_asked(stack: Running) -> None:
    sqs = _clients(stack).sqs
    url = sqs.get_queue_url(QueueName="muster-notifications")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="not json")
    until(lambda: "invalid message" in _dlq(stack.home, "show", "notifications").stdout)
    listed = _dlq(stack.home, "list")
    assert (listed.returncode, "muster-notifications\twaiting 0\tdead 1" in listed.stdout) == (0, True), listed
    assert _dlq(stack.home, "redrive", "notifications").stdout == "1 sent back\n"
    # Nothing was mended: it comes to lie there again.
    until(lambda: "invalid message" in _dlq(stack.home, "show", "notifications").stdout)


def test_one_line_says_so_when_there_is_no_such_queue(stack: Running) -> None:
    asked = _dlq(stack.home, "show", "nonsense")
    assert (asked.returncode, asked.stderr) == (1, "muster dlq: there is no such queue: `muster dlq list` names them\n")


def test_dead_letters_are_not_looked_for_when_no_stack_runs(tmp_path: Path) -> None:
    asked = _dlq(tmp_path, "list")
    assert asked.returncode == 1
    assert asked.stderr == f"muster: no stack runs on {tmp_path}: `make run` starts one\n"


def test_stack_ends_in_order_and_keeps_its_data_when_interrupted(stack: Running) -> None:
    clients = _clients(stack)
    url = clients.sqs.create_queue(QueueName="kept")["QueueUrl"]
    clients.sqs.send_message(QueueUrl=url, MessageBody="still here")
    clients.s3.put_object(Bucket="muster-site", Key="g/kept", Body=b"<p>kept</p>", ContentType="text/html")
    family = _family(stack)
    assert stack.end(signal.SIGINT) == 0
    assert stack.lines[-1] == "Muster has stopped; its data is kept.\n"
    assert not any("killed" in line for line in stack.lines)
    assert all(_is_gone(process) for process in family)
    with socket.socket() as other:
        # Somebody else took the stand-in's port meanwhile: it has to move, and its queues with it.
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", int((stack.home / "ports" / "aws").read_text())))
        other.listen()
        stack.start()
    clients = _clients(stack)
    url = clients.sqs.get_queue_url(QueueName="kept")["QueueUrl"]
    (message,) = clients.sqs.receive_message(QueueUrl=url, WaitTimeSeconds=2)["Messages"]
    assert message["Body"] == "still here"
    assert requests.get(f"{stack.origin}/g/kept", timeout=10).text == "<p>kept</p>"


def test_nothing_is_left_and_it_starts_again_when_the_runner_is_killed(stack: Running) -> None:
    if stack.process is None:
        stack.start()
    family = _family(stack)
    stack.end(signal.SIGKILL)
    until(lambda: all(_is_gone(process) for process in family), seconds=30)
    stack.start()
    assert requests.get(f"{stack.origin}/", timeout=10).status_code == 200


def test_two_copies_run_side_by_side_when_they_have_ports_and_homes_of_their_own(
    stack: Running, tmp_path: Path
) -> None:
    if stack.process is None:
        stack.start()
    other = Running(home=tmp_path / "home")
    other.start()
    try:
        assert requests.get(f"{other.origin}/", timeout=10).status_code == 200
        assert requests.get(f"{stack.origin}/", timeout=10).status_code == 200
    finally:
        assert other.end(signal.SIGTERM) == 0


def test_data_is_forgotten_when_reset(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "lock").touch()
    (home / "postgres").mkdir()
    done = subprocess.run(
        [sys.executable, "infra/local/reset.py"], cwd=ROOT, env=Running(home=home).environment, check=False
    )
    assert done.returncode == 0
    assert not home.exists()


def test_directory_is_left_alone_when_reset_is_no_home(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()
    done = subprocess.run(
        [sys.executable, "infra/local/reset.py"],
        cwd=ROOT,
        env=Running(home=tmp_path).environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, f"muster: {tmp_path} is not a home of Muster; nothing was removed\n")
    assert (tmp_path / "thesis.txt").exists()


@pytest.mark.parametrize("name", ["MUSTER_PORT", "MUSTER_MEDIA_PORT"])
def test_start_is_refused_when_a_port_is_in_use(tmp_path: Path, name: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        chosen = {"MUSTER_PORT": {"port": port}, "MUSTER_MEDIA_PORT": {"media_port": port}}[name]
        status, error = Running(home=tmp_path / "home", **chosen).try_to_start()
    assert status == 1
    assert error == f"muster: port {port} is in use: end what listens there, or set {name} to another\n"
    assert not (tmp_path / "home" / "postgres").exists()


@pytest.mark.parametrize("port", ["abc", "0", "70000", "-1", "80 80", "٨٠٨٠"])
def test_start_is_refused_when_a_port_is_none(tmp_path: Path, port: str) -> None:
    running = Running(home=tmp_path / "home")
    running.port = port  # type: ignore[assignment]
    status, error = running.try_to_start()
    assert (status, error) == (1, "muster: MUSTER_PORT must be a port number between 1 and 65535\n")


def test_start_is_refused_when_both_ports_are_one(tmp_path: Path) -> None:
    port = unused_port()
    status, error = Running(home=tmp_path / "home", port=port, media_port=port).try_to_start()
    assert (status, error) == (1, "muster: MUSTER_PORT and MUSTER_MEDIA_PORT must differ\n")


def test_start_is_refused_when_the_home_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "home").touch()
    status, error = Running(home=tmp_path / "home").try_to_start()
    assert status == 1
    assert error.startswith(f"muster: {tmp_path / 'home'} cannot be written")
    assert error.count("\n") == 1


def test_start_is_refused_when_the_data_is_another_versions(tmp_path: Path) -> None:
    data = tmp_path / "home" / "postgres"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("12\n")
    status, error = Running(home=tmp_path / "home").try_to_start()
    assert status == 1
    assert error.startswith("muster: the data is PostgreSQL 12's")
    assert "make reset" in error
    assert error.count("\n") == 1
