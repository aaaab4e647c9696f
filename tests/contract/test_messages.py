"""The messages, their routing and their consumers agree; none carries money or a token."""

import importlib
import re
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import BaseModel

import muster_shared.messages
from muster_shared.messaging.envelope import registered_types
from muster_shared.messaging.routing import routing

assert muster_shared.messages
TYPES = {
    name: kind for name, kind in registered_types().items() if kind.__module__.startswith("muster_shared.messages.")
}
SERVICES = ("auth", "events", "notifications", "media")
FORBIDDEN = re.compile(
    r"revenue|fee|amount|price|money|currency|memo|(^|_)token|secret(?!_hash)|password|(^|_)net($|_)"
)


def test_every_message_is_routed_and_every_route_is_a_message() -> None:
    assert set(routing()) == set(TYPES)
    assert {service for consumers in routing().values() for service in consumers} <= set(SERVICES)


def test_every_type_is_named_and_versioned() -> None:
    for name in TYPES:
        assert re.fullmatch(r"[a-z_]+\.[a-z_]+\.v\d+", name)


ENVIRONMENT = {
    "MUSTER_ENV": "test",
    "MUSTER_DATABASE_URL": "postgresql+psycopg2://nobody@127.0.0.1:9/none",
    "MUSTER_INTERNAL_SECRET": "i" * 40,
    "MUSTER_CACHE_SECRET": "c" * 40,
    "MUSTER_LINK_SECRET": "l" * 40,
    "MUSTER_PASSWORD_PEPPER": "p" * 40,
    "MUSTER_CDN_KEY_ID": "KCONTRACT",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "nobody",
    "AWS_SECRET_ACCESS_KEY": "nothing",
}


def _private_key() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


@pytest.mark.parametrize("service", SERVICES)
def test_consumer_handles_exactly_what_is_routed_to_it(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MUSTER_CDN_PRIVATE_KEY", _private_key())
    spec = importlib.import_module(f"muster_{service}.worker").build()
    routed = {name for name, consumers in routing().items() if service in consumers}
    assert {kind.type for kind in spec.handlers} == routed


def fields_of(model: type[BaseModel]) -> set[str]:
    names: set[str] = set()
    for name, field in model.model_fields.items():
        names.add(name)
        for inner in _models_in(field.annotation):
            names |= fields_of(inner)
    return names


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in getattr(annotation, "__args__", ()) for model in _models_in(inner)]


@pytest.mark.parametrize("name", sorted(TYPES))
def test_message_carries_no_money_and_no_token(name: str) -> None:
    assert not [field for field in fields_of(TYPES[name]) if FORBIDDEN.search(field)]


def test_the_check_for_money_and_tokens_finds_them() -> None:
    class Leaky(BaseModel):
        captain_fee: int
        reset_token: str
        revenue: int

    assert len([field for field in fields_of(Leaky) if FORBIDDEN.search(field)]) == 3
