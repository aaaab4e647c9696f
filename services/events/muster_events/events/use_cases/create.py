"""Making an event, with its crew and its money, all or nothing."""

from uuid import UUID

from sqlalchemy.orm import Session

from muster_events.crew import use_cases as crew
from muster_events.events import history
from muster_events.events.codes import new_code
from muster_events.events.commands import CreateEvent
from muster_events.events.models import Event, Status
from muster_events.events.use_cases.telling import save_and_tell
from muster_events.finance.use_cases import put_finance
from muster_events.webhooks.announce import announce_event
from muster_shared import clock
from muster_shared.auth.principal import Principal
from muster_shared.ids import new_id
from muster_shared.problems import Invalid


def create_event(session: Session, *, actor: Principal, command: CreateEvent) -> Event:
    """Makes a draft, or with `publish` a published event; its crew is asked in the same transaction.

    Raises `Invalid` for an event that is over already, `SlugTaken`, and what the crew's assignment raises.
    """
    if command.ends_at <= clock.now():
        raise Invalid.field("/starts_at", "the event would be over already")
    event = new_event(command, actor=actor)
    session.add(event)
    save_and_tell(session, event)
    changed = [*(["crew"] if command.crew else []), *(["published"] if command.publish else [])]
    history.record(session, org_id=event.org_id, event_id=event.id, actor=actor, action="created", changed=changed)
    if command.finance is not None:
        put_finance(session, org_id=event.org_id, event_id=event.id, actor=actor, figures=command.finance)
    if command.crew:
        crew.assign_initial(session, event=event, actor=actor, wanted=list(command.crew))
    announce_event(session, event, "event.created")
    return event


def new_event(command: CreateEvent, *, actor: Principal, copied_from: UUID | None = None) -> Event:
    """The row that `command` asks for, not yet in a session."""
    now = clock.now()
    return Event(
        id=new_id(),
        org_id=command.org_id,
        kind=command.kind.value,
        status=(Status.PUBLISHED if command.publish else Status.DRAFT).value,
        visibility=command.visibility.value,
        title=command.title,
        description=command.description,
        category=command.category,
        starts_at=command.starts_at,
        ends_at=command.ends_at,
        timezone=command.timezone,
        venue_type=command.venue_type.value,
        venue_name=command.venue_name,
        venue_address=command.venue_address,
        venue_url=command.venue_url,
        capacity=command.capacity,
        registered_count=0,
        waitlisted_count=0,
        last_queue_number=0,
        questions=list(command.questions),
        booking_ref=command.booking_ref,
        crew_notes=command.crew_notes,
        guest_code=new_code(),
        guest_slug=command.guest_slug,
        guest_enabled=command.guest_enabled,
        series_id=command.series_id,
        copied_from=copied_from,
        published_at=now if command.publish else None,
        version=1,
        page_revision=1,
        ics_sequence=0,
        details_sequence=0,
        created_by=actor.label,
        created_at=now,
        updated_at=now,
        **command.photos,
    )
