"""Finding an event for somebody: what is not theirs to know of is not there."""

from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from muster_events.errors import EventNotFound
from muster_events.events.models import Event
from muster_shared.auth.memberships import Memberships
from muster_shared.auth.principal import Principal
from muster_shared.problems import Invalid, NotFound, Unavailable


def staff_event(session: Session, memberships: Memberships, principal: Principal, event_id: UUID) -> Event:
    """The event, for its organisation's members and keys. Raises `EventNotFound` for all others."""
    return _staff_event(session, memberships, principal, select(Event).where(Event.id == event_id))


def locked_event(session: Session, memberships: Memberships, principal: Principal, event_id: UUID) -> Event:
    """As `staff_event`, its row locked until the transaction ends."""
    # Judged before the lock, so that a stranger cannot hold anybody's rows.
    staff_event(session, memberships, principal, event_id)
    statement = select(Event).where(Event.id == event_id).with_for_update()
    return _staff_event(session, memberships, principal, statement.execution_options(populate_existing=True))


def _staff_event(
    session: Session, memberships: Memberships, principal: Principal, statement: Select[tuple[Event]]
) -> Event:
    event = session.execute(statement).scalar_one_or_none()
    if event is None:
        raise EventNotFound
    try:
        memberships.require(principal, event.org_id)
    except NotFound:
        raise EventNotFound from None
    return event


def is_member(memberships: Memberships, principal: Principal, org_id: UUID, *, scope: str) -> bool:
    """Whether the caller belongs to `org_id`; a key only with `scope`. Not, while that cannot be known."""
    if principal.is_service_key and scope not in principal.scopes:
        return False
    try:
        memberships.require(principal, org_id)
    except (NotFound, Unavailable):
        return False
    return True


def acting_org(memberships: Memberships, principal: Principal, given: UUID | None) -> UUID:
    """The organisation a caller makes something for.

    A key's own, whatever is given (another's is refused); a person names theirs, unless they have but one.
    """
    if principal.org_id is not None:
        if given is not None and given != principal.org_id:
            raise NotFound
        return principal.org_id
    if given is None:
        mine = list(memberships.organizations_of(principal))
        if len(mine) != 1:
            raise Invalid.field("/org_id", "is required")
        return mine[0]
    memberships.require(principal, given)
    return given
