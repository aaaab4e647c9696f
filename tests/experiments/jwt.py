"""jwt: forged, confused, expired and misdirected access tokens are sent to every service; none may be let in."""

import base64
import hashlib
import hmac
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from muster_auth.keyring import KeyRing
from muster_shared.auth.internal import service_token
from muster_shared.auth.tokens import sign
from muster_shared.ids import new_id
from services.auth.tests.people import SECRET, Person
from tests.experiments.auth_stage import AuthStage, auth_stage
from tests.experiments.checker import Verdict

_ORIGIN = "http://localhost:8080"
_ABSENT = object()


@dataclass(frozen=True)
class Size:
    """How many tokens have one of their characters changed."""

    flips: int


FULL, SHORT = Size(flips=600), Size(flips=60)


def run(size: Size) -> Verdict:
    """The verdict: what was let in anywhere."""
    let_in: list[str] = []
    attempted = 0
    with auth_stage() as stage:
        ada = stage.people.new("Ada")
        good = _statuses(stage, ada.tokens["access_token"])
        for name, token in (*_forged(stage.ring, ada), *_flipped(ada, size.flips)):
            for service, status in _statuses(stage, token).items():
                attempted += 1
                if status != 401:
                    let_in.append(f"{name} at {service}: {status}")
    verdict = Verdict("jwt", attempted, 0, lost=0, duplicated=0, unexpected=len(let_in))
    verdict.facts = {"services": len(good), "the real one": sorted(set(good.values()))}
    verdict.require(set(good.values()) == {200}, "the real token is let in everywhere")
    verdict.failures += let_in[:20]
    return verdict


def _statuses(stage: AuthStage, token: str) -> dict[str, int]:
    headers = {"Authorization": f"Bearer {token}"}
    own = stage.app.test_client().get("/api/auth/me", headers=headers).status_code
    return {"auth": own, **stage.open_to("person", headers)}


def _flipped(person: Person, count: int) -> Iterator[tuple[str, str]]:
    token = person.tokens["access_token"]
    step = max(1, len(token) // count)
    for place in range(0, len(token), step):
        other = "A" if token[place] not in "A." else "Q"
        # The last character of a part has bits that mean nothing; the next but one changes those that do.
        changed = token[:place] + chr(ord(other) + 4) + token[place + 1 :]
        if _bytes_of(changed) != _bytes_of(token):
            yield f"character {place} changed", changed


def _bytes_of(token: str) -> list[bytes | None]:
    def read(text: str) -> bytes | None:
        try:
            return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except ValueError:
            return None

    return [read(text) for text in token.split(".")]


def _claims(person: Person, **changes: Any) -> dict[str, Any]:
    now = int(time.time())
    claims: dict[str, Any] = {
        "iss": _ORIGIN,
        "aud": "muster-api",
        "sub": str(person.id),
        "sid": str(new_id()),
        "name": "Ada",
        "iat": now,
        "nbf": now,
        "exp": now + 600,
        "jti": str(new_id()),
    }
    claims.update(changes)
    return {name: value for name, value in claims.items() if value is not _ABSENT}


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _parts(header: dict[str, Any], claims: dict[str, Any]) -> str:
    return f"{_b64(json.dumps(header).encode())}.{_b64(json.dumps(claims).encode())}"


def _forged(ring: KeyRing, ada: Person) -> Iterator[tuple[str, str]]:
    yield from _wrong_claims(ring, ada)
    yield from _wrong_headers(ring, ada)
    yield from _wrong_signatures(ring, ada)
    yield "id token", ada.tokens["id_token"]
    yield "refresh token", ada.tokens["refresh_token"]
    yield "service token", service_token(secret=SECRET, service="events")
    for text in ("", "..", "a.b.c", "null", "{}", "." * 300, "A" * 5000, "e30.e30.e30"):
        yield f"no token ({len(text)})", text


def _wrong_claims(ring: KeyRing, ada: Person) -> Iterator[tuple[str, str]]:
    key, now = ring.signing, int(time.time())
    wrong: list[tuple[str, dict[str, Any]]] = [
        (f"no {name}", {name: _ABSENT}) for name in ("iss", "aud", "sub", "sid", "iat", "nbf", "exp", "jti")
    ]
    wrong += [
        ("expired", {"iat": now - 700, "nbf": now - 700, "exp": now - 100}),
        ("not yet", {"nbf": now + 120}),
        ("from a clock two minutes fast", {"iat": now + 120, "nbf": now + 120, "exp": now + 720}),
        ("for a day", {"exp": now + 86_400}),
        ("for ever", {"exp": 2**40}),
        ("backwards", {"iat": now + 10, "exp": now + 5}),
        ("text for a time", {"exp": "never"}),
        ("infinite", {"exp": float("inf")}),
        ("another issuer", {"iss": "https://evil.example"}),
        ("an issuer that begins alike", {"iss": _ORIGIN + ".evil.example"}),
        ("two issuers", {"iss": [_ORIGIN]}),
        ("another audience", {"aud": "muster-dashboard"}),
        ("two audiences", {"aud": ["muster-api", "other"]}),
        ("no person", {"sub": "admin"}),
        ("a number for a person", {"sub": 1}),
        ("no session", {"sid": "x"}),
    ]
    for name, changes in wrong:
        claims = _claims(ada, **changes)
        header = {"alg": "ES256", "kid": key.kid, "typ": "at+jwt"}
        yield name, _signed(header, claims, key.private_key)


def _wrong_headers(ring: KeyRing, ada: Person) -> Iterator[tuple[str, str]]:
    key, claims = ring.signing, _claims(ada)
    good = {"alg": "ES256", "kid": key.kid, "typ": "at+jwt"}
    public = key.private_key.public_key().public_numbers()
    own = ec.generate_private_key(ec.SECP256R1())
    numbers = own.public_key().public_numbers()
    jwk = {
        "kty": "EC",
        "crv": "P-256",
        "x": _b64(numbers.x.to_bytes(32, "big")),
        "y": _b64(numbers.y.to_bytes(32, "big")),
    }
    assert public != numbers
    for name, extra in (
        ("typ JWT", {"typ": "JWT"}),
        ("typ of a service's token", {"typ": "muster-service+jwt"}),
        ("crit", {"crit": ["exp"]}),
        ("critical nonsense", {"crit": ["b64"], "b64": False}),
        ("jku", {"jku": "http://evil.example/jwks.json"}),
        ("x5u", {"x5u": "http://evil.example/x"}),
        ("x5c", {"x5c": ["AAAA"]}),
        ("jwk of the right key", {"jwk": jwk}),
    ):
        yield name, _signed({**good, **extra}, claims, key.private_key)
    yield "own key in jwk", _signed({**good, "jwk": jwk}, claims, own)
    for kid in (
        "",
        "../../etc/passwd",
        "' OR '1'='1",
        "k-1\0",
        "../keys.json",
        key.kid + " ",
        key.kid.upper(),
        7,
        None,
        [key.kid],
    ):
        yield f"kid {type(kid).__name__}", _signed({**good, "kid": kid}, claims, key.private_key)
    yield "no kid", _signed({"alg": "ES256", "typ": "at+jwt"}, claims, key.private_key)
    yield "no typ", _signed({"alg": "ES256", "kid": key.kid}, claims, key.private_key)


def _wrong_signatures(ring: KeyRing, ada: Person) -> Iterator[tuple[str, str]]:
    key, claims = ring.signing, _claims(ada)
    good = {"alg": "ES256", "kid": key.kid, "typ": "at+jwt"}
    for alg in ("none", "None", "NONE", "nOnE", ""):
        yield f"alg {alg or 'empty'}", _parts({**good, "alg": alg}, claims) + "."
    public = key.private_key.public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    point = public.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    for name, secret in (("PEM", pem), ("point", point), ("empty", b""), ("kid", key.kid.encode())):
        for alg in ("HS256", "HS512"):
            content = _parts({**good, "alg": alg}, claims)
            digest = hmac.new(secret, content.encode(), hashlib.sha256 if alg == "HS256" else hashlib.sha512).digest()
            yield f"{alg} with the public key's {name}", f"{content}.{_b64(digest)}"
    content = _parts(good, claims)
    yield "no signature", content + "."
    yield "two parts", content
    yield "nought and nought", f"{content}.{_b64(bytes(64))}"
    der = key.private_key.sign(content.encode(), ec.ECDSA(hashes.SHA256()))
    yield "DER signature", f"{content}.{_b64(der)}"
    yield "another's key", sign(claims, key=ec.generate_private_key(ec.SECP256R1()), kid=key.kid, typ="at+jwt")
    yield "alg ES384", _signed({**good, "alg": "ES384"}, claims, key.private_key)
    head, _, signature = ada.tokens["access_token"].split(".")
    yield "another's claims", f"{head}.{_b64(json.dumps(_claims(ada, sub=str(new_id()))).encode())}.{signature}"


def _signed(header: dict[str, Any], claims: dict[str, Any], key: ec.EllipticCurvePrivateKey) -> str:
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    content = _parts(header, claims)
    r, s = decode_dss_signature(key.sign(content.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{content}.{_b64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def main() -> int:
    """The command."""
    return run(FULL).print()


if __name__ == "__main__":
    sys.exit(main())
