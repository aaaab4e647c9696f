"""Every route by which somebody of an organisation changes something has to leave an entry in the audit log."""

from collections.abc import Callable, Mapping, Sequence

from muster_shared.testing.authorization import Actor, Row, World, status_for

Exceptions = Mapping[str, str]


def acts_of_operators(rows: Sequence[Row]) -> list[Row]:
    """The rows of routes that change something and are open to owners, but not to anybody who is signed in."""
    return [
        one
        for one in rows
        if not one.route.startswith("GET ") and Actor.OWNER in one.allowed and Actor.NOBODY not in one.allowed
    ]


def check_recorded(world: World, act: Row, *, entries: Callable[[], int], exceptions: Exceptions) -> None:
    """Has the owner do it, and asserts that it is told; or is not, where `exceptions` has a reason for the route."""
    before = entries()
    status = status_for(world, act, Actor.OWNER)
    assert 200 <= status < 300, f"{act.route}: {status}, so it cannot be seen whether it is told"
    assert (entries() > before) is (act.route not in exceptions), act.route
