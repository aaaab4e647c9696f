"""What the other services of ours may ask: an event's facts, by id or by its page."""

from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from muster_events.errors import EventNotFound
from muster_events.events.facts import facts_of
from muster_events.events.models import Event, Status
from muster_events.events.queries import published_facts
from muster_events.parts import EventsParts
from muster_shared.auth.guards import internal
from muster_shared.web import Answer, Routes
from muster_shared.web.app import part

routes = Routes("internal", prefix="/internal", tag="internal")


@routes.get("/events/<uuid:event_id>", guard=internal(), answers={200: {"type": "object"}})
def event_facts(*, event_id: UUID, session: Session) -> Answer:
    """The facts of an event"""
    return _facts(session.get(Event, event_id))


@routes.get("/guest-pages/<code>", guard=internal(), answers={200: {"type": "object"}})
def guest_page_facts(*, code: str, session: Session) -> Answer:
    """The facts of the event whose page has this code or friendly address"""
    statement = select(Event).where(
        Event.guest_enabled,
        or_(Event.guest_code == code, (Event.guest_slug == code) & (Event.status != Status.DRAFT.value)),
    )
    return _facts(session.execute(statement).scalar_one_or_none())


def _facts(event: Event | None) -> Answer:
    if event is None:
        raise EventNotFound
    organization: dict[str, Any] = dict(part(EventsParts).wiring.organizations.get(event.org_id) or {})
    name = str(organization.get("name", ""))
    return Answer(published_facts(facts_of(event), org_name=name, description=event.description))
