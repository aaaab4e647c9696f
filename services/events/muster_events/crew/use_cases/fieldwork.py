"""The day itself: on my way, arrived, done; photos of a job; hours and no-shows."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from muster_events.crew import policies
from muster_events.crew.board import BY_CREW, Board, By
from muster_events.crew.errors import NotConfirmed, NotTheDay, WrongStatus
from muster_events.crew.models import Assignment, JobPhoto, ShotList
from muster_events.crew.states import FieldStatus, Status
from muster_events.crew.use_cases.answering import board_of_link
from muster_events.events import history
from muster_events.events.models import Event
from muster_events.events.use_cases.signals import record_progress
from muster_shared import clock
from muster_shared.auth.links import LinkClaims
from muster_shared.auth.principal import Principal
from muster_shared.problems import FieldError

_AT_LEAST = 1


@dataclass(frozen=True)
class Shots:
    """How many photos of a job are wanted and there, before and after."""

    before_wanted: int
    after_wanted: int
    before: int
    after: int


def report(session: Session, *, link: LinkClaims, status: FieldStatus) -> Assignment:
    """Somebody says where they are. The first time of each is kept; saying the same again changes nothing.

    On a job the customer's page follows. Raises `NotConfirmed` and `NotTheDay`.
    """
    board, assignment = board_of_link(session, link)
    check_may_report(board.event, assignment)
    if assignment.field_status == status:
        return assignment
    now, column = clock.now(), f"{status.value}_at"
    values: dict[str, Any] = {"field_status": status.value, column: getattr(assignment, column) or now}
    board.change(assignment, **values)
    board.record(assignment, status.value, by=BY_CREW)
    event = board.event
    if event.kind == "job":
        record_progress(session, org_id=event.org_id, event_id=event.id, step=status.value, at=now)
    return assignment


def check_may_report(event: Event, assignment: Assignment) -> None:
    """Raises `NotConfirmed` or `NotTheDay` unless this person may report, and add photos, now."""
    if assignment.status != Status.CONFIRMED:
        raise NotConfirmed
    if not policies.takes_reports(status=event.status, ends_at=event.ends_at, at=clock.now()):
        raise NotTheDay


def record_no_show(board: Board, assignment: Assignment, *, by: By) -> None:
    """Somebody who was to come did not. Raises `WrongStatus` before the start."""
    if assignment.status == Status.NO_SHOW:
        return
    if clock.now() < board.event.starts_at or board.event.status not in {"published", "completed"}:
        raise WrongStatus("nobody has failed to come before the start")
    board.change(assignment, to=Status.NO_SHOW, worked_minutes=0)
    board.record(assignment, "no_show", by=by)


def record_hours(board: Board, assignment: Assignment, *, minutes: int | None, by: By) -> None:
    """How long somebody worked, in minutes. Raises `WrongStatus` before the start and for a no-show."""
    if assignment.status != Status.CONFIRMED or clock.now() < board.event.starts_at:
        raise WrongStatus("hours are recorded once it has begun, for those who came")
    board.change(assignment, worked_minutes=minutes)
    board.record(assignment, "hours", by=by, detail=None if minutes is None else str(minutes))


def shots_of(session: Session, event: Event) -> Shots | None:
    """The shot list of an event and what is there of it; None for one that has none."""
    listed = session.execute(select(ShotList).where(ShotList.event_id == event.id)).scalar()
    if listed is None and event.kind != "job":
        return None
    statement = (
        select(JobPhoto.purpose, func.count())
        .where(JobPhoto.event_id == event.id, JobPhoto.org_id == event.org_id, JobPhoto.status == "ready")
        .group_by(JobPhoto.purpose)
    )
    there: dict[str, int] = dict(session.execute(statement).tuples().all())
    return Shots(
        before_wanted=listed.before if listed else _AT_LEAST,
        after_wanted=listed.after if listed else _AT_LEAST,
        before=there.get("job_before", 0),
        after=there.get("job_after", 0),
    )


def set_shot_list(session: Session, *, event: Event, before: int, after: int, actor: Principal) -> None:
    """How many photos the event cannot be completed without."""
    values = {"before": before, "after": after}
    statement = insert(ShotList).values(event_id=event.id, org_id=event.org_id, **values)
    session.execute(statement.on_conflict_do_update(index_elements=[ShotList.event_id], set_=values))
    history.record(session, org_id=event.org_id, event_id=event.id, actor=actor, action="shot_list_set")


def problems_before_completion(session: Session, event_id: UUID) -> list[FieldError]:
    """What keeps an event from being completed: photos of its shot list that are not there. Empty: nothing."""
    event = session.execute(select(Event).where(Event.id == event_id)).scalar_one()
    shots = shots_of(session, event)
    if shots is None:
        return []
    wanted = (
        ("/shots/before", "before", shots.before_wanted - shots.before),
        ("/shots/after", "after", shots.after_wanted - shots.after),
    )
    return [
        FieldError(pointer=pointer, detail=f"{missing} more photo{'s' if missing > 1 else ''} of {what} needed")
        for pointer, what, missing in wanted
        if missing > 0
    ]
