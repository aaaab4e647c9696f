"""Who may reach an event's photos."""

from uuid import UUID

from muster_media.errors import EventUnknown
from muster_media.gatherings.queries import EventCopies, EventRecord
from muster_shared.auth.memberships import Memberships
from muster_shared.auth.principal import Principal
from muster_shared.problems import NotFound


def event_of_member(
    events: EventCopies, memberships: Memberships, *, principal: Principal, event_id: UUID
) -> EventRecord:
    """The event, for a member or key of its organisation.

    Raises `EventUnknown`, the very same for an event of another organisation as for none.
    """
    event = events.get(event_id)
    try:
        memberships.require(principal, event.org_id)
    except NotFound:
        raise EventUnknown from None
    return event
