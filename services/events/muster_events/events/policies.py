"""What may be done with an event, and by whom; pure."""

from datetime import datetime
from enum import StrEnum

from muster_events.events.models import Event, Status, Visibility

# The one table of an event's life: what may become what.
TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.DRAFT: frozenset({Status.PUBLISHED, Status.CANCELLED}),
    Status.PUBLISHED: frozenset({Status.CANCELLED, Status.COMPLETED}),
    Status.CANCELLED: frozenset(),
    Status.COMPLETED: frozenset(),
}
EDITABLE = frozenset({Status.DRAFT, Status.PUBLISHED})


class Reader(StrEnum):
    """How much of an event somebody sees."""

    STAFF = "staff"
    PUBLIC = "public"
    NOBODY = "nobody"


def may_become(event: Event, status: Status) -> bool:
    """Whether `event` may go to `status` from where it is."""
    return status in TRANSITIONS[Status(event.status)]


def reader(event: Event, *, is_member: bool, is_registered: bool = False) -> Reader:
    """What a member, somebody registered, or anybody else sees of `event`."""
    if is_member:
        return Reader.STAFF
    if event.status == Status.DRAFT:
        return Reader.NOBODY
    if event.visibility == Visibility.PRIVATE and not is_registered:
        return Reader.NOBODY
    return Reader.PUBLIC


def takes_registrations(event: Event, *, at: datetime) -> bool:
    """Whether anybody may register at `at`: published, not over, and not by invitation alone."""
    return event.status == Status.PUBLISHED and event.visibility != Visibility.PRIVATE and event.ends_at > at


def slug_is_live(event: Event) -> bool:
    """Whether the friendly address shows anything: a draft has only its unguessable one."""
    return event.guest_enabled and event.guest_slug is not None and event.status != Status.DRAFT
