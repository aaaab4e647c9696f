"""Setting up: whatever goes wrong ends in one clear line."""

import sys
from collections import namedtuple
from pathlib import Path

import pytest

from local import prepare
from local.prepare import Stop

Usage = namedtuple("Usage", "total used free")


@pytest.mark.parametrize(
    ("output", "meaning"),
    [
        (
            "Collecting x\nERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
            "disk",
        ),
        ("  error: command 'gcc' failed: No such file or directory", "C compiler"),
        ("ERROR: Could not find a version that satisfies the requirement x==1", "package index"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "not the one that was locked"),
        ("npm error code ENOTFOUND\nnpm error network", "npm registry"),
    ],
)
def test_failure_is_explained_when_its_cause_is_known(output: str, meaning: str) -> None:
    line = prepare.explain(output)
    assert meaning in line
    assert "\n" not in line


def test_failure_shows_the_last_error_when_its_cause_is_unknown() -> None:
    assert prepare.explain("fine\nERROR: first\nERROR: second\nhint: read\n") == "ERROR: second"
    assert prepare.explain("only this\n\n") == "only this"
    assert prepare.explain("") == "it said nothing"


def test_setting_up_stops_when_python_is_too_old(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 9))
    assert prepare.main([]) == 1
    error = capsys.readouterr().err
    assert error.startswith("muster: Python 3.11 or newer is needed")
    assert error.count("\n") == 1


def test_setting_up_stops_when_the_venv_module_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepare, "find_spec", lambda _name: None)
    with pytest.raises(Stop, match="python3-venv"):
        prepare.check_python()


def test_setting_up_stops_when_the_disk_is_full(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "requirements.lock").write_text("")
    monkeypatch.setattr(prepare, "ROOT", tmp_path)
    monkeypatch.setattr(prepare.shutil, "disk_usage", lambda _path: Usage(10, 10, 50 << 20))
    assert prepare.main([]) == 1
    assert capsys.readouterr().err == "muster: the disk is full: 50 MB free, 1500 MB needed to set up\n"


def test_setting_up_stops_when_the_clone_is_read_only(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(prepare, "prepare_environment", refuse)
    assert prepare.main([]) == 1
    assert capsys.readouterr().err == "muster: setting up failed: the clone cannot be written\n"


def test_command_that_fails_stops_with_its_reason_when_run(tmp_path: Path) -> None:
    with pytest.raises(Stop, match=r"^trying failed: the disk is full$"):
        prepare.run("trying", ["sh", "-c", "echo ENOSPC >&2; exit 3"], tmp_path)


def test_command_that_is_missing_stops_with_its_name_when_run(tmp_path: Path) -> None:
    with pytest.raises(Stop, match=r"trying: no-such-program cannot be run"):
        prepare.run("trying", ["no-such-program"], tmp_path)


def test_environment_is_left_alone_when_nothing_changed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "requirements.lock").write_text("a==1\n")
    site = tmp_path / ".venv" / "lib" / "python3.11" / "site-packages"
    site.mkdir(parents=True)
    commands: list[str] = []
    monkeypatch.setattr(prepare, "ROOT", tmp_path)
    monkeypatch.setattr(prepare, "NEEDED_BYTES", 0)
    monkeypatch.setattr(prepare, "run", lambda title, _command: commands.append(title))
    prepare.prepare_environment(".venv", "requirements.lock", project=True)
    assert commands == ["making .venv", "installing what requirements.lock names"]
    prepare.prepare_environment(".venv", "requirements.lock", project=True)
    assert len(commands) == 2
    (tmp_path / "requirements.lock").write_text("a==2\n")
    prepare.prepare_environment(".venv", "requirements.lock", project=True)
    assert commands[2:] == ["installing what requirements.lock names"]


def test_chromium_is_asked_for_when_it_cannot_be_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepare.shutil, "which", lambda _name: None)
    with pytest.raises(Stop, match="Chromium is missing"):
        prepare.prepare_browser()
