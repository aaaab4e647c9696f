"""`make new-service`: what it makes runs and is tested, in a copy of the repository."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests
import yaml

from local import check, new_service
from local.catalogue import ROOT, Service
from local.new_service import Refused
from tests.integration.local.running import Running

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.timeout(240)]

_NOT_COPIED = shutil.ignore_patterns(
    ".git", ".venv*", ".muster*", "node_modules", "__pycache__", ".*_cache", "test-results", ".hypothesis"
)
NAME = "invoices"


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the repository with the new service in it."""
    root = tmp_path_factory.mktemp("copy") / "muster"
    shutil.copytree(ROOT, root, ignore=_NOT_COPIED)
    (root / ".venv-aws").symlink_to(ROOT / ".venv-aws")
    new_service.create(NAME, root)
    yield root
    shutil.rmtree(root)


def _environment(copy: Path) -> dict[str, str]:
    """Imports from the copy, not from the repository that the tests run in."""
    folders = ("shared", *(f"services/{folder.name}" for folder in (copy / "services").iterdir()), "infra", ".")
    return os.environ | {"PYTHONPATH": os.pathsep.join(str(copy / folder) for folder in folders)}


def _run(copy: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=copy,
        env=_environment(copy),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_its_own_tests_pass_when_it_was_made(copy: Path) -> None:
    done = _run(copy, "pytest", "-q", "-p", "no:cacheprovider", f"services/{NAME}")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert " passed" in done.stdout


@pytest.mark.parametrize(
    "command",
    [
        ("ruff", "check", "--no-cache", f"services/{NAME}"),
        ("ruff", "format", "--no-cache", "--check", f"services/{NAME}"),
        ("mypy", "--cache-dir", os.devnull, f"services/{NAME}/muster_{NAME}"),
        ("local.check",),
    ],
)
def test_checks_pass_when_it_was_made(copy: Path, command: tuple[str, ...]) -> None:
    done = _run(copy, *command)
    assert done.returncode == 0, done.stdout + done.stderr


def test_check_misses_the_service_when_compose_and_nginx_do_not_know_it() -> None:
    known = (Service(NAME, ("a_secret",)),)
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    template = (ROOT / "nginx" / "templates" / "muster.conf.template").read_text()
    assert len(check.compose_complaints(compose, known)) >= 5
    assert len(check.route_complaints(template, known)) == 2


def test_stack_serves_it_when_it_was_made(copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", _environment(copy)["PYTHONPATH"])
    running = Running(home=tmp_path / "home", root=copy)
    running.start()
    try:
        assert requests.get(f"{running.origin}/api/{NAME}/docs", timeout=10).status_code == 200
        answer = requests.get(f"{running.origin}/api/{NAME}/items", timeout=10)
        assert answer.status_code in (401, 422)
        names = {process.name() for process in psutil.Process(running.facts["pid"]).children(recursive=True)}
        assert {f"{NAME}-worker"[:15], f"{NAME}-api"[:15]} <= names
    finally:
        assert running.end() == 0


@pytest.mark.parametrize("name", ["", "X", "a", "9lives", "in-voices", "auth", "edge", "import", "a" * 30, "../x"])
def test_service_is_refused_when_its_name_is_bad_or_taken(copy: Path, name: str) -> None:
    before = (copy / "docker-compose.yml").read_text()
    with pytest.raises(Refused):
        new_service.create(name, copy)
    assert (copy / "docker-compose.yml").read_text() == before


def test_service_is_refused_when_it_is_there_already(copy: Path) -> None:
    with pytest.raises(Refused, match=f"there is a service {NAME} already"):
        new_service.create(NAME, copy)
