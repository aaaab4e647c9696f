"""Calling the standbys of a role for a place that came free, and letting them go when it is filled."""

from collections.abc import Iterable

from muster_events.crew import policies, telling
from muster_events.crew.board import BY_SYSTEM, Board
from muster_events.crew.models import Assignment
from muster_events.crew.states import Delivery, Status
from muster_shared import clock


def open_places(board: Board, role: str) -> list[Assignment]:
    """The places of a role that standbys were called for and nobody has taken, the longest open first."""
    found = [a for a in board.in_role(role) if policies.is_open(a)]
    return sorted(found, key=lambda a: (a.standbys_called_at or clock.now(), a.id))


def called_standbys(board: Board, role: str) -> list[Assignment]:
    """The standbys of a role who were asked and have not answered, by rank."""
    return _by_rank(_standbys(board, role, called=True))


def call_standbys(board: Board, vacant: Assignment) -> None:
    """Opens `vacant`'s place to every standby of its role at once; the first to confirm has it."""
    board.change(vacant, standbys_called_at=clock.now(), replaced_by=None)
    settle_standbys(board, vacant.role)


def settle_standbys(board: Board, role: str) -> None:
    """Brings the standbys of a role in line with its places.

    While one is open, all of them are asked, by rank; who was asked already is not asked twice. Once none is,
    those who were asked wait again, and are told so.
    """
    if open_places(board, role):
        for standby in _by_rank(_standbys(board, role, called=False)):
            _call(board, standby)
    else:
        for standby in called_standbys(board, role):
            telling.tell_released(board, standby, reason="place_taken")
            board.change(standby, asked_at=None)
            board.record(standby, "place_taken", by=BY_SYSTEM)


def _call(board: Board, standby: Assignment) -> None:
    # A new link each time: the one of an earlier call was answered with "the place is taken".
    again = standby.told_for is not None
    board.change(
        standby,
        link_version=standby.link_version + again,
        asked_at=clock.now(),
        told_for=policies.fingerprint(board.facts),
        delivery=Delivery.QUEUED.value,
    )
    board.record(standby, "standby_called", by=BY_SYSTEM)
    telling.tell_assigned(board, standby, reason="standby_called")


def _standbys(board: Board, role: str, *, called: bool) -> list[Assignment]:
    return [a for a in board.in_role(role) if a.status == Status.STANDBY and (a.asked_at is not None) is called]


def fill(board: Board, vacant: Assignment, *, by: Assignment) -> None:
    """Gives `vacant`'s place to the standby `by`; a person asked first who has not answered is let go."""
    if vacant.status == Status.INVITED:
        telling.tell_released(board, vacant, reason="place_taken")
        board.record(vacant, "place_taken", by=BY_SYSTEM, detail=by.member.name)
        board.change(vacant, to=Status.REMOVED, replaced_by=by.id, link_version=vacant.link_version + 1)
    else:
        board.change(vacant, replaced_by=by.id)
        board.record(vacant, "place_taken", by=BY_SYSTEM, detail=by.member.name)


def _by_rank(assignments: Iterable[Assignment]) -> list[Assignment]:
    return sorted(assignments, key=lambda a: (a.standby_rank or 0, a.id))
