"""The call sheet: everything one person may know of one event, read without changing anything."""

from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote_plus

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from muster_events.crew import policies
from muster_events.crew.call_sheet_schemas import CallSheetView, OtherCrew, SheetEvent, SheetVenue
from muster_events.crew.errors import DeadLink, UnknownLink
from muster_events.crew.models import Assignment
from muster_events.crew.schemas import ShotsView
from muster_events.crew.states import COMING, Status
from muster_events.crew.use_cases.fieldwork import Shots, shots_of
from muster_events.events.models import Event
from muster_shared import clock
from muster_shared.auth.links import LinkClaims
from muster_shared.auth.tables import organizations

DeadReason = Literal["replaced", "cancelled", "over"]


@dataclass(frozen=True)
class Sheet:
    """What the page shows. `shots` only for those who may add photos now."""

    organization: str
    event: Event
    assignment: Assignment
    others: tuple[Assignment, ...]
    shots: Shots | None
    may_answer: bool
    may_report: bool
    is_the_day: bool
    place_taken: bool


def read_sheet(session: Session, link: LinkClaims) -> Sheet:
    """The call sheet a link opens. Raises `UnknownLink`, and `DeadLink` whose extra `reason` says why."""
    statement = (
        select(Assignment, Event)
        .join(Event, Event.id == Assignment.event_id)
        .where(Assignment.id == link.subject)
        .options(joinedload(Assignment.member))
    )
    row = session.execute(statement).tuples().first()
    if row is None:
        raise UnknownLink
    assignment, event = row
    if (reason := dead_reason(assignment, event, link)) is not None:
        raise DeadLink(extra={"reason": reason})
    name = session.execute(select(organizations.c.name).where(organizations.c.id == event.org_id)).scalar()
    now = clock.now()
    may_report = assignment.status == Status.CONFIRMED and policies.takes_reports(
        status=event.status, ends_at=event.ends_at, at=now
    )
    waits_again = assignment.status == Status.STANDBY and assignment.asked_at is None
    place_taken = waits_again or _is_replaced(session, assignment)
    takes_answers = policies.takes_answers(status=event.status, starts_at=event.starts_at, at=now)
    return Sheet(
        organization=name or "",
        event=event,
        assignment=assignment,
        others=_others(session, assignment),
        shots=shots_of(session, event) if may_report else None,
        may_answer=takes_answers and not place_taken and assignment.status != Status.NO_SHOW,
        may_report=may_report,
        is_the_day=policies.is_the_day(starts_at=event.starts_at, at=now),
        place_taken=place_taken,
    )


def _is_replaced(session: Session, assignment: Assignment) -> bool:
    """Whether somebody else has the place and has not said no to it since."""
    if assignment.status != Status.DECLINED or assignment.replaced_by is None:
        return False
    crew = session.execute(select(Assignment).where(Assignment.event_id == assignment.event_id)).scalars()
    return not policies.is_open(policies.holder_of(assignment, list(crew)))


def dead_reason(assignment: Assignment, event: Event, link: LinkClaims) -> DeadReason | None:
    """Why a link opens nothing any more, or None while it does."""
    if event.status == "cancelled":
        return "cancelled"
    if assignment.status == Status.REMOVED or assignment.link_version != link.version:
        return "replaced"
    if not policies.link_lives(status=event.status, ends_at=event.ends_at, at=clock.now()):
        return "over"
    return None


def _others(session: Session, assignment: Assignment) -> tuple[Assignment, ...]:
    statement = (
        select(Assignment)
        .where(
            Assignment.event_id == assignment.event_id,
            Assignment.id != assignment.id,
            Assignment.status.in_(list(COMING)),
        )
        .options(joinedload(Assignment.member))
        .order_by(Assignment.id)
    )
    return tuple(session.execute(statement).scalars())


def map_url(event: Event) -> str | None:
    """Where a map shows the place; None for an event that has none."""
    place = ", ".join(part for part in (event.venue_name, event.venue_address) if part)
    if event.venue_type != "in_person" or not place:
        return None
    return f"https://www.openstreetmap.org/search?query={quote_plus(event.venue_address or place)}"


def web_address(event: Event) -> str | None:
    """The venue's address in the web, if it is one a browser opens."""
    url = event.venue_url or ""
    return url if url.startswith(("https://", "http://")) else None


def sheet_view(sheet: Sheet) -> CallSheetView:
    """The call sheet as JSON."""
    event, assignment = sheet.event, sheet.assignment
    return CallSheetView(
        organization=sheet.organization,
        crew_member=assignment.member.name,
        role=assignment.role,
        status=Status(assignment.status),
        asked=assignment.asked_at is not None,
        may_answer=sheet.may_answer,
        may_report=sheet.may_report,
        place_taken=sheet.place_taken,
        details_version=assignment.details_version,
        responded_at=assignment.responded_at,
        decline_reason=assignment.decline_reason,
        field_status=assignment.field_status,
        on_my_way_at=assignment.on_my_way_at,
        arrived_at=assignment.arrived_at,
        done_at=assignment.done_at,
        notes=event.crew_notes,
        event=SheetEvent(
            title=event.title,
            kind=event.kind,
            status=event.status,
            starts_at=event.starts_at,
            ends_at=event.ends_at,
            timezone=event.timezone,
            venue=SheetVenue(
                type=event.venue_type,
                name=event.venue_name,
                address=event.venue_address,
                url=web_address(event),
                map_url=map_url(event),
            ),
        ),
        others=[OtherCrew(name=o.member.name, role=o.role, status=Status(o.status)) for o in sheet.others],
        shots=ShotsView.model_validate(sheet.shots) if sheet.shots else None,
    )
