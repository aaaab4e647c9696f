"""What the runner refuses before it touches anything."""

from collections import namedtuple
from pathlib import Path

import pytest

from local import options, runner

Usage = namedtuple("Usage", "total used free")


def test_start_is_refused_when_the_disk_is_full(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MUSTER_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(options.shutil, "disk_usage", lambda _path: Usage(10, 10, 3 << 20))
    assert runner.main([]) == 1
    assert capsys.readouterr().err == (f"muster: the disk of {tmp_path / 'home'} is full: 3 MB free, 300 MB needed\n")
    assert list((tmp_path / "home").iterdir()) == [tmp_path / "home" / "lock"]


def test_lock_is_no_obstacle_when_its_owner_died(tmp_path: Path) -> None:
    home = options.Home(tmp_path)
    home.lock.write_text("1")  # a pid that lives, and never held this lock
    with options.locked(home):
        assert home.lock.read_text() != "1"
