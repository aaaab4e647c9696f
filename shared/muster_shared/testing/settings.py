"""Settings for tests."""

from typing import Any, TypeVar

from muster_shared.settings import Environment, Settings

INTERNAL_SECRET = "test-internal-secret-of-32-characters"

S = TypeVar("S", bound=Settings)


def make_settings(kind: type[S], *, database_url: str, **values: Any) -> S:
    """Settings of `kind` that hold in tests; `values` replace or add."""
    given: dict[str, Any] = {
        "env": Environment.TEST,
        "database_url": database_url,
        "internal_secret": INTERNAL_SECRET,
        "cache_secret": "test-cache-secret-of-some-32-characters",
        "trusted_proxy_hops": 0,
        # Nothing listens there: a test that would call another service by accident fails at once.
        "auth_url": "http://127.0.0.1:9",
        "events_url": "http://127.0.0.1:9",
        "database_pool_size": 20,
        **values,
    }
    return kind(**given)
