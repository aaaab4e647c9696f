"""The crew of one event, held under the event's lock while it is changed.

Whatever changes an event's crew takes the event's row first (`FOR NO KEY UPDATE`), as every edit of the event does.
So answers, assignments, cancellations and steps of the ladder of one event happen one after the other, whoever
triggers them, and nothing can deadlock. Each change is still a conditional UPDATE of the state it was judged by.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload
from sqlalchemy.orm.attributes import set_committed_value
from structlog.contextvars import get_contextvars

from muster_events.audit import audit
from muster_events.crew.errors import AssignmentNotFound, WrongStatus
from muster_events.crew.models import Assignment, CrewMember, HistoryEntry
from muster_events.crew.policies import LadderTimes
from muster_events.crew.states import TRANSITIONS, Status
from muster_events.errors import EventNotFound
from muster_events.events.facts import facts_of
from muster_events.events.models import Event
from muster_shared import clock
from muster_shared.auth.principal import Principal
from muster_shared.auth.tables import organizations
from muster_shared.ids import new_id
from muster_shared.messages.events import EventFacts


@dataclass(frozen=True)
class By:
    """Who did it: `crew` by their link, `user` or `service_key`, or `system` for the ladder and for events."""

    kind: str
    id: UUID | None = None

    @classmethod
    def of(cls, principal: Principal) -> "By":
        """A member or a key of the organisation."""
        return cls(kind=principal.kind.value, id=principal.user_id or principal.key_id)


BY_CREW = By("crew")
BY_SYSTEM = By("system")


class Board:
    """An event and its crew (removed ones left out), members loaded, in the order they were assigned."""

    def __init__(self, session: Session, event: Event, assignments: list[Assignment]) -> None:
        self.session = session
        self.event = event
        self.assignments = assignments
        self._facts: EventFacts | None = None
        self._times: LadderTimes | None = None

    @property
    def facts(self) -> EventFacts:
        """The event as messages tell it."""
        if self._facts is None:
            self._facts = facts_of(self.event)
        return self._facts

    @property
    def times(self) -> LadderTimes:
        """The organisation's times of the ladder, by this service's copy of its settings."""
        if self._times is None:
            statement = select(organizations.c.settings).where(organizations.c.id == self.event.org_id)
            self._times = LadderTimes.from_settings(self.session.execute(statement).scalar())
        return self._times

    def assignment(self, assignment_id: UUID) -> Assignment:
        """One of them. Raises `AssignmentNotFound`."""
        for assignment in self.assignments:
            if assignment.id == assignment_id:
                return assignment
        raise AssignmentNotFound

    def in_role(self, role: str) -> list[Assignment]:
        """Those of a role; how it is written makes no difference."""
        wanted = role.strip().casefold()
        return [a for a in self.assignments if a.role.strip().casefold() == wanted]

    def add(self, assignment: Assignment, *, member: CrewMember) -> None:
        """Puts somebody new on the board."""
        self.session.add(assignment)
        set_committed_value(assignment, "member", member)
        self.assignments.append(assignment)

    def change(self, assignment: Assignment, *, to: Status | None = None, **values: Any) -> None:
        """Writes `values`, and the state `to`, if the row is still what it was read as.

        Raises `WrongStatus` for a transition that the table of states has not, and when the row has moved on,
        which the event's lock keeps from happening.
        """
        if to is not None:
            if to not in TRANSITIONS[Status(assignment.status)]:
                raise WrongStatus
            values["status"] = to.value
            if to is not Status.INVITED:
                values["next_step_at"] = None
        values |= {"version": assignment.version + 1, "updated_at": clock.now()}
        statement = (
            update(Assignment)
            .where(
                Assignment.id == assignment.id,
                Assignment.version == assignment.version,
                Assignment.status == assignment.status,
                Assignment.link_version == assignment.link_version,
            )
            .values(**values)
            .returning(Assignment.id)
            .execution_options(synchronize_session=False)
        )
        if self.session.execute(statement).first() is None:
            raise WrongStatus
        for name, value in values.items():
            set_committed_value(assignment, name, value)
        if to is Status.REMOVED:
            self.assignments.remove(assignment)

    def tell_audit(self, assignment: Assignment, action: str, *, actor: Principal) -> None:
        """Tells the audit log that `actor` did `assignment.<action>`."""
        audit.record(
            self.session,
            actor,
            action=f"assignment.{action}",
            org_id=assignment.org_id,
            target_id=assignment.id,
            changes={"event_id": str(assignment.event_id), "crew_member_id": str(assignment.crew_member_id)},
        )

    def record(self, assignment: Assignment, what: str, *, by: By, detail: str | None = None) -> None:
        """Adds to the assignment's history."""
        self.session.add(
            HistoryEntry(
                id=new_id(),
                org_id=assignment.org_id,
                event_id=assignment.event_id,
                assignment_id=assignment.id,
                crew_member_id=assignment.crew_member_id,
                link_version=assignment.link_version,
                what=what,
                detail=detail,
                by_kind=by.kind,
                by_id=by.id,
                at=clock.now(),
                request_id=get_contextvars().get("request_id"),
            )
        )


def open_board(session: Session, event_id: UUID) -> Board:
    """The event's crew, under its lock until the transaction ends. Raises `EventNotFound`."""
    statement = select(Event).where(Event.id == event_id).with_for_update(key_share=True)
    event = session.execute(statement.execution_options(populate_existing=True)).scalar()
    if event is None:
        raise EventNotFound
    return Board(session, event, _assignments(session, event_id))


def _assignments(session: Session, event_id: UUID) -> list[Assignment]:
    statement = (
        select(Assignment)
        .where(Assignment.event_id == event_id, Assignment.status != Status.REMOVED)
        .options(joinedload(Assignment.member))
        .order_by(Assignment.id)
        .execution_options(populate_existing=True)
    )
    return list(session.execute(statement).scalars())
