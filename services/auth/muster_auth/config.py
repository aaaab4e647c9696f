"""The settings of auth."""

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from muster_shared.settings import Secret, Settings

_PRODUCTION_COST = 12


class AuthSettings(Settings):
    """What auth reads beside what every service does.

    `jwt_keys_file` is re-read when it changes. `hashing_at_once` passwords are hashed side by side, and
    `hashing_waiting` more wait; further ones get 503, so that sign-ins never take every thread.
    """

    password_pepper: Secret
    jwt_keys_file: Path
    bcrypt_cost: int = Field(default=_PRODUCTION_COST, ge=4, le=16)
    hashing_at_once: int = Field(default=2, ge=1, le=64)
    hashing_waiting: int = Field(default=2, ge=0, le=64)

    @model_validator(mode="after")
    def _cost_of_production(self) -> Self:
        if self.is_production and self.bcrypt_cost < _PRODUCTION_COST:
            raise ValueError(f"MUSTER_BCRYPT_COST must be at least {_PRODUCTION_COST} in production")
        return self
