"""Settings from the environment; a wrong or missing one fails at start, in one line that names it."""

import os
import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

DEVELOPMENT_MARK = "dev-only-"
_MINIMUM_SECRET_CHARACTERS = 32


class Environment(StrEnum):
    """Where the process runs. Only `production` refuses the development secrets."""

    LOCAL = "local"
    TEST = "test"
    PRODUCTION = "production"


class SettingsError(Exception):
    """The environment lacks a setting or holds a wrong one; the text names each, never a value."""


def _long_enough(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < _MINIMUM_SECRET_CHARACTERS:
        raise ValueError(f"must have at least {_MINIMUM_SECRET_CHARACTERS} characters")
    return value


Secret = Annotated[SecretStr, AfterValidator(_long_enough)]
Origin = Annotated[str, Field(pattern=r"^https?://[^/?#]+$")]


class Settings(BaseSettings):
    """What every service reads. Names are `MUSTER_` + the field; `NAME_FILE` points to a file instead."""

    model_config = SettingsConfigDict(env_prefix="MUSTER_", extra="ignore", frozen=True)

    env: Environment = Environment.LOCAL
    public_origin: Origin = "http://localhost:8080"
    media_origin: Origin = "http://localhost:8081"
    database_url: str
    database_pool_size: int = Field(default=8, ge=1, le=100)
    queue_prefix: str = "muster"
    s3_public_endpoint: str | None = None
    bucket_site: str = "muster-site"
    bucket_uploads: str = "muster-uploads"
    bucket_media: str = "muster-media"
    auth_url: str = "http://127.0.0.1:8001"
    events_url: str = "http://127.0.0.1:8002"
    jwks_url: str | None = None
    internal_secret: Secret
    cache_secret: Secret
    trusted_proxy_hops: int = Field(default=1, ge=0, le=5)
    log_level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")

    @property
    def is_production(self) -> bool:
        """Whether the strict rules of production hold."""
        return self.env is Environment.PRODUCTION

    @property
    def serves_tls(self) -> bool:
        """Whether people reach the public origin over TLS."""
        return self.public_origin.startswith("https://")

    @property
    def jwks_address(self) -> str:
        """Where the public keys of access tokens are read."""
        return self.jwks_url or f"{self.auth_url}/.well-known/jwks.json"


S = TypeVar("S", bound=Settings)


def _with_files(environ: Mapping[str, str]) -> dict[str, str]:
    """The `MUSTER_` names of `environ`, each `NAME_FILE` replaced by `NAME` with the file's text."""
    found = {name: value for name, value in environ.items() if name.startswith("MUSTER_")}
    for name, path in list(found.items()):
        target = name.removesuffix("_FILE")
        if target == name or target in found:
            continue
        try:
            found[target] = Path(path).read_text(encoding="utf-8").rstrip("\n")
        except OSError as error:
            raise SettingsError(f"{name}: the file cannot be read ({error.strerror})") from error
    return found


def load(kind: type[S], environ: Mapping[str, str] | None = None) -> S:
    """Settings of `kind` from `environ` (the process's by default).

    Raises `SettingsError`, one line naming every wrong setting, never a value.
    """
    names = _with_files(os.environ if environ is None else environ)
    values: dict[str, Any] = {}
    for field in kind.model_fields:
        if (text := names.get(f"MUSTER_{field.upper()}")) not in (None, ""):
            values[field] = text
    try:
        settings = kind(**values, _env_prefix="MUSTER_UNREAD_")
    except ValidationError as error:
        wrong = "; ".join(
            f"MUSTER_{str(item['loc'][0]).upper() if item['loc'] else '?'}: {item['msg']}"
            for item in error.errors(include_input=False, include_url=False)
        )
        raise SettingsError(wrong) from None
    _refuse_development_secrets(settings)
    return settings


def _refuse_development_secrets(settings: Settings) -> None:
    if not settings.is_production:
        return
    guilty = [
        f"MUSTER_{name.upper()}"
        for name in type(settings).model_fields
        if isinstance(value := getattr(settings, name), SecretStr)
        and value.get_secret_value().startswith(DEVELOPMENT_MARK)
    ]
    if guilty:
        raise SettingsError(f"{', '.join(guilty)}: a development secret is refused in production")
    if not settings.serves_tls:
        raise SettingsError("MUSTER_PUBLIC_ORIGIN: must be https in production")


def load_or_exit(kind: type[S]) -> S:
    """As `load`, but a wrong setting ends the process with one line and status 78 (EX_CONFIG)."""
    try:
        return load(kind)
    except SettingsError as error:
        sys.stderr.write(f"muster: wrong settings: {error}\n")
        raise SystemExit(78) from None
