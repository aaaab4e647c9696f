"""Editing an assignment: everything a planner may change of it, under one lock."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from muster_events.crew.board import Board, By, open_board
from muster_events.crew.errors import WrongStatus
from muster_events.crew.models import Assignment
from muster_events.crew.states import Status
from muster_events.crew.use_cases.answering import record_answer
from muster_events.crew.use_cases.assigning import change_role, check_open, promote, reassign
from muster_events.crew.use_cases.fieldwork import record_hours, record_no_show
from muster_shared.auth.principal import Principal


def edit_assignment(
    session: Session, *, event_id: UUID, assignment_id: UUID, changes: Mapping[str, Any], actor: Principal
) -> None:
    """Applies `changes` (those of `AssignmentPatch` that were given), all or none.

    Raises what its parts raise: `AssignmentNotFound`, `EventClosed`, `AlreadyAssigned`, `PlaceTaken`,
    `AnswerTooLate`, `WrongStatus`, `Invalid`.
    """
    board = open_board(session, event_id)
    assignment, by = board.assignment(assignment_id), By.of(actor)
    steps: dict[str, tuple[str, Callable[[Any], None]]] = {
        "crew_member_id": ("reassigned", lambda value: reassign(board, assignment, member_id=value, actor=actor)),
        "role": ("role_changed", lambda value: change_role(board, assignment, role=value, actor=actor)),
        "standby_rank": ("rank_changed", lambda value: _rank(board, assignment, rank=value, actor=actor)),
        "status": (str(changes.get("status")), lambda _: _answer(board, assignment, changes=changes, by=by)),
        "worked_minutes": ("hours_recorded", lambda value: record_hours(board, assignment, minutes=value, by=by)),
    }
    for name in [name for name in steps if name in changes]:
        action, apply = steps[name]
        before = assignment.version
        apply(changes[name])
        if assignment.version != before:
            board.tell_audit(assignment, action, actor=actor)


def _rank(board: Board, assignment: Assignment, *, rank: int | None, actor: Principal) -> None:
    if rank == assignment.standby_rank:
        return
    if rank is None:
        promote(board, assignment, actor=actor)
        return
    check_open(board)
    if assignment.status != Status.STANDBY:
        raise WrongStatus("only a standby has a rank")
    board.change(assignment, standby_rank=rank)


def _answer(board: Board, assignment: Assignment, *, changes: Mapping[str, Any], by: By) -> None:
    wanted = Status(changes["status"])
    if wanted is Status.NO_SHOW:
        record_no_show(board, assignment, by=by)
    else:
        record_answer(board, assignment, answer=wanted, by=by, reason=changes.get("decline_reason"))
