"""What became of the mails, and of the photos: messages of the other services."""

from sqlalchemy import literal, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from muster_events.crew import telling
from muster_events.crew.board import BY_SYSTEM, open_board
from muster_events.crew.models import Assignment, JobPhoto
from muster_events.crew.states import DELIVERY_OF, Delivery, Status
from muster_events.crew.use_cases.assigning import expects_to_come
from muster_shared.messages.media import PhotoChanged
from muster_shared.messages.notifications import DeliveryChanged

_LOST = {Delivery.BOUNCED, Delivery.SUPPRESSED}
# A reminder that was overtaken by the answer, or that its reader wants none of, says nothing about the mail that asked.
_NEEDLESS = {"no_longer_needed", "unsubscribed"}
_JOB_PURPOSES = {"job_before", "job_after"}


def delivery_changed(session: Session, message: DeliveryChanged, _context: object = None) -> None:
    """Shows on the crew row what became of the newest mail to its present link.

    Ids grow with time, so the newest delivery's highest version wins, in whatever order they come. A mail that
    cannot arrive alerts the planners, once for each delivery.
    """
    if message.assignment_id is None or message.link_version is None or message.reason in _NEEDLESS:
        return
    event_id = session.execute(select(Assignment.event_id).where(Assignment.id == message.assignment_id)).scalar()
    if event_id is None:
        return
    delivery = DELIVERY_OF[message.status]
    # The event's lock comes before the row's, as everywhere.
    board = open_board(session, event_id) if delivery in _LOST else None
    statement = (
        update(Assignment)
        .where(
            Assignment.id == message.assignment_id,
            Assignment.link_version == message.link_version,
            Assignment.status != Status.REMOVED,
            or_(
                Assignment.delivery_id.is_(None),
                tuple_(Assignment.delivery_id, Assignment.delivery_version)
                < tuple_(literal(message.delivery_id), literal(message.version)),
            ),
        )
        .values(delivery=delivery.value, delivery_id=message.delivery_id, delivery_version=message.version)
        .returning(Assignment.id)
        .execution_options(synchronize_session=False)
    )
    moved = session.execute(statement).first() is not None
    if board is None or not moved:
        return
    assignment = board.assignment(message.assignment_id)
    already_lost = assignment.delivery in _LOST and assignment.delivery_id == message.delivery_id
    if expects_to_come(assignment) and not already_lost:
        board.record(assignment, delivery.value, by=BY_SYSTEM)
        telling.alert_planners(board, assignment, alert="bounced", reason=message.reason or "")


def photo_changed(session: Session, message: PhotoChanged, _context: object = None) -> None:
    """Keeps which photos of a job there are. The highest version wins."""
    if message.purpose not in _JOB_PURPOSES:
        return
    values = {
        "org_id": message.org_id,
        "event_id": message.event_id,
        "assignment_id": message.assignment_id,
        "purpose": message.purpose,
        "status": message.status,
        "version": message.version,
    }
    statement = insert(JobPhoto).values(photo_id=message.photo_id, **values)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[JobPhoto.photo_id], set_=values, where=JobPhoto.version < message.version
        )
    )
