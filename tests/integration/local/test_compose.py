"""The containers: confined as they should be, behind one front, scaled, and good for the whole journey."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from local.catalogue import ROOT, services
from local.ports import unused_port
from tests.e2e.test_journey import make_charter
from tests.integration.local.conftest import until

pytestmark = [pytest.mark.compose, pytest.mark.xdist_group("compose"), pytest.mark.timeout(1500)]

# Images of others, which start as root and drop it themselves, and write where their volumes are.
_FOREIGN = {"postgres", "aws"}
_ONE_OFF = {"bootstrap", *(f"{service.name}-migrate" for service in services())}
_BUILD_SECONDS = 1200


@dataclass
class Containers:
    """The stack under a project name of its own."""

    environment: dict[str, str]
    origin: str
    media_origin: str

    def compose(self, *arguments: str, seconds: float = 300) -> str:
        """Standard output of `docker compose`."""
        done = subprocess.run(
            ["docker", "compose", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    def inspect(self) -> dict[str, list[dict[str, Any]]]:
        """What Docker knows of every container, ended ones too, by service."""
        ids = self.compose("ps", "--all", "--quiet").split()
        found = json.loads(subprocess.run(["docker", "inspect", *ids], capture_output=True, check=True).stdout)
        by_service: dict[str, list[dict[str, Any]]] = {}
        for container in found:
            by_service.setdefault(container["Config"]["Labels"]["com.docker.compose.service"], []).append(container)
        return by_service


@pytest.fixture(scope="session")
def containers() -> Iterator[Containers]:
    port, media_port = unused_port(), unused_port()
    chosen = {
        "COMPOSE_PROJECT_NAME": "muster-test",
        "MUSTER_PORT": str(port),
        "MUSTER_MEDIA_PORT": str(media_port),
    }
    made = Containers(os.environ | chosen, f"http://localhost:{port}", f"http://localhost:{media_port}")
    made.compose("down", "--volumes", "--remove-orphans")
    try:
        made.compose("build", seconds=_BUILD_SECONDS)
        made.compose("up", "--wait")
        yield made
    finally:
        made.compose("down", "--volumes", "--remove-orphans")


@pytest.fixture(scope="session")
def facts(containers: Containers) -> dict[str, list[dict[str, Any]]]:
    return containers.inspect()


def test_all_are_well_when_up(facts: dict[str, list[dict[str, Any]]]) -> None:
    for name, (container, *_) in facts.items():
        state = container["State"]
        if name in _ONE_OFF:
            assert (state["Status"], state["ExitCode"]) == ("exited", 0), name
        else:
            assert state["Health"]["Status"] == "healthy", name
        assert container["RestartCount"] == 0, name


def test_each_service_is_an_api_and_a_worker_of_one_image_when_up(facts: dict[str, list[dict[str, Any]]]) -> None:
    for service in services():
        roles = (service.name, f"{service.name}-worker", f"{service.name}-migrate")
        assert len({facts[role][0]["Image"] for role in roles}) == 1


def test_ours_are_confined_when_up(facts: dict[str, list[dict[str, Any]]]) -> None:
    for name in facts.keys() - _FOREIGN:
        container = facts[name][0]
        assert container["Config"]["User"].split(":")[0] not in ("", "0", "root"), name
        assert container["HostConfig"]["ReadonlyRootfs"] is True, name
        assert container["HostConfig"]["CapDrop"] == ["ALL"], name
        assert "no-new-privileges:true" in container["HostConfig"]["SecurityOpt"], name


def test_every_container_has_a_memory_limit_when_up(facts: dict[str, list[dict[str, Any]]]) -> None:
    assert [name for name, (container, *_) in facts.items() if not container["HostConfig"]["Memory"]] == []


def test_front_alone_has_a_port_on_this_machine_when_up(facts: dict[str, list[dict[str, Any]]]) -> None:
    for name, (container, *_) in facts.items():
        bound = [entry for entries in container["HostConfig"]["PortBindings"].values() for entry in entries]
        assert bool(bound) == (name == "nginx"), name
        assert {entry["HostIp"] for entry in bound} <= {"127.0.0.1"}, name


def test_service_is_process_one_and_has_time_to_stop_when_up(containers: Containers) -> None:
    for service in services():
        for role, program in ((service.name, "gunicorn"), (f"{service.name}-worker", "muster_shared.worker")):
            command = containers.compose("exec", "-T", role, "cat", "/proc/1/cmdline").replace("\0", " ")
            assert program in command, role
    for name, (container, *_) in containers.inspect().items():
        if name not in _ONE_OFF | _FOREIGN | {"nginx"}:
            assert container["Config"]["StopTimeout"] > 60, name


def test_each_sees_its_own_secrets_alone_when_up(containers: Containers) -> None:
    for service in services():
        for role in (service.name, f"{service.name}-worker"):
            found = set(containers.compose("exec", "-T", role, "ls", "/run/muster/secrets").split())
            assert found == set(service.secrets), role
    assert containers.compose("exec", "-T", "edge", "ls", "/run/muster/secrets").split() == ["cdn_public_key"]


def test_operator_sees_the_dead_letters_when_up(containers: Containers) -> None:
    listed = containers.compose("exec", "-T", "events-worker", "muster", "dlq", "list")
    assert "muster-notifications\twaiting 0\tdead 0" in listed.splitlines()


def test_inner_paths_are_closed_when_asked_from_outside(containers: Containers) -> None:
    for path in ("/internal/x", "/livez", "/readyz", "/_local/mails"):
        assert requests.get(f"{containers.origin}{path}", timeout=10).status_code == 404
    assert requests.get(f"{containers.media_origin}/p/1/web.jpg", timeout=10).status_code == 403
    assert requests.get(f"{containers.media_origin}/muster-uploads", timeout=10).status_code == 403


def test_pages_and_documents_are_served_when_up(containers: Containers) -> None:
    for path in ("/", "/mailbox", *(f"/api/{service.name}/docs" for service in services())):
        assert requests.get(f"{containers.origin}{path}", timeout=10).status_code == 200


def test_journey_passes_when_it_is_given_the_address_of_the_containers(containers: Containers) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/e2e/test_journey.py"],
        cwd=ROOT,
        env=os.environ | {"MUSTER_TEST_BASE_URL": containers.origin},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:]
    assert " passed" in done.stdout


def test_guest_page_opens_when_every_service_is_stopped(containers: Containers) -> None:
    charter = make_charter(containers.origin)
    page = f"{containers.origin}/g/{charter.event['guest_page']['code']}"
    until(lambda: requests.get(page, timeout=10).status_code == 200, seconds=30)
    ours = [name for service in services() for name in (service.name, f"{service.name}-worker")]
    containers.compose("stop", *ours)
    try:
        assert requests.get(f"{containers.origin}/api/events", timeout=10).status_code == 503
        answer = requests.get(page, timeout=10)
        assert answer.status_code == 200
        assert "Sunset charter to Aegina" in answer.text
        assert requests.get(f"{containers.origin}/", timeout=10).status_code == 200
    finally:
        containers.compose("up", "--wait", "--no-recreate")


def _upstreams(containers: Containers) -> set[str]:
    """Which containers answered, by nginx's log."""
    front = containers.compose("ps", "--quiet", "nginx").strip()
    logs = subprocess.run(["docker", "logs", "--tail", "400", front], capture_output=True, text=True, check=True)
    found = (json.loads(line) for line in logs.stdout.splitlines() if line.startswith("{"))
    return {entry["upstream"] for entry in found if entry["path"] == "/api/crew" and entry["upstream"]}


def test_more_of_a_kind_share_the_work_when_scaled(containers: Containers) -> None:
    scale = ("--scale", "events=3", "--scale", "notifications-worker=2")
    containers.compose("up", "--wait", "--no-recreate", *scale)
    running = containers.inspect()
    assert len(running["events"]) == 3
    assert len(running["notifications-worker"]) == 2

    def all_three_answer() -> bool:
        for _ in range(10):
            assert requests.get(f"{containers.origin}/api/crew", timeout=10).status_code == 401
        return len(_upstreams(containers)) >= 3

    until(all_three_answer, seconds=60)


def test_nothing_is_lost_to_readers_when_one_of_three_stops(containers: Containers) -> None:
    containers.compose("up", "--wait", "--no-recreate", "--scale", "events=3")
    with subprocess.Popen(
        ["docker", "compose", "up", "--detach", "--wait", "--no-recreate", "--scale", "events=2"],
        cwd=ROOT,
        env=containers.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as shrinking:
        statuses = []
        while shrinking.poll() is None:
            statuses.append(requests.get(f"{containers.origin}/api/crew", timeout=10).status_code)
    assert shrinking.returncode == 0
    assert set(statuses) == {401}
