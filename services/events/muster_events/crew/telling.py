"""What crew tells the other services, always in the transaction of what it tells of."""

from collections.abc import Sequence
from typing import Literal

from muster_events.crew.board import Board
from muster_events.crew.models import Assignment, CrewMember
from muster_events.crew.states import COMING
from muster_events.webhooks.announce import announce
from muster_shared import clock
from muster_shared.messages.events import (
    AssignmentFacts,
    CrewAnswered,
    CrewAssigned,
    CrewDetailsChanged,
    CrewFacts,
    CrewReleased,
    CrewReminderDue,
    EventFacts,
    PlannerAlerted,
)
from muster_shared.messaging import outbox

Alert = Literal["declined", "no_answer", "standbys_exhausted", "bounced", "confirmed_after_decline"]


def assignment_facts(board: Board, assignment: Assignment) -> AssignmentFacts:
    """The assignment as a mail needs it."""
    others = [
        f"{other.member.name} · {other.role}"
        for other in board.assignments
        if other.id != assignment.id and other.status in COMING
    ]
    return AssignmentFacts(
        assignment_id=assignment.id,
        link_version=assignment.link_version,
        role=assignment.role,
        crew_notes=board.event.crew_notes,
        others=others,
    )


def crew_facts(member: CrewMember) -> CrewFacts:
    """The person as a mail needs them."""
    return CrewFacts(crew_member_id=member.id, name=member.name, email=member.email or "", language=member.language)


def key_of(what: str, assignment: Assignment) -> str:
    """A text that is the same for the same thing told twice, and another for the next."""
    return f"{what}:{assignment.id}:{assignment.version}"


def tell_assigned(
    board: Board, assignment: Assignment, *, reason: Literal["assigned", "standby_called", "resent"]
) -> None:
    """Asks somebody to come: the mail with their link."""
    outbox.emit(board.session, _request(board, assignment, reason=reason), key=assignment.id)


def tell_all_assigned(board: Board, assignments: Sequence[Assignment]) -> None:
    """Asks a whole crew to come, in one statement."""
    requests = [(_request(board, assignment, reason="assigned"), assignment.id) for assignment in assignments]
    outbox.emit_all(board.session, requests)


def _request(
    board: Board, assignment: Assignment, *, reason: Literal["assigned", "standby_called", "resent"]
) -> CrewAssigned:
    return CrewAssigned(
        event=board.facts,
        assignment=assignment_facts(board, assignment),
        crew=crew_facts(assignment.member),
        reason=reason,
        request_key=key_of(reason, assignment),
    )


def tell_reminder(
    board: Board, assignment: Assignment, *, reason: Literal["no_answer", "upcoming", "asked_by_planner"]
) -> None:
    """Reminds somebody."""
    message = CrewReminderDue(
        event=board.facts,
        assignment=assignment_facts(board, assignment),
        crew=crew_facts(assignment.member),
        reason=reason,
        request_key=key_of(reason, assignment),
    )
    outbox.emit(board.session, message, key=assignment.id)


def tell_released(
    board: Board,
    assignment: Assignment,
    *,
    reason: Literal["removed", "replaced", "place_taken", "event_cancelled"],
) -> None:
    """Tells somebody that they are no longer needed."""
    message = CrewReleased(
        event=board.facts,
        assignment=assignment_facts(board, assignment),
        crew=crew_facts(assignment.member),
        reason=reason,
    )
    outbox.emit(board.session, message, key=assignment.id)


def tell_details_changed(board: Board, assignment: Assignment, *, before: EventFacts) -> None:
    """Tells somebody of another time or place."""
    message = CrewDetailsChanged(
        event=board.facts,
        before=before,
        assignment=assignment_facts(board, assignment),
        crew=crew_facts(assignment.member),
        asks_again=assignment.status == "invited",
    )
    outbox.emit(board.session, message, key=assignment.id)


def tell_answered(board: Board, assignment: Assignment, *, answer: Literal["confirmed", "declined"]) -> None:
    """Tells that somebody answered, the organisation's webhooks too."""
    message = CrewAnswered(
        event_id=assignment.event_id,
        org_id=assignment.org_id,
        assignment_id=assignment.id,
        link_version=assignment.link_version,
        answer=answer,
        answered_at=assignment.responded_at or clock.now(),
    )
    outbox.emit(board.session, message, key=assignment.id)
    announce(
        board.session,
        org_id=assignment.org_id,
        kind=f"crew.{answer}",
        data={
            "event_id": assignment.event_id,
            "assignment_id": assignment.id,
            "crew_member_id": assignment.crew_member_id,
            "role": assignment.role,
            "booking_ref": board.event.booking_ref,
        },
    )


def alert_planners(board: Board, assignment: Assignment, *, alert: Alert, reason: str = "") -> None:
    """Tells the planners what they should know at once."""
    message = PlannerAlerted(
        event=board.facts,
        alert=alert,
        assignment_id=assignment.id,
        crew_name=assignment.member.name,
        role=assignment.role,
        reason=reason,
        request_key=key_of(alert, assignment),
    )
    outbox.emit(board.session, message, key=assignment.id)
