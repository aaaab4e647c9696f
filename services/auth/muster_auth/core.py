"""What auth's use cases work with, put together once."""

from dataclasses import dataclass

from muster_auth.config import AuthSettings
from muster_auth.keyring import KeyRing
from muster_auth.passwords.hashing import Passwords
from muster_auth.totp.codes import SecretBox
from muster_shared.auth.service_keys import KeyTags
from muster_shared.db import Database


@dataclass(frozen=True)
class Core:
    """Settings, database, keys and hashing of one process."""

    settings: AuthSettings
    database: Database
    keys: KeyRing
    passwords: Passwords
    box: SecretBox
    key_tags: KeyTags


def build_core(settings: AuthSettings, database: Database, keys: KeyRing) -> Core:
    """The core of a process. Opens no connection; hashes one password, for the cost of nobody's."""
    pepper = settings.password_pepper.get_secret_value()
    return Core(
        settings=settings,
        database=database,
        keys=keys,
        passwords=Passwords(
            pepper=pepper,
            cost=settings.bcrypt_cost,
            at_once=settings.hashing_at_once,
            waiting=settings.hashing_waiting,
        ),
        box=SecretBox(pepper),
        key_tags=KeyTags(settings.internal_secret.get_secret_value()),
    )
