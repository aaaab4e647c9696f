"""Secrets: made once, for each process its own, readable by nobody else."""

import json
import stat
from pathlib import Path

import pytest

from local.catalogue import COMMON_SECRETS, Service
from local.keys import SHARED, SecretStore, hand_out, random_secret
from muster_shared.aws.cloudfront import Signer, load_public_key, verify

SERVICES = (
    Service("auth", ("password_pepper", "jwt_keys")),
    Service("events", ("link_secret",)),
    Service("notifications", ("link_secret",)),
    Service("media", ("cdn_private_key",)),
)


def _address(role: str, password: str) -> str:
    return f"postgresql://{role}:{password}@db"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    hand_out(SecretStore(tmp_path), SERVICES, _address)
    return tmp_path


def _texts(root: Path) -> dict[str, str]:
    return {str(path.relative_to(root)): path.read_text() for path in sorted(root.rglob("*")) if path.is_file()}


def test_secrets_stay_when_handed_out_again(root: Path) -> None:
    before = _texts(root)
    hand_out(SecretStore(root), SERVICES, _address)
    assert _texts(root) == before


def test_each_service_has_its_own_and_no_more_when_handed_out(root: Path) -> None:
    for service in SERVICES:
        found = {path.name for path in (root / service.name).iterdir()}
        assert found == {*COMMON_SECRETS, *service.extra_secrets}


def test_secrets_are_shared_only_where_both_sides_need_them_when_handed_out(root: Path) -> None:
    def values(name: str) -> set[str]:
        return {path.read_text() for path in root.glob(f"*/{name}") if path.parent.name != SHARED}

    assert len(values("internal_secret")) == 1
    assert len(values("link_secret")) == 1
    assert len(values("cache_secret")) == len(SERVICES)
    assert len(values("database_url")) == len(SERVICES)


def test_owner_addresses_are_kept_from_services_when_handed_out(root: Path) -> None:
    for service in SERVICES:
        owner = (root / "migrations" / f"{service.name}_database_owner_url").read_text()
        assert "_owner:" in owner
        for path in (root / service.name).iterdir():
            assert "_owner" not in path.read_text()


def test_files_are_closed_to_others_when_written(root: Path) -> None:
    modes = {stat.S_IMODE(path.stat().st_mode) for path in root.rglob("*") if path.is_file()}
    assert modes == {0o600}


def test_edge_opens_what_media_signs_when_keys_were_handed_out(root: Path) -> None:
    private = (root / "media" / "cdn_private_key").read_text()
    public = load_public_key((root / "edge" / "cdn_public_key").read_text())
    assert "PRIVATE" not in (root / "edge" / "cdn_public_key").read_text()
    url = Signer(key_id="K", private_pem=private, origin="http://m").sign("/p/1.jpg").url
    assert verify(url.removeprefix("http://m"), origin="http://m", keys={"K": public}) == "/p/1.jpg"


def test_signing_key_is_one_when_made(root: Path) -> None:
    (key,) = json.loads((root / "auth" / "jwt_keys").read_text())
    assert key["status"] == "signing"
    assert key["kid"]
    assert key["private_pem"].startswith("-----BEGIN PRIVATE KEY-----")


def test_random_secrets_are_long_enough_when_made() -> None:
    assert len({random_secret() for _ in range(10)}) == 10
    assert len(random_secret()) >= 43
