"""The reply ladder and the reminder before an event: periodic jobs that look again at the state before each step."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Integer, case, func, select
from sqlalchemy.orm import Session

from muster_events.crew import policies, telling
from muster_events.crew.board import BY_SYSTEM, Board, open_board
from muster_events.crew.models import Assignment
from muster_events.crew.states import NEXT_STEP, Delivery, Status, Step
from muster_events.crew.use_cases.standbys import call_standbys
from muster_events.events.models import Event
from muster_shared import clock
from muster_shared.auth.tables import organizations
from muster_shared.db import Database

_AT_ONCE = 200
_DEFAULT_REMINDER_HOURS = 24
_UNREACHABLE = {Delivery.BOUNCED, Delivery.SUPPRESSED}


def climb_due(database: Database) -> int:
    """Takes every ladder that is due one step further; returns how many were looked at."""
    statement = (
        select(Assignment.id, Assignment.event_id)
        .where(Assignment.next_step_at <= clock.now())
        .order_by(Assignment.next_step_at)
        .limit(_AT_ONCE)
    )
    with database.read() as connection:
        due = connection.execute(statement).all()
    for assignment_id, event_id in due:
        with database.transaction() as session:
            climb(session, event_id=event_id, assignment_id=assignment_id)
    return len(due)


def climb(session: Session, *, event_id: UUID, assignment_id: UUID) -> None:
    """One step for one assignment, if it is still due: reminder, then planner alert, then the standbys."""
    board = open_board(session, event_id)
    assignment = next((a for a in board.assignments if a.id == assignment_id), None)
    now = clock.now()
    if assignment is None or assignment.next_step_at is None or assignment.next_step_at > now:
        return
    event = board.event
    if not policies.takes_answers(status=event.status, starts_at=event.starts_at, at=now):
        board.change(assignment, next_step_at=None)
        return
    step = NEXT_STEP[Step(assignment.ladder_step)]
    board.change(assignment, ladder_step=step.value, next_step_at=_next_at(board, assignment, step, now=now))
    board.record(assignment, step.value, by=BY_SYSTEM)
    if step is Step.REMINDED:
        if assignment.delivery not in _UNREACHABLE:
            telling.tell_reminder(board, assignment, reason="no_answer")
    elif step is Step.PLANNER_ALERTED:
        telling.alert_planners(board, assignment, alert="no_answer")
    else:
        call_standbys(board, assignment)


def _next_at(board: Board, assignment: Assignment, step: Step, *, now: datetime) -> datetime | None:
    """When the step after `step` is due. After an outage people still get half of the wait they were due."""
    asked_at, starts_at = assignment.asked_at or now, board.event.starts_at
    planned = policies.step_due_at(step, asked_at=asked_at, starts_at=starts_at, times=board.times)
    if planned is None:
        return None
    this = policies.step_due_at(Step(assignment.ladder_step), asked_at=asked_at, starts_at=starts_at, times=board.times)
    wait = planned - (this or planned)
    return max(planned, now + wait / 2)


def remind_upcoming(database: Database) -> int:
    """Reminds those who have confirmed, an organisation's time before the start; returns how many were looked at."""
    given = organizations.c.settings["reminder_before_hours"]
    hours = case(
        (func.jsonb_typeof(given) == "number", func.greatest(func.least(given.as_float(), 2160), 0)),
        else_=_DEFAULT_REMINDER_HOURS,
    ).cast(Integer)
    now = clock.now()
    statement = (
        select(Assignment.id, Assignment.event_id)
        .join(Event, Event.id == Assignment.event_id)
        .outerjoin(organizations, organizations.c.id == Assignment.org_id)
        .where(
            Event.status == "published",
            Event.starts_at > now,
            Event.starts_at <= now + func.make_interval(0, 0, 0, 0, hours),
            Assignment.status == Status.CONFIRMED,
            Assignment.reminded_for.is_(None),
        )
        .order_by(Event.starts_at)
        .limit(_AT_ONCE)
    )
    with database.read() as connection:
        due = connection.execute(statement).all()
    for assignment_id, event_id in due:
        with database.transaction() as session:
            remind(session, event_id=event_id, assignment_id=assignment_id)
    return len(due)


def remind(session: Session, *, event_id: UUID, assignment_id: UUID) -> None:
    """The reminder before the event for one person, if it is still due; none for an answer as fresh as that."""
    board = open_board(session, event_id)
    assignment = next((a for a in board.assignments if a.id == assignment_id), None)
    now, event = clock.now(), board.event
    if assignment is None or assignment.status != Status.CONFIRMED or assignment.reminded_for == event.starts_at:
        return
    if not policies.takes_answers(status=event.status, starts_at=event.starts_at, at=now):
        return
    opens = event.starts_at - board.times.reminder_before
    if now < opens:
        return
    is_fresh = assignment.responded_at is not None and assignment.responded_at >= opens
    board.change(assignment, reminded_for=event.starts_at)
    if not is_fresh:
        board.record(assignment, "reminded_of_event", by=BY_SYSTEM)
        telling.tell_reminder(board, assignment, reason="upcoming")
