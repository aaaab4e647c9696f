"""Reads of crew."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, bindparam, case, func, or_, select, tuple_
from sqlalchemy.orm import Session, aliased, joinedload

from muster_events.crew.commands import name_key
from muster_events.crew.errors import AssignmentNotFound, MemberNotFound
from muster_events.crew.models import Assignment, CrewMember, HistoryEntry
from muster_events.crew.schemas import AssignmentView, Clash, MemberRef
from muster_events.crew.states import COMING, Status
from muster_events.events.models import Event
from muster_shared import clock

_LIVE = ("draft", "published")
# Made once: SQLAlchemy takes longer over it than PostgreSQL does.
_OTHER, _OTHER_EVENT = aliased(Assignment), aliased(Event)
_PERSON, _SAME_PERSON = aliased(CrewMember), aliased(CrewMember)
_CLASHES = (
    select(
        Assignment.id,
        _OTHER_EVENT.id.label("event_id"),
        _OTHER_EVENT.title,
        _OTHER_EVENT.starts_at,
        _OTHER_EVENT.ends_at,
        _OTHER_EVENT.timezone,
        _OTHER.role,
        _OTHER.status,
    )
    .join(Event, Event.id == Assignment.event_id)
    .join(_PERSON, _PERSON.id == Assignment.crew_member_id)
    .join(_SAME_PERSON, and_(_SAME_PERSON.org_id == _PERSON.org_id, _SAME_PERSON.email_key == _PERSON.email_key))
    .join(_OTHER, and_(_OTHER.crew_member_id == _SAME_PERSON.id, _OTHER.event_id != Assignment.event_id))
    .join(_OTHER_EVENT, _OTHER_EVENT.id == _OTHER.event_id)
    .where(
        Assignment.id.in_(bindparam("ids", expanding=True)),
        Event.status.in_(_LIVE),
        _OTHER.status.in_(list(COMING)),
        _OTHER_EVENT.status.in_(_LIVE),
        func.tstzrange(_OTHER_EVENT.starts_at, _OTHER_EVENT.ends_at, "[)").op("&&")(
            func.tstzrange(Event.starts_at, Event.ends_at, "[)")
        ),
    )
    .order_by(_OTHER_EVENT.starts_at, _OTHER_EVENT.id)
)


def member(session: Session, member_id: UUID) -> CrewMember:
    """Somebody on a roster. Raises `MemberNotFound`; whose roster it is, the caller has to look at."""
    statement = select(CrewMember).where(CrewMember.id == member_id, CrewMember.removed_at.is_(None))
    found = session.execute(statement).scalar()
    if found is None:
        raise MemberNotFound
    return found


def roster(
    session: Session,
    org_ids: Sequence[UUID],
    *,
    q: str | None = None,
    skill: str | None = None,
    after: tuple[str, UUID] | None = None,
    rows: int,
) -> list[CrewMember]:
    """The rosters of some organisations by name, from after the sort values `after`."""
    statement = select(CrewMember).where(CrewMember.org_id.in_(org_ids), CrewMember.removed_at.is_(None))
    if q:
        pattern = name_key(q)
        statement = statement.where(
            or_(
                CrewMember.name_key.contains(pattern, autoescape=True),
                CrewMember.email_key.contains(q.casefold(), autoescape=True),
            )
        )
    if skill:
        statement = statement.where(CrewMember.skills.contains([skill.strip().casefold()]))
    if after is not None:
        statement = statement.where(tuple_(CrewMember.name_key, CrewMember.id) > after)
    statement = statement.order_by(CrewMember.name_key, CrewMember.id).limit(rows)
    return list(session.execute(statement).scalars())


def assignments_of(session: Session, event_ids: Sequence[UUID]) -> dict[UUID, list[AssignmentView]]:
    """The crews of some events (in two statements, however many), removed people left out."""
    if not event_ids:
        return {}
    statement = (
        select(Assignment)
        .where(Assignment.event_id.in_(event_ids), Assignment.status != Status.REMOVED)
        .options(joinedload(Assignment.member))
        .order_by(Assignment.event_id, Assignment.standby_rank.nulls_first(), Assignment.id)
        .execution_options(populate_existing=True)
    )
    found = list(session.execute(statement).scalars())
    clashes = clashes_of(session, [a.id for a in found if a.status in COMING or a.status == Status.STANDBY])
    views: dict[UUID, list[AssignmentView]] = defaultdict(list)
    for assignment in found:
        views[assignment.event_id].append(assignment_view(assignment, clashes.get(assignment.id, [])))
    return dict(views)


def one_assignment(session: Session, *, event_id: UUID, assignment_id: UUID) -> AssignmentView:
    """One place in an event's crew. Raises `AssignmentNotFound`."""
    for view in assignments_of(session, [event_id]).get(event_id, []):
        if view.id == assignment_id:
            return view
    raise AssignmentNotFound


def assignment_view(assignment: Assignment, clashes: list[Clash]) -> AssignmentView:
    """The wire shape of an assignment whose member is loaded."""
    return AssignmentView(
        id=assignment.id,
        event_id=assignment.event_id,
        crew_member=MemberRef(id=assignment.crew_member_id, name=assignment.member.name),
        role=assignment.role,
        status=Status(assignment.status),
        standby_rank=assignment.standby_rank,
        delivery=assignment.delivery,
        asked_at=assignment.asked_at,
        responded_at=assignment.responded_at,
        decline_reason=assignment.decline_reason,
        standbys_called=assignment.standbys_called_at is not None,
        replaced_by=assignment.replaced_by,
        field_status=assignment.field_status,
        on_my_way_at=assignment.on_my_way_at,
        arrived_at=assignment.arrived_at,
        done_at=assignment.done_at,
        worked_minutes=assignment.worked_minutes,
        clashes=clashes,
        version=assignment.version,
        updated_at=assignment.updated_at,
    )


def clashes_of(session: Session, assignment_ids: Sequence[UUID]) -> dict[UUID, list[Clash]]:
    """For each assignment, the other events of its organisation that its person is wanted at in the same time.

    A person is told by their address. What ends when the other begins does not clash, and what is over neither.
    """
    if not assignment_ids:
        return {}
    found: dict[UUID, list[Clash]] = defaultdict(list)
    for row in session.execute(_CLASHES, {"ids": list(assignment_ids)}).mappings():
        values = dict(row)
        found[values.pop("id")].append(Clash(**values))
    return dict(found)


def history(
    session: Session, *, event_id: UUID, assignment_id: UUID, after: UUID | None, rows: int
) -> list[HistoryEntry]:
    """What happened to an assignment, newest first."""
    statement = select(HistoryEntry).where(
        HistoryEntry.event_id == event_id, HistoryEntry.assignment_id == assignment_id
    )
    if after is not None:
        statement = statement.where(HistoryEntry.id < after)
    return list(session.execute(statement.order_by(HistoryEntry.id.desc()).limit(rows)).scalars())


def record(
    session: Session, member_id: UUID, *, after: tuple[datetime, UUID] | None, rows: int
) -> list[dict[str, Any]]:
    """The events a member was confirmed for or failed to come to, and that have begun; newest first."""
    statement = (
        select(
            Assignment.id.label("assignment_id"),
            Event.id.label("event_id"),
            Event.title,
            Event.starts_at,
            Event.ends_at,
            Event.timezone,
            Assignment.role,
            Assignment.status,
            Assignment.worked_minutes,
        )
        .join(Event, Event.id == Assignment.event_id)
        .where(_worked(member_id))
    )
    if after is not None:
        statement = statement.where(tuple_(Event.starts_at, Assignment.id) < after)
    statement = statement.order_by(Event.starts_at.desc(), Assignment.id.desc()).limit(rows)
    return [dict(row) for row in session.execute(statement).mappings()]


def record_sums(session: Session, member_id: UUID) -> dict[str, int]:
    """`{events, no_shows, worked_minutes}` of a member."""
    no_show = case((Assignment.status == Status.NO_SHOW, 1), else_=0)
    statement = (
        select(
            (func.count() - func.coalesce(func.sum(no_show), 0)).label("events"),
            func.coalesce(func.sum(no_show), 0).label("no_shows"),
            func.coalesce(func.sum(Assignment.worked_minutes), 0).label("worked_minutes"),
        )
        .join(Event, Event.id == Assignment.event_id)
        .where(_worked(member_id))
    )
    return {name: int(value) for name, value in session.execute(statement).mappings().one().items()}


def _worked(member_id: UUID) -> Any:
    return and_(
        Assignment.crew_member_id == member_id,
        Assignment.status.in_([Status.CONFIRMED, Status.NO_SHOW]),
        Event.status.in_(["published", "completed"]),
        Event.starts_at <= clock.now(),
    )
