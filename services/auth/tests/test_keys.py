"""The signing keys: the file, its rotation, and what a token needs to hold."""

import json
from datetime import timedelta
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from flask.testing import FlaskClient

from muster_auth import keys as command
from muster_auth.config import AuthSettings
from muster_auth.keyring import KeyFileWrong, KeyRing
from muster_shared import clock
from muster_shared.auth.tokens import ACCESS_TYPE, TokenRefused, TokenVerifier, read_jwks, sign
from muster_shared.ids import new_id
from muster_shared.settings import SettingsError, load
from services.auth.tests.people import People


@pytest.fixture
def ring_file(tmp_path: Path) -> Path:
    path = tmp_path / "keys.json"
    assert command.main(["--file", str(path), "generate"]) == 0
    return path


def run(path: Path, *words: str) -> int:
    return command.main(["--file", str(path), *words])


def statuses(path: Path) -> dict[str, str]:
    return {entry["kid"]: entry["status"] for entry in json.loads(path.read_text())}


def age(path: Path, seconds: int) -> None:
    """Makes every change in the file older."""
    entries = json.loads(path.read_text())
    for entry in entries:
        entry["changed_at"] -= seconds
    path.write_text(json.dumps(entries))


def look_again(ring: KeyRing) -> None:
    ring._looked_at = 0.0


def token_of(ring: KeyRing) -> str:
    now = int(clock.now().timestamp())
    claims = {"iss": "http://i", "aud": "muster-api", "sub": str(new_id()), "sid": str(new_id()), "jti": "x"}
    key = ring.signing
    times = {"iat": now, "nbf": now, "exp": now + 600}
    return sign({**claims, **times}, key=key.private_key, kid=key.kid, typ=ACCESS_TYPE)


def test_nobody_is_signed_out_when_keys_are_rotated(ring_file: Path) -> None:
    ring = KeyRing(ring_file)
    verifier = TokenVerifier(issuer="http://i", keys=ring)
    old, old_kid = token_of(ring), ring.signing.kid
    assert run(ring_file, "publish") == 0
    look_again(ring)
    assert ring.signing.kid == old_kid
    new_kid = next(kid for kid, status in statuses(ring_file).items() if status == "published")
    assert {key["kid"] for key in ring.jwks["keys"]} == {old_kid, new_kid}
    assert run(ring_file, "sign", new_kid) == 1, "services may not have the key yet"
    age(ring_file, 301)
    assert run(ring_file, "sign", new_kid) == 0
    look_again(ring)
    assert ring.signing.kid == new_kid
    verifier.verify(old)
    verifier.verify(token_of(ring))
    assert run(ring_file, "retire", old_kid) == 1, "its tokens may still live"
    age(ring_file, 661)
    assert run(ring_file, "retire", old_kid) == 0
    look_again(ring)
    with pytest.raises(TokenRefused):
        verifier.verify(old)
    assert {key["kid"] for key in ring.jwks["keys"]} == {new_kid}
    assert json.loads(ring_file.read_text())[0]["private_pem"] is None


def test_leaked_key_is_out_at_once_when_hurried(ring_file: Path) -> None:
    old = next(iter(statuses(ring_file)))
    run(ring_file, "publish")
    new = next(kid for kid in statuses(ring_file) if kid != old)
    assert run(ring_file, "retire", old) == 1, "it still signs"
    assert run(ring_file, "sign", new, "--now") == 0
    assert run(ring_file, "retire", old, "--now") == 0
    assert statuses(ring_file) == {old: "retired", new: "signing"}
    assert run(ring_file, "sign", old, "--now") == 1, "a retired key never signs again"


def test_command_says_what_is_wrong(ring_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(ring_file, "generate") == 1
    assert run(ring_file, "sign", "k-none") == 1
    assert run(tmp_path / "none.json", "publish") == 1
    assert run(ring_file, "list") == 0
    said = capsys.readouterr()
    assert "PRIVATE" not in said.out + said.err
    assert ring_file.stat().st_mode & 0o777 == 0o600


def test_last_good_keys_go_on_when_the_file_breaks(ring_file: Path) -> None:
    ring = KeyRing(ring_file)
    kid = ring.signing.kid
    good = ring_file.read_text()
    for broken in ("", "{", "[]", "[1]", json.dumps([{"kid": "a", "status": "signing", "private_pem": "x"}])):
        ring_file.write_text(broken)
        look_again(ring)
        assert ring.signing.kid == kid
        with pytest.raises(KeyFileWrong):
            KeyRing(ring_file)
    ring_file.write_text(good)
    look_again(ring)
    assert ring.signing.kid == kid


@pytest.mark.parametrize("change", ["two", "twice", "curve", "development"])
def test_impossible_file_is_refused(ring_file: Path, change: str) -> None:
    entries = json.loads(ring_file.read_text())
    if change == "two":
        entries.append(command.new_entry(command.KeyStatus.SIGNING))
    elif change == "twice":
        entries.append({**command.new_entry(command.KeyStatus.PUBLISHED), "kid": entries[0]["kid"]})
    elif change == "curve":
        key = ec.generate_private_key(ec.SECP384R1())
        pem = key.private_bytes(
            command.serialization.Encoding.PEM,
            command.serialization.PrivateFormat.PKCS8,
            command.serialization.NoEncryption(),
        )
        entries[0]["private_pem"] = pem.decode()
    else:
        entries[0]["kid"] = "dev-only-1"
    ring_file.write_text(json.dumps(entries))
    with pytest.raises(KeyFileWrong):
        KeyRing(ring_file, production=True)


def test_jwks_holds_public_parts_alone(client: FlaskClient, people: People) -> None:
    answer = client.get("/.well-known/jwks.json")
    assert (answer.status_code, answer.mimetype) == (200, "application/jwk-set+json")
    document = json.loads(answer.get_data())
    assert set(document["keys"][0]) == {"kty", "crv", "x", "y", "kid", "use", "alg"}
    key = read_jwks(document)["k-1"]
    jwt.decode(people.new("Ada").tokens["access_token"], key, algorithms=["ES256"], audience="muster-api")


def test_token_is_refused_when_the_signers_clock_is_two_minutes_fast(people: People, client: FlaskClient) -> None:
    ada = people.new("Ada")
    with clock.frozen(clock.now() + timedelta(minutes=2)):
        fast = people.sign_in(ada.email).json["access_token"]
    with clock.frozen(clock.now() - timedelta(minutes=2)):
        slow = people.sign_in(ada.email).json["access_token"]
    statuses_ = [
        client.get("/api/auth/me", headers={"Authorization": f"Bearer {token}"}).status_code for token in (fast, slow)
    ]
    assert statuses_ == [401, 200]


PRODUCTION = {
    "MUSTER_ENV": "production",
    "MUSTER_PUBLIC_ORIGIN": "https://muster.example",
    "MUSTER_DATABASE_URL": "postgresql+psycopg2://x@/x",
    "MUSTER_INTERNAL_SECRET": "i" * 40,
    "MUSTER_CACHE_SECRET": "c" * 40,
    "MUSTER_PASSWORD_PEPPER": "p" * 40,
}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MUSTER_PASSWORD_PEPPER", "dev-only-" + "p" * 40),
        ("MUSTER_INTERNAL_SECRET", "dev-only-" + "i" * 40),
        ("MUSTER_PASSWORD_PEPPER", "short"),
        ("MUSTER_PUBLIC_ORIGIN", "http://muster.example"),
        ("MUSTER_BCRYPT_COST", "4"),
        ("MUSTER_JWT_KEYS_FILE", ""),
    ],
)
def test_production_refuses_settings_of_development(name: str, value: str, ring_file: Path) -> None:
    production = {**PRODUCTION, "MUSTER_JWT_KEYS_FILE": str(ring_file)}
    assert load(AuthSettings, production).is_production
    with pytest.raises(SettingsError) as refused:
        load(AuthSettings, {**production, name: value})
    assert not value or value not in str(refused.value)
