"""What `fuzz` calls upon: an app, and worlds for it. A world is made anew whenever a call has changed it, so that the
next call meets it whole again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Flask

from muster_shared import clock
from muster_shared.auth import links

LINK_SECRET = "fuzz-link-secret-of-some-32-characters"


@dataclass(frozen=True)
class World:
    """Somebody's credentials, and values by the name of the parameter or field that they are for."""

    headers: Mapping[str, str]
    values: Mapping[str, Any] = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict)
    # A whole body that is taken, for operations that made-up ones hardly ever satisfy.
    body: Any = None


@dataclass(frozen=True)
class Service:
    """An app, and what makes a world for one operation (`POST /api/events`)."""

    app: Flask
    new_world: Callable[[str], World]


def link(audience: str, subject: str, *, version: int) -> str:
    """A link as in a mail, to be had without one."""
    ends_at = clock.now() + timedelta(days=9)
    return links.mint(secret=LINK_SECRET, audience=audience, subject=UUID(subject), version=version, expires_at=ends_at)
