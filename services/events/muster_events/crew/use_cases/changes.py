"""What an event's own changes mean for its crew: published, moved, cancelled."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from muster_events.crew import policies, telling
from muster_events.crew.board import BY_SYSTEM, Board, open_board
from muster_events.crew.models import Assignment, PendingChange
from muster_events.crew.states import Status, Step
from muster_events.crew.use_cases.assigning import ask, expects_to_come
from muster_events.events.facts import is_material
from muster_events.events.models import Event
from muster_shared import clock
from muster_shared.db import Database
from muster_shared.messages.events import EventFacts

QUIET_SECONDS = 4
_AT_MOST_SECONDS = 30
_EVENTS_AT_ONCE = 100


def event_changed(session: Session, *, before: EventFacts, after: EventFacts) -> None:
    """Follows an edit or a publication, in its transaction: publishing asks the crew, a move asks them again.

    Those who had confirmed are reset at once; the mail with the difference goes out a few seconds later, one for
    a burst of edits (`tell_due`). An edit that restores what somebody had confirmed restores their answer too.
    """
    if after.status != "published":
        return
    if before.status == "draft":
        _ask_all(session, after.event_id)
        return
    if not is_material(before, after):
        return
    board = open_board(session, after.event_id)
    asked = [a for a in board.assignments if a.asked_at is not None]
    for assignment in asked:
        _follow(board, assignment)
    if asked:
        _tell_later(session, before)


def event_cancelled(session: Session, *, event: Event) -> None:
    """Follows a cancellation, in its transaction: whoever was to come is told, and every link is dead."""
    board = open_board(session, event.id)
    for assignment in list(board.assignments):
        if assignment.asked_at is None:
            continue
        if expects_to_come(assignment):
            telling.tell_released(board, assignment, reason="event_cancelled")
        board.record(assignment, "event_cancelled", by=BY_SYSTEM)
        board.change(assignment, link_version=assignment.link_version + 1, next_step_at=None)
    session.execute(delete(PendingChange).where(PendingChange.event_id == event.id))


def _ask_all(session: Session, event_id: UUID) -> None:
    board = open_board(session, event_id)
    for assignment in board.assignments:
        if assignment.status == Status.INVITED and assignment.asked_at is None:
            ask(board, assignment, by=BY_SYSTEM)


def _follow(board: Board, assignment: Assignment) -> None:
    """Moves one assignment on to the event's new time and place."""
    details_version = assignment.details_version + 1
    if assignment.reminded_for is not None and assignment.reminded_for != board.event.starts_at:
        board.change(assignment, reminded_for=None)
    now_for = policies.fingerprint(board.facts)
    if assignment.status == Status.CONFIRMED and assignment.answered_for != now_for:
        now = clock.now()
        board.change(
            assignment,
            to=Status.INVITED,
            details_version=details_version,
            asked_at=now,
            responded_at=None,
            ladder_step=Step.ASKED.value,
            next_step_at=policies.step_due_at(
                Step.ASKED, asked_at=now, starts_at=board.event.starts_at, times=board.times
            ),
        )
        board.record(assignment, "asked_again", by=BY_SYSTEM)
    elif assignment.status == Status.INVITED and assignment.answered_for == now_for:
        board.change(assignment, to=Status.CONFIRMED, details_version=details_version, responded_at=clock.now())
        board.record(assignment, "confirmed_again", by=BY_SYSTEM)
        telling.tell_answered(board, assignment, answer="confirmed")
    elif assignment.status == Status.INVITED and assignment.next_step_at is not None:
        step_at = policies.step_due_at(
            Step(assignment.ladder_step),
            asked_at=assignment.asked_at or clock.now(),
            starts_at=board.event.starts_at,
            times=board.times,
        )
        board.change(assignment, details_version=details_version, next_step_at=step_at)
    else:
        board.change(assignment, details_version=details_version)


def _tell_later(session: Session, before: EventFacts) -> None:
    now = clock.now()
    due_at = now + timedelta(seconds=QUIET_SECONDS)
    statement = insert(PendingChange).values(
        event_id=before.event_id,
        org_id=before.org_id,
        before=before.model_dump(mode="json"),
        due_at=due_at,
        latest_at=now + timedelta(seconds=_AT_MOST_SECONDS),
    )
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[PendingChange.event_id],
            set_={"due_at": func.least(statement.excluded.due_at, PendingChange.latest_at)},
        )
    )


def tell_due(database: Database) -> int:
    """Tells the crews of the changes that have been quiet for some seconds; returns of how many events."""
    due = select(PendingChange.event_id).where(PendingChange.due_at <= clock.now())
    with database.read() as connection:
        event_ids = connection.execute(due.order_by(PendingChange.due_at).limit(_EVENTS_AT_ONCE)).scalars().all()
    for event_id in event_ids:
        with database.transaction() as session:
            tell_changes(session, event_id)
    return len(event_ids)


def tell_changes(session: Session, event_id: UUID) -> None:
    """Tells each of an event's crew, once, what is another since their last mail."""
    board = open_board(session, event_id)
    statement = (
        delete(PendingChange)
        .where(PendingChange.event_id == event_id, PendingChange.due_at <= clock.now())
        .returning(PendingChange.before)
    )
    found = session.execute(statement).scalar()
    if found is None or board.event.status != "published":
        return
    before, now_for = EventFacts.model_validate(found), policies.fingerprint(board.facts)
    for assignment in board.assignments:
        if not expects_to_come(assignment) or assignment.told_for == now_for:
            continue
        board.change(assignment, told_for=now_for)
        board.record(assignment, "told_of_change", by=BY_SYSTEM)
        telling.tell_details_changed(board, assignment, before=before)
