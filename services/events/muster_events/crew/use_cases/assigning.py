"""Assigning people to an event, giving their place to others, and taking them off again."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from muster_events.crew import policies, telling
from muster_events.crew.board import Board, By, open_board
from muster_events.crew.errors import AlreadyAssigned, EventClosed, WrongStatus
from muster_events.crew.models import Assignment, CrewMember
from muster_events.crew.states import Delivery, Status, Step
from muster_events.crew.use_cases.standbys import settle_standbys
from muster_events.events.commands import CrewWanted
from muster_events.events.models import Event
from muster_shared import clock
from muster_shared.auth.principal import Principal
from muster_shared.ids import new_id
from muster_shared.problems import FieldError, Invalid


def assign_initial(session: Session, *, event: Event, actor: Principal, wanted: Sequence[CrewWanted]) -> None:
    """Assigns the crew named when an event is made, and asks them unless it is a draft.

    Raises `Invalid` that names each `/crew/<i>/crew_member_id` which is not on the organisation's roster or is
    there twice.
    """
    if not wanted:
        return
    session.flush()
    _assign_all(open_board(session, event.id), wanted, actor=actor, prefix="/crew/{}")


def assign(session: Session, *, event_id: UUID, actor: Principal, wanted: CrewWanted) -> Assignment:
    """Assigns one more and asks them, unless the event is a draft or they are a standby.

    Raises `EventClosed`, `AlreadyAssigned`, and `Invalid` for somebody who is not on the roster.
    """
    board = open_board(session, event_id)
    (made,) = _assign_all(board, [wanted], actor=actor, prefix="")
    board.tell_audit(made, "created", actor=actor)
    return made


def _assign_all(board: Board, wanted: Sequence[CrewWanted], *, actor: Principal, prefix: str) -> list[Assignment]:
    check_open(board)
    members = _members(board, [place.crew_member_id for place in wanted])
    present = {a.crew_member_id for a in board.assignments}
    errors = []
    for number, place in enumerate(wanted):
        pointer = prefix.format(number) + "/crew_member_id"
        if place.crew_member_id not in members:
            errors.append(FieldError(pointer=pointer, detail="is not on the organisation's roster"))
        elif place.crew_member_id in present and prefix:
            errors.append(FieldError(pointer=pointer, detail="is named more than once"))
        elif place.crew_member_id in present:
            raise AlreadyAssigned(errors=[FieldError(pointer=pointer, detail="is in this event's crew already")])
        present.add(place.crew_member_id)
    if errors:
        raise Invalid(errors=errors)
    made = [_place(board, place, member=members[place.crew_member_id], actor=actor) for place in wanted]
    board.session.flush()
    telling.tell_all_assigned(board, [assignment for assignment in made if assignment.asked_at is not None])
    for role in {a.role for a in made if a.status == Status.STANDBY}:
        settle_standbys(board, role)
    return made


def _place(board: Board, wanted: CrewWanted, *, member: CrewMember, actor: Principal) -> Assignment:
    now = clock.now()
    is_standby = wanted.standby_rank is not None
    asked = not is_standby and board.event.status == "published"
    assignment = Assignment(
        id=new_id(),
        org_id=board.event.org_id,
        event_id=board.event.id,
        crew_member_id=member.id,
        role=wanted.role,
        status=Status.STANDBY if is_standby else Status.INVITED,
        standby_rank=wanted.standby_rank,
        link_version=1,
        details_version=1,
        asked_at=now if asked else None,
        ladder_step=Step.ASKED,
        next_step_at=_first_step(board) if asked else None,
        told_for=policies.fingerprint(board.facts) if asked else None,
        delivery=Delivery.QUEUED,
        version=1,
        created_at=now,
        updated_at=now,
    )
    board.add(assignment, member=member)
    board.record(assignment, "put_on_standby" if is_standby else "assigned", by=By.of(actor), detail=wanted.role)
    return assignment


def ask(board: Board, assignment: Assignment, *, by: By) -> None:
    """Asks somebody anew: the ladder starts at its foot, and the mail with their link goes out."""
    board.change(
        assignment,
        to=Status.INVITED,
        asked_at=clock.now(),
        ladder_step=Step.ASKED.value,
        next_step_at=_first_step(board),
        told_for=policies.fingerprint(board.facts),
        responded_at=None,
        decline_reason=None,
        answered_for=None,
        standbys_called_at=None,
        replaced_by=None,
        delivery=Delivery.QUEUED.value,
    )
    board.record(assignment, "asked", by=by)
    telling.tell_assigned(board, assignment, reason="assigned")


def reassign(board: Board, assignment: Assignment, *, member_id: UUID, actor: Principal) -> None:
    """Gives the place to another member: the old link is dead from the commit on, the new person is asked.

    Raises `AlreadyAssigned` and `Invalid`.
    """
    check_open(board)
    if member_id == assignment.crew_member_id:
        return
    pointer = "/crew_member_id"
    member = _members(board, [member_id]).get(member_id)
    if member is None:
        raise Invalid.field(pointer, "is not on the organisation's roster")
    if any(a.crew_member_id == member_id for a in board.assignments):
        raise AlreadyAssigned(errors=[FieldError(pointer=pointer, detail="is in this event's crew already")])
    by = By.of(actor)
    board.record(assignment, "replaced", by=by, detail=member.name)
    if expects_to_come(assignment):
        telling.tell_released(board, assignment, reason="replaced")
    board.change(
        assignment,
        # A standby's place stays one, also when the standby had declined.
        to=Status.INVITED if assignment.standby_rank is None else Status.STANDBY,
        crew_member_id=member.id,
        link_version=assignment.link_version + 1,
        asked_at=None,
        next_step_at=None,
        responded_at=None,
        decline_reason=None,
        answered_for=None,
        told_for=None,
        reminded_for=None,
        standbys_called_at=None,
        replaced_by=None,
        delivery=Delivery.QUEUED.value,
        delivery_id=None,
        delivery_version=0,
        field_status=None,
        on_my_way_at=None,
        arrived_at=None,
        done_at=None,
        worked_minutes=None,
    )
    assignment.member = member
    board.record(assignment, "assigned", by=by, detail=assignment.role)
    if assignment.status == Status.INVITED and board.event.status == "published":
        ask(board, assignment, by=by)
    settle_standbys(board, assignment.role)


def promote(board: Board, assignment: Assignment, *, actor: Principal) -> None:
    """Makes a standby one of the crew, and asks them."""
    check_open(board)
    if assignment.status != Status.STANDBY:
        raise WrongStatus
    board.change(assignment, to=Status.INVITED, standby_rank=None)
    if board.event.status == "published":
        ask(board, assignment, by=By.of(actor))


def change_role(board: Board, assignment: Assignment, *, role: str, actor: Principal) -> None:
    """Gives another role; whoever was asked for the old one is asked for the new."""
    check_open(board)
    if role == assignment.role:
        return
    old_role = assignment.role
    board.change(assignment, role=role, details_version=assignment.details_version + 1)
    board.record(assignment, "role_changed", by=By.of(actor), detail=role)
    if assignment.asked_at is not None and assignment.status in {Status.INVITED, Status.CONFIRMED}:
        ask(board, assignment, by=By.of(actor))
    settle_standbys(board, old_role)
    settle_standbys(board, role)


def remove(session: Session, *, event_id: UUID, assignment_id: UUID, actor: Principal) -> None:
    """Takes somebody off the event: their link is dead from the commit on, and they are told.

    Raises `EventClosed` once it is completed or cancelled: who was there is on record.
    """
    board = open_board(session, event_id)
    assignment = board.assignment(assignment_id)
    if board.event.status not in {"draft", "published"}:
        raise EventClosed
    if expects_to_come(assignment):
        telling.tell_released(board, assignment, reason="removed")
    board.record(assignment, "removed", by=By.of(actor))
    board.tell_audit(assignment, "removed", actor=actor)
    board.change(
        assignment,
        to=Status.REMOVED,
        link_version=assignment.link_version + 1,
        standbys_called_at=None,
    )
    settle_standbys(board, assignment.role)


def check_open(board: Board) -> None:
    """Raises `EventClosed` unless the event's crew may still be changed."""
    event = board.event
    if event.status not in {"draft", "published"} or event.ends_at <= clock.now():
        raise EventClosed


def expects_to_come(assignment: Assignment) -> bool:
    """Whether somebody was asked and has not said no."""
    return assignment.asked_at is not None and assignment.status in {
        Status.INVITED,
        Status.CONFIRMED,
        Status.STANDBY,
    }


def _first_step(board: Board) -> datetime | None:
    return policies.step_due_at(Step.ASKED, asked_at=clock.now(), starts_at=board.event.starts_at, times=board.times)


def _members(board: Board, member_ids: Sequence[UUID]) -> dict[UUID, CrewMember]:
    """Those on the roster, held so that nobody is taken off it meanwhile."""
    statement = (
        select(CrewMember)
        .where(
            CrewMember.org_id == board.event.org_id,
            CrewMember.id.in_(member_ids),
            CrewMember.removed_at.is_(None),
        )
        .order_by(CrewMember.id)
        .with_for_update(read=True)
        .execution_options(populate_existing=True)
    )
    return {member.id: member for member in board.session.execute(statement).scalars()}


def remind(session: Session, *, event_id: UUID, assignment_id: UUID, actor: Principal) -> Board:
    """Sends a reminder now to somebody who was asked and has not declined. Raises `WrongStatus` for others."""
    board = open_board(session, event_id)
    assignment = board.assignment(assignment_id)
    check_open(board)
    if not expects_to_come(assignment) or board.event.status != "published":
        raise WrongStatus("only somebody who was asked and has not declined can be reminded")
    # The row's version moves, so that this reminder is told from an earlier one.
    board.change(assignment)
    board.record(assignment, "reminded", by=By.of(actor))
    board.tell_audit(assignment, "reminded", actor=actor)
    telling.tell_reminder(board, assignment, reason="asked_by_planner")
    return board
