"""The states of a delivery and which may follow which: the one table of it."""

from collections.abc import Mapping
from enum import StrEnum


class Status(StrEnum):
    """Where a mail stands. The values are part of the API and of `delivery.changed.v1`."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    SUPPRESSED = "suppressed"
    FAILED = "failed"


_ARRIVALS = frozenset({Status.SENT, Status.DELIVERED, Status.BOUNCED, Status.COMPLAINED})

# SES's events come in any order, so a later verdict never gives way to an earlier one: a complaint outranks a
# bounce, which outranks a delivery. They may also speak of an attempt whose answer was lost, while the mail waits
# to be tried again (`queued`) or was given up (`failed`): then they settle it.
TRANSITIONS: Mapping[Status, frozenset[Status]] = {
    Status.QUEUED: frozenset({Status.SENDING, Status.SUPPRESSED, Status.FAILED}) | _ARRIVALS,
    Status.SENDING: frozenset({Status.QUEUED, Status.SUPPRESSED, Status.FAILED}) | _ARRIVALS,
    Status.SENT: frozenset({Status.DELIVERED, Status.BOUNCED, Status.COMPLAINED, Status.FAILED}),
    Status.DELIVERED: frozenset({Status.BOUNCED, Status.COMPLAINED}),
    Status.BOUNCED: frozenset({Status.COMPLAINED}),
    Status.COMPLAINED: frozenset(),
    Status.SUPPRESSED: frozenset(),
    Status.FAILED: _ARRIVALS,
}


def sources(to: Status) -> list[str]:
    """The states from which `to` may follow."""
    return sorted(state.value for state, following in TRANSITIONS.items() if to in following)
