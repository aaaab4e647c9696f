"""Signed URLs: what was signed is served, for as long as was said, and nothing else is."""

import base64
import string
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from muster_shared import clock
from muster_shared.aws.cloudfront import Refused, Signer, load_public_key, verify

ORIGIN = "https://media.example.org"
PATH = "/p/0192f0c1-2f4e-7000-8000-000000000001/5Jd8_x-Qz.a1/web.jpg"
NOW = datetime(2026, 5, 1, 12, 1, 40, tzinfo=UTC)
KEY = ec.generate_private_key(ec.SECP256R1())
KEYS = {"K2JCJMDEHXQW5F": KEY.public_key()}


def _pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.fixture
def signer() -> Signer:
    return Signer(key_id="K2JCJMDEHXQW5F", private_pem=_pem(KEY), origin=ORIGIN)


def _target(url: str) -> str:
    return url.removeprefix(ORIGIN)


def _signed(signer: Signer, *, at: datetime = NOW) -> str:
    with clock.frozen(at):
        return _target(signer.sign(PATH).url)


def test_a_signed_url_is_served_until_the_moment_it_expires(signer: Signer) -> None:
    with clock.frozen(NOW):
        signed = signer.sign(PATH)
    target = _target(signed.url)
    assert verify(target, origin=ORIGIN, keys=KEYS, now=NOW) == PATH
    assert verify(target, origin=ORIGIN, keys=KEYS, now=signed.expires_at - timedelta(seconds=1)) == PATH
    with pytest.raises(Refused, match="expired"):
        verify(target, origin=ORIGIN, keys=KEYS, now=signed.expires_at)


def test_the_policy_and_the_signature_are_what_cloudfront_documents(signer: Signer) -> None:
    target = _signed(signer)
    parts = urlsplit(target)
    names = [pair.split("=", 1)[0] for pair in parts.query.split("&")]
    assert names == ["Expires", "Signature", "Key-Pair-Id", "Hash-Algorithm"]
    values = dict(pair.split("=", 1) for pair in parts.query.split("&"))
    policy = (
        '{"Statement":[{"Resource":"'
        + ORIGIN
        + PATH
        + '","Condition":{"DateLessThan":{"AWS:EpochTime":'
        + values["Expires"]
        + "}}}]}"
    )
    standard = values["Signature"].replace("-", "+").replace("_", "=").replace("~", "/")
    KEY.public_key().verify(base64.b64decode(standard, validate=True), policy.encode(), ec.ECDSA(SHA256()))
    assert values["Hash-Algorithm"] == "SHA256"


def test_a_path_keeps_its_url_within_a_time_bucket_also_from_another_process(signer: Signer) -> None:
    start = NOW.replace(minute=0, second=0)
    other = Signer(key_id="K2JCJMDEHXQW5F", private_pem=_pem(KEY), origin=ORIGIN)
    first = _signed(signer, at=start)
    assert _signed(other, at=start + timedelta(seconds=299)) == first
    assert _signed(signer, at=start + timedelta(seconds=300)) != first


@pytest.mark.parametrize("second", [0, 1, 150, 298, 299, 300, 301])
def test_a_url_lasts_at_least_ten_and_at_most_fifteen_minutes(signer: Signer, second: int) -> None:
    at = NOW.replace(minute=0, second=0) + timedelta(seconds=second)
    with clock.frozen(at):
        left = signer.sign(PATH).expires_at - at
    assert timedelta(minutes=10) < left <= timedelta(minutes=15)


def test_one_altered_character_is_refused_at_every_position(signer: Signer) -> None:
    target = _signed(signer)
    refused = 0
    for position, character in enumerate(target):
        for other in {"A", "a", "0", "1", "-", "_", "~", "/", "%", "&", "=", "?", chr(ord(character) ^ 1)} - {
            character
        }:
            with pytest.raises(Refused):
                verify(target[:position] + other + target[position + 1 :], origin=ORIGIN, keys=KEYS, now=NOW)
            refused += 1
    assert refused >= 12 * len(target)
    assert verify(target, origin=ORIGIN, keys=KEYS, now=NOW) == PATH


def test_one_altered_signature_character_is_refused_for_each_other_letter(signer: Signer) -> None:
    target = _signed(signer)
    start = target.index("Signature=") + len("Signature=")
    end = target.index("&Key-Pair-Id")
    alphabet = string.ascii_letters + string.digits + "-~_+/="
    for position in range(start, end):
        for other in set(alphabet) - {target[position]}:
            with pytest.raises(Refused):
                verify(target[:position] + other + target[position + 1 :], origin=ORIGIN, keys=KEYS, now=NOW)


def test_one_missing_or_doubled_character_is_refused_at_every_position(signer: Signer) -> None:
    target = _signed(signer)
    for position in range(len(target)):
        for changed in (target[:position] + target[position + 1 :], target[: position + 1] + target[position:]):
            if changed == target:
                continue
            with pytest.raises(Refused):
                verify(changed, origin=ORIGIN, keys=KEYS, now=NOW)


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.split("?")[0],
        lambda t: t + "&x=1",
        lambda t: t + "#x",
        lambda t: t + "&",
        lambda t: t.replace("?", "?x=1&", 1),
        lambda t: t.replace("&Hash-Algorithm=SHA256", ""),
        lambda t: t.replace("SHA256", "SHA1"),
        lambda t: t.replace("?", "?Policy=e30_&", 1),
        lambda t: t.replace("Expires=", "Expires=0", 1),
        lambda t: t.replace("Expires=", "Expires=%31", 1),
        lambda t: t.replace("/p/", "/p//", 1),
        lambda t: t.replace("/p/", "/p/./", 1),
        lambda t: t.replace("/p/", "/p/../p/", 1),
        lambda t: t.replace("/p/", "/%70/", 1),
        lambda t: t.replace("/p/", "/P/", 1),
        lambda t: "/" + t,
        lambda t: ORIGIN + t,
        lambda t: t + "\n",
        lambda t: " " + t,
        lambda t: t.replace("Key-Pair-Id=K2JCJMDEHXQW5F", "Key-Pair-Id=K2JCJMDEHXQW5G"),
        lambda t: "",
        lambda t: "/",
        lambda t: t.encode().decode("latin-1") + "\u00e9",
    ],
)
def test_another_shape_is_refused(signer: Signer, change: "object") -> None:
    target = _signed(signer)
    with pytest.raises(Refused):
        verify(change(target), origin=ORIGIN, keys=KEYS, now=NOW)  # type: ignore[operator]


def test_another_expiry_is_refused(signer: Signer) -> None:
    target = _signed(signer)
    expires = target.split("Expires=")[1][:10]
    with pytest.raises(Refused, match="wrong signature"):
        verify(target.replace(expires, str(int(expires) + 60)), origin=ORIGIN, keys=KEYS, now=NOW)


def test_a_url_of_another_origin_or_another_key_is_refused(signer: Signer) -> None:
    target = _signed(signer)
    with pytest.raises(Refused):
        verify(target, origin="https://media.example.com", keys=KEYS, now=NOW)
    stranger = ec.generate_private_key(ec.SECP256R1()).public_key()
    with pytest.raises(Refused):
        verify(target, origin=ORIGIN, keys={"K2JCJMDEHXQW5F": stranger}, now=NOW)
    with pytest.raises(Refused):
        verify(target, origin=ORIGIN, keys={}, now=NOW)


def test_a_signature_in_another_encoding_is_refused(signer: Signer) -> None:
    target = _signed(signer)
    text = target.split("Signature=")[1].split("&")[0]
    der = base64.b64decode(text.replace("-", "+").replace("_", "=").replace("~", "/"))
    r, s = decode_dss_signature(der)
    assert encode_dss_signature(r, s) == der
    for other in (
        r.to_bytes(32, "big") + s.to_bytes(32, "big"),
        der + b"\x00",
        b"\x30\x81" + der[1:],
        encode_dss_signature(r, 0),
        encode_dss_signature(0, s),
    ):
        encoded = base64.b64encode(other).decode().replace("+", "-").replace("=", "_").replace("/", "~")
        with pytest.raises(Refused):
            verify(target.replace(text, encoded), origin=ORIGIN, keys=KEYS, now=NOW)


def test_a_good_signature_over_too_distant_an_expiry_is_refused(signer: Signer) -> None:
    target = _signed(signer, at=NOW + timedelta(hours=1))
    with pytest.raises(Refused, match="too long"):
        verify(target, origin=ORIGIN, keys=KEYS, now=NOW)


@pytest.mark.parametrize(
    "path", ["p/x.jpg", "/", "/p/a b.jpg", "/p/../o/x", '/p/"x', "/p/x?y=1", "/p/*", "//p/x", "/p/é"]
)
def test_signing_is_refused_for_a_path_that_is_not_plain(signer: Signer, path: str) -> None:
    with pytest.raises(ValueError, match="plain"):
        signer.sign(path)


def test_a_signer_refuses_other_keys_and_other_lifetimes() -> None:
    wrong = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    for key in (wrong, ec.generate_private_key(ec.SECP384R1())):
        with pytest.raises(ValueError, match="P-256"):
            Signer(key_id="K", private_pem=_pem(key), origin=ORIGIN)
    with pytest.raises(ValueError, match="ttl_seconds"):
        Signer(key_id="K", private_pem=_pem(KEY), origin=ORIGIN, ttl_seconds=901)
    with pytest.raises(ValueError, match="ttl_seconds"):
        Signer(key_id="K", private_pem=_pem(KEY), origin=ORIGIN, bucket_seconds=900)


def test_the_edges_key_file_is_read_when_it_is_p256_and_refused_otherwise() -> None:
    def public(key: ec.EllipticCurvePrivateKey) -> str:
        return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    assert load_public_key(public(KEY)).public_numbers() == KEY.public_key().public_numbers()
    with pytest.raises(ValueError, match="P-256"):
        load_public_key(public(ec.generate_private_key(ec.SECP384R1())))
