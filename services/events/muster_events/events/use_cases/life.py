"""An event's life: published, cancelled, completed, or deleted while still a draft."""

from sqlalchemy.orm import Session

from muster_events.crew import use_cases as crew
from muster_events.errors import NotDraft, ShotListIncomplete, WrongState
from muster_events.events import history
from muster_events.events.facts import facts_of
from muster_events.events.models import Event, Status
from muster_events.events.policies import may_become
from muster_events.events.use_cases.telling import save_and_tell, touch
from muster_events.finance.use_cases import delete_finance
from muster_events.webhooks.announce import announce_event
from muster_shared import clock
from muster_shared.auth.principal import Principal
from muster_shared.messages.events import EventChanged
from muster_shared.messaging import outbox


def publish_event(session: Session, *, actor: Principal, event: Event) -> Event:
    """Makes a draft public in the measure of its visibility, and asks its crew. Repeating it changes nothing."""
    if event.status == Status.PUBLISHED:
        return event
    before = facts_of(event)
    _go_to(event, Status.PUBLISHED)
    if event.ends_at <= clock.now():
        raise WrongState("the event is over already; move it first")
    event.published_at = clock.now()
    event.ics_sequence += 1
    _tell(session, event, actor=actor, action="published")
    crew.event_changed(session, before=before, after=facts_of(event))
    return event


def cancel_event(session: Session, *, actor: Principal, event: Event, reason: str = "") -> Event:
    """Calls a draft or published event off; crew and registered people are told. Repeating it changes nothing."""
    if event.status == Status.CANCELLED:
        return event
    was_published = event.status == Status.PUBLISHED
    _go_to(event, Status.CANCELLED)
    event.cancelled_at, event.cancel_reason = clock.now(), reason or None
    if was_published:
        event.ics_sequence += 1
        event.tell_registered_at = clock.now()
    _tell(session, event, actor=actor, action="cancelled")
    crew.event_cancelled(session, event=event)
    return event


def complete_event(session: Session, *, actor: Principal, event: Event) -> Event:
    """Closes a published event that has begun. A job needs the photos of its shot list."""
    if event.status == Status.COMPLETED:
        return event
    _go_to(event, Status.COMPLETED)
    if event.starts_at > clock.now():
        raise WrongState("the event has not begun")
    if missing := crew.problems_before_completion(session, event.id):
        raise ShotListIncomplete("photos of the shot list are missing", errors=missing)
    event.completed_at = clock.now()
    _tell(session, event, actor=actor, action="completed")
    return event


def delete_event(session: Session, *, actor: Principal, event: Event) -> None:
    """Deletes a draft with all that hangs on it; its page goes with the message. Raises `NotDraft`."""
    if event.status != Status.DRAFT:
        raise NotDraft
    event.version += 1
    facts = facts_of(event, deleted=True)
    delete_finance(session, org_id=event.org_id, event_id=event.id)
    history.record(session, org_id=event.org_id, event_id=event.id, actor=actor, action="deleted")
    session.delete(event)
    outbox.emit(session, EventChanged(event=facts, was_slug=event.guest_slug), key=event.id)


def _go_to(event: Event, status: Status) -> None:
    if not may_become(event, status):
        raise WrongState(f"a {event.status} event cannot become {status}")
    event.status = status.value


def _tell(session: Session, event: Event, *, actor: Principal, action: str) -> None:
    touch(event)
    save_and_tell(session, event)
    history.record(session, org_id=event.org_id, event_id=event.id, actor=actor, action=action)
    announce_event(session, event, f"event.{action}")
