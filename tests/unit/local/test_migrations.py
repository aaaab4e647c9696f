"""`make migration`: the next one of a service, ready to be filled in."""

import importlib.util
from pathlib import Path

import pytest

from local import migrations
from local.catalogue import Service
from local.layout import Home

SERVICE = Service("events")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    migrations.folder(SERVICE, tmp_path).mkdir(parents=True)
    return tmp_path


def test_migration_follows_the_last_one_when_begun(root: Path) -> None:
    first = migrations.begin(SERVICE, "events", root)
    second = migrations.begin(SERVICE, "add_colour", root)
    assert (first.name, second.name) == ("0001_events.py", "0002_add_colour.py")
    spec = importlib.util.spec_from_file_location("second", second)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert (module.revision, module.down_revision) == ("0002", "0001")


@pytest.mark.parametrize("name", ["", "Add colour", "../x", "9", "a", "x" * 70])
def test_migration_is_refused_when_its_name_is_bad(root: Path, name: str) -> None:
    with pytest.raises(ValueError, match="lower case letters"):
        migrations.begin(SERVICE, name, root)
    assert list(migrations.folder(SERVICE, root).iterdir()) == []


def test_applying_is_refused_when_no_stack_was_started(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert migrations.apply(Home(tmp_path)) == 1
    assert "run `make run` first" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["new"], ["new", "events"], ["new", "nothing", "x"], ["drop"]])
def test_usage_is_shown_when_the_command_is_wrong(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert migrations.main(arguments) == 64
    assert capsys.readouterr().err.startswith("usage: make migration SERVICE=auth|")
