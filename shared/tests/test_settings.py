"""Settings fail at start, in one line that names what is wrong and never what was given."""

import subprocess
import sys
from pathlib import Path

import pytest

from muster_shared.settings import Settings, SettingsError, load

GOOD = {
    "MUSTER_DATABASE_URL": "postgresql+psycopg2://x@/muster",
    "MUSTER_INTERNAL_SECRET": "i" * 40,
    "MUSTER_CACHE_SECRET": "c" * 40,
}
PRODUCTION = {**GOOD, "MUSTER_ENV": "production", "MUSTER_PUBLIC_ORIGIN": "https://muster.example"}


def test_settings_are_read_when_all_is_there() -> None:
    settings = load(Settings, {**GOOD, "MUSTER_DATABASE_POOL_SIZE": "3", "UNRELATED": "x"})
    assert settings.database_pool_size == 3
    assert "i" * 40 not in repr(settings)


def test_setting_comes_from_a_file_when_the_name_says_so(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("f" * 40 + "\n")
    given = {name: value for name, value in GOOD.items() if name != "MUSTER_INTERNAL_SECRET"}
    settings = load(Settings, {**given, "MUSTER_INTERNAL_SECRET_FILE": str(file)})
    assert settings.internal_secret.get_secret_value() == "f" * 40
    with pytest.raises(SettingsError, match="MUSTER_INTERNAL_SECRET_FILE"):
        load(Settings, {**given, "MUSTER_INTERNAL_SECRET_FILE": str(tmp_path / "none")})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MUSTER_ENV", "staging4711"),
        ("MUSTER_INTERNAL_SECRET", "short4711"),
        ("MUSTER_PUBLIC_ORIGIN", "localhost4711"),
        ("MUSTER_PUBLIC_ORIGIN", "http://localhost:8080/4711"),
        ("MUSTER_DATABASE_POOL_SIZE", "many4711"),
        ("MUSTER_DATABASE_URL", ""),
    ],
)
def test_start_is_refused_naming_the_setting_when_wrong(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(Settings, {**GOOD, name: value})
    assert name in str(caught.value)
    assert "4711" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "wrong", [{"MUSTER_CACHE_SECRET": "dev-only-" + "c" * 40}, {"MUSTER_PUBLIC_ORIGIN": "http://muster.example"}]
)
def test_production_refuses_what_is_for_development(wrong: dict[str, str]) -> None:
    load(Settings, PRODUCTION)
    load(Settings, {**GOOD, **wrong, "MUSTER_ENV": "local"})
    with pytest.raises(SettingsError, match=next(iter(wrong))):
        load(Settings, {**PRODUCTION, **wrong})


def test_process_ends_with_one_line_when_settings_are_missing() -> None:
    code = "from muster_shared.settings import Settings, load_or_exit; load_or_exit(Settings)"
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 78
    assert len(ended.stderr.strip().splitlines()) == 1
    assert "MUSTER_DATABASE_URL" in ended.stderr
