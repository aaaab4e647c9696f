"""Answers: a person's press on the call sheet, and what a planner records for them."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from muster_events.crew import policies, telling
from muster_events.crew.board import BY_CREW, Board, By, open_board
from muster_events.crew.errors import (
    AnswerTooLate,
    DeadLink,
    DetailsChanged,
    PlaceTaken,
    UnknownLink,
    WrongStatus,
)
from muster_events.crew.models import Assignment
from muster_events.crew.states import Status
from muster_events.crew.use_cases.standbys import (
    call_standbys,
    called_standbys,
    fill,
    open_places,
    settle_standbys,
)
from muster_shared import clock
from muster_shared.auth.links import LinkClaims
from muster_shared.web.rate_limit import Limit, take_in

# Every change of an answer is told to people: nobody makes up their mind this often. Only effects count.
_ANSWERS = Limit("crew-answer", 20, 3600)


@dataclass(frozen=True)
class Press:
    """A press on the call sheet. `seen` is the version of time and place that the page showed, if it said so."""

    link: LinkClaims
    seen: int | None = None


def board_of_link(session: Session, link: LinkClaims) -> tuple[Board, Assignment]:
    """The event's crew under its lock, and the assignment the link opens.

    Raises `UnknownLink`, and `DeadLink` when the place was given away, the event cancelled, or the time is over.
    """
    event_id = session.execute(select(Assignment.event_id).where(Assignment.id == link.subject)).scalar()
    if event_id is None:
        raise UnknownLink
    board = open_board(session, event_id)
    assignment = next((a for a in board.assignments if a.id == link.subject), None)
    if assignment is None or assignment.link_version != link.version:
        raise DeadLink
    if not policies.link_lives(status=board.event.status, ends_at=board.event.ends_at, at=clock.now()):
        raise DeadLink
    return board, assignment


def confirm(session: Session, *, press: Press) -> Assignment:
    """Somebody says yes. Saying it again changes nothing.

    Raises `AnswerTooLate` after the start, `DetailsChanged` when they were looking at another time or place, and
    `PlaceTaken` when somebody else was quicker.
    """
    board, assignment = board_of_link(session, press.link)
    if assignment.status == Status.CONFIRMED:
        return assignment
    _check_may_answer(board, assignment)
    take_in(session, _ANSWERS, str(assignment.id))
    if press.seen is not None and press.seen != assignment.details_version:
        raise DetailsChanged
    _confirm(board, assignment, by=BY_CREW)
    return assignment


def decline(session: Session, *, press: Press, reason: str | None) -> Assignment:
    """Somebody says no; planners are told and the standbys called at once. Saying it again changes nothing.

    Raises `AnswerTooLate` after the start and `PlaceTaken` for a standby who is not asked any more.
    """
    board, assignment = board_of_link(session, press.link)
    if assignment.status == Status.DECLINED:
        return assignment
    _check_may_answer(board, assignment)
    take_in(session, _ANSWERS, str(assignment.id))
    _decline(board, assignment, by=BY_CREW, reason=reason)
    return assignment


def record_answer(board: Board, assignment: Assignment, *, answer: Status, by: By, reason: str | None) -> None:
    """What somebody told a planner, by telephone say: `answer` is confirmed or declined.

    Raises `AnswerTooLate`, unless it takes a no-show back, `PlaceTaken` and `WrongStatus`.
    """
    if assignment.status == answer:
        return
    if board.event.status == "draft":
        raise WrongStatus("nobody has been asked yet: the event is a draft")
    corrects = answer is Status.CONFIRMED and assignment.status == Status.NO_SHOW
    event = board.event
    if not corrects and not policies.takes_answers(status=event.status, starts_at=event.starts_at, at=clock.now()):
        raise AnswerTooLate
    if answer is Status.CONFIRMED:
        _confirm(board, assignment, by=by)
    else:
        _decline(board, assignment, by=by, reason=reason)


def _check_may_answer(board: Board, assignment: Assignment) -> None:
    event = board.event
    if not policies.takes_answers(status=event.status, starts_at=event.starts_at, at=clock.now()):
        raise AnswerTooLate
    # Only somebody who was asked has a link: a standby who waits again was asked for a place that is gone.
    if assignment.status == Status.STANDBY and assignment.asked_at is None:
        raise PlaceTaken


def _confirm(board: Board, assignment: Assignment, *, by: By) -> None:
    had_declined = assignment.status == Status.DECLINED
    vacant = _place_for(board, assignment, by=by)
    board.change(
        assignment,
        to=Status.CONFIRMED,
        responded_at=clock.now(),
        decline_reason=None,
        answered_for=policies.fingerprint(board.facts),
        standbys_called_at=None,
        standby_rank=None,
        replaced_by=None,
        asked_at=assignment.asked_at or clock.now(),
    )
    board.record(assignment, "confirmed", by=by)
    telling.tell_answered(board, assignment, answer="confirmed")
    if vacant is not None:
        fill(board, vacant, by=assignment)
    if had_declined:
        telling.alert_planners(board, assignment, alert="confirmed_after_decline")
    settle_standbys(board, assignment.role)


def _place_for(board: Board, assignment: Assignment, *, by: By) -> Assignment | None:
    """The open place that somebody takes over by a yes; None for one who has a place of their own.

    Who was replaced may have the place back from whoever said no to it since. A standby takes any that is open, also
    when they said no first; a planner may say yes for one with none open: that adds one. Raises `PlaceTaken`.
    """
    if assignment.replaced_by is not None:
        holder = policies.holder_of(assignment, board.assignments)
        if not policies.is_open(holder):
            raise PlaceTaken
        return holder
    if assignment.standby_rank is None:
        return None
    places = open_places(board, assignment.role)
    if not places and by.kind == BY_CREW.kind:
        raise PlaceTaken
    return places[0] if places else None


def _decline(board: Board, assignment: Assignment, *, by: By, reason: str | None) -> None:
    was_standby = assignment.standby_rank is not None
    board.change(
        assignment,
        to=Status.DECLINED,
        responded_at=clock.now(),
        decline_reason=reason or None,
        answered_for=None,
    )
    board.record(assignment, "declined", by=by, detail=reason or None)
    telling.tell_answered(board, assignment, answer="declined")
    if was_standby:
        if open_places(board, assignment.role) and not called_standbys(board, assignment.role):
            telling.alert_planners(board, assignment, alert="standbys_exhausted", reason=reason or "")
        # Nobody's place came free: a standby who says no is out of it, and may change their mind as a standby.
        return
    telling.alert_planners(board, assignment, alert="declined", reason=reason or "")
    call_standbys(board, assignment)
