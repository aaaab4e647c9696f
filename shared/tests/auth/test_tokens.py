"""Forged, altered, expired and odd access tokens; each differs in one thing from one that holds."""

import base64
import hashlib
import hmac
import time
from collections.abc import Callable
from typing import Any

import jwt
import orjson
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from muster_shared.auth.tokens import RemoteKeys, StaticKeys, TokenRefused, TokenVerifier, read_jwks, sign
from muster_shared.ids import new_id
from muster_shared.testing.tokens import ISSUER, KID, TestIssuer


@pytest.fixture
def verifier(issuer: TestIssuer) -> TokenVerifier:
    return TokenVerifier(issuer=ISSUER, keys=issuer.keys)


def test_token_holds_when_nothing_is_wrong(issuer: TestIssuer, verifier: TokenVerifier) -> None:
    user = new_id()
    claims = verifier.verify(issuer.token(user))
    assert claims.user_id == user
    assert verifier.verify(issuer.token(user)).user_id == user


def claims_of(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def with_header(issuer: TestIssuer, **header: Any) -> str:
    given = {"kid": KID, "typ": "at+jwt", **header}
    return jwt.encode(
        claims_of(issuer.token(new_id())),
        issuer.private_key,
        algorithm="ES256",
        headers={name: value for name, value in given.items() if value is not None},
    )


def hs256_with_public_key(issuer: TestIssuer) -> str:
    """Algorithm confusion: the public key's text as an HMAC secret."""
    pem = issuer.private_key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    header = base64.urlsafe_b64encode(orjson.dumps({"alg": "HS256", "typ": "at+jwt", "kid": KID})).rstrip(b"=")
    payload = base64.urlsafe_b64encode(orjson.dumps(claims_of(issuer.token(new_id())))).rstrip(b"=")
    tag = hmac.new(pem, header + b"." + payload, hashlib.sha256).digest()
    return b".".join([header, payload, base64.urlsafe_b64encode(tag).rstrip(b"=")]).decode()


def unsigned(issuer: TestIssuer) -> str:
    header = base64.urlsafe_b64encode(orjson.dumps({"alg": "none", "typ": "at+jwt", "kid": KID})).rstrip(b"=")
    return header.decode() + "." + issuer.token(new_id()).split(".")[1] + "."


def rs256(issuer: TestIssuer) -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    claims = claims_of(issuer.token(new_id()))
    return jwt.encode(claims, key, algorithm="RS256", headers={"kid": KID, "typ": "at+jwt"})


def by_another_key(issuer: TestIssuer) -> str:
    claims = claims_of(issuer.token(new_id()))
    return sign(claims, key=ec.generate_private_key(ec.SECP256R1()), kid=KID, typ="at+jwt")


def now() -> int:
    """The time when a test runs, which may be long after it was collected."""
    return int(time.time())


ATTACKS: dict[str, Callable[[TestIssuer], str]] = {
    "none": unsigned,
    "confusion": hs256_with_public_key,
    "rs256": rs256,
    "another key": by_another_key,
    "typ JWT": lambda i: with_header(i, typ="JWT"),
    "no typ": lambda i: with_header(i, typ=None),
    "no kid": lambda i: with_header(i, kid=None),
    "unknown kid": lambda i: with_header(i, kid="other"),
    "kid as a path": lambda i: with_header(i, kid="../../dev/null"),
    "jku": lambda i: with_header(i, jku="https://evil.example/jwks.json"),
    "jwk": lambda i: with_header(i, jwk={"kty": "EC"}),
    "x5u": lambda i: with_header(i, x5u="https://evil.example"),
    "crit": lambda i: with_header(i, crit=["b64"]),
    "wrong iss": lambda i: i.token(new_id(), iss="http://evil.example"),
    "wrong aud": lambda i: i.token(new_id(), aud="muster-dashboard"),
    "aud as a list": lambda i: i.token(new_id(), aud=["muster-api", "other"]),
    "no exp": lambda i: i.token(new_id(), exp=None),
    "no sid": lambda i: i.token(new_id(), sid=None),
    "no jti": lambda i: i.token(new_id(), jti=None),
    "no nbf": lambda i: i.token(new_id(), nbf=None),
    "expired": lambda i: i.token(new_id(), iat=now() - 700, nbf=now() - 700, exp=now() - 100),
    "from tomorrow": lambda i: i.token(new_id(), iat=now() + 86400, nbf=now() + 86400, exp=now() + 86400 + 600),
    "two minutes early": lambda i: i.token(new_id(), iat=now() + 120, nbf=now() + 120, exp=now() + 720),
    "good for a year": lambda i: i.token(new_id(), exp=now() + 31_536_000),
    "sub no id": lambda i: i.token(new_id(), sub="admin"),
    "empty": lambda _: "",
    "words": lambda _: "a b c",
    "surrogate": lambda _: "\ud800.a.b",
    "huge": lambda _: "a" * 100_000,
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_token_is_refused_when_forged(issuer: TestIssuer, verifier: TokenVerifier, attack: str) -> None:
    with pytest.raises(TokenRefused):
        verifier.verify(ATTACKS[attack](issuer))


def test_token_is_refused_when_any_character_is_altered(issuer: TestIssuer, verifier: TokenVerifier) -> None:
    token = issuer.token(new_id())
    verifier.verify(token)
    for place, character in enumerate(token[:-1]):
        altered = token[:place] + ("A" if character != "A" else "B") + token[place + 1 :]
        with pytest.raises(TokenRefused):
            verifier.verify(altered)


def test_remembered_token_is_refused_when_it_has_expired(issuer: TestIssuer, verifier: TokenVerifier) -> None:
    now = int(time.time())
    token = issuer.token(new_id(), iat=now - 595, nbf=now - 595, exp=now - 25)
    verifier.verify(token)
    until, _ = verifier._held._entries[hashlib.sha256(token.encode()).digest()]
    assert until - time.monotonic() <= 5


def test_small_clock_difference_is_borne(issuer: TestIssuer, verifier: TokenVerifier) -> None:
    ahead = int(time.time()) + 20
    verifier.verify(issuer.token(new_id(), iat=ahead, nbf=ahead, exp=ahead + 600))


def test_keys_hold_on_when_jwks_cannot_be_had() -> None:
    keys = RemoteKeys("http://127.0.0.1:9/jwks.json")
    assert keys.key("any") is None
    known = ec.generate_private_key(ec.SECP256R1()).public_key()
    keys._keys = {"kept": known}
    assert keys.key("kept") is known
    assert keys.key("other") is None


def test_jwks_reading_passes_over_keys_of_another_kind(issuer: TestIssuer) -> None:
    import json

    item = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(issuer.private_key.public_key()))
    document = {
        "keys": [{**item, "kid": "a", "use": "sig"}, {"kty": "RSA", "kid": "b"}, {**item, "kid": "c", "use": "enc"}]
    }
    assert set(read_jwks(document)) == {"a"}
    assert StaticKeys(read_jwks(document)).key("b") is None
