"""Which services consume which message type, from `messages/routing.json`."""

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources


@cache
def routing() -> Mapping[str, tuple[str, ...]]:
    """Message type to the names of the services whose queue gets it."""
    text = resources.files("muster_shared.messages").joinpath("routing.json").read_text(encoding="utf-8")
    return {name: tuple(services) for name, services in json.loads(text).items()}
