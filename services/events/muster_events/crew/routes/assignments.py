"""HTTP of an event's crew."""

from uuid import UUID

from sqlalchemy.orm import Session

from muster_events.crew import queries, use_cases
from muster_events.crew.schemas import (
    AssignmentPatch,
    AssignmentView,
    HistoryPage,
    HistoryView,
    NewAssignment,
    ShotListBody,
    ShotsView,
)
from muster_events.crew.use_cases import fieldwork
from muster_events.crew.use_cases.editing import edit_assignment
from muster_events.events.access import locked_event, staff_event
from muster_events.parts import EventsParts
from muster_shared.auth import Principal
from muster_shared.auth.guards import scoped
from muster_shared.problems import NotFound
from muster_shared.web import Answer, Page, PageQuery, Routes, page_answer, read_cursor
from muster_shared.web.app import part
from muster_shared.web.rate_limit import Limit, take

routes = Routes("assignments", prefix="/api/events/<uuid:event_id>", tag="crew")
_REMINDERS = Limit("crew-reminder", 3, 15 * 60)


def _check(session: Session, principal: Principal, event_id: UUID) -> None:
    """Raises `EventNotFound` unless the event is the caller's to run."""
    staff_event(session, part(EventsParts).memberships, principal, event_id)


def _view(session: Session, event_id: UUID, assignment_id: UUID) -> AssignmentView:
    session.flush()
    return queries.one_assignment(session, event_id=event_id, assignment_id=assignment_id)


@routes.get("/assignments", guard=scoped("crew:read"), answers={200: Page[AssignmentView]})
def list_assignments(*, event_id: UUID, session: Session, principal: Principal) -> Page[AssignmentView]:
    """The crew of an event, all of it"""
    _check(session, principal, event_id)
    return Page(items=queries.assignments_of(session, [event_id]).get(event_id, []), next_cursor=None)


@routes.post(
    "/assignments",
    guard=scoped("crew:write"),
    body=NewAssignment,
    answers={201: AssignmentView},
    idempotent=True,
)
def assign(*, event_id: UUID, body: NewAssignment, session: Session, principal: Principal) -> Answer:
    """Assign somebody; they are mailed their link at once, a standby when a place comes free"""
    _check(session, principal, event_id)
    made = use_cases.assign(session, event_id=event_id, actor=principal, wanted=body.to_command())
    headers = {"Location": f"/api/events/{event_id}/assignments/{made.id}"}
    return Answer(_view(session, event_id, made.id), status=201, headers=headers)


@routes.get("/assignments/<uuid:assignment_id>", guard=scoped("crew:read"), answers={200: AssignmentView})
def get_assignment(*, event_id: UUID, assignment_id: UUID, session: Session, principal: Principal) -> AssignmentView:
    """One place in an event's crew"""
    _check(session, principal, event_id)
    return _view(session, event_id, assignment_id)


@routes.patch(
    "/assignments/<uuid:assignment_id>",
    guard=scoped("crew:write"),
    body=AssignmentPatch,
    answers={200: AssignmentView},
)
def edit(
    *, event_id: UUID, assignment_id: UUID, body: AssignmentPatch, session: Session, principal: Principal
) -> AssignmentView:
    """Change an assignment: another person (the old link is dead at once), role, rank, answer, no-show, hours"""
    _check(session, principal, event_id)
    changes = {name: getattr(body, name) for name in body.model_fields_set}
    edit_assignment(session, event_id=event_id, assignment_id=assignment_id, changes=changes, actor=principal)
    return _view(session, event_id, assignment_id)


@routes.delete("/assignments/<uuid:assignment_id>", guard=scoped("crew:write"), answers={204: None})
def unassign(*, event_id: UUID, assignment_id: UUID, session: Session, principal: Principal) -> Answer:
    """Take somebody off the event; they are told, and their link is dead at once"""
    _check(session, principal, event_id)
    use_cases.remove(session, event_id=event_id, assignment_id=assignment_id, actor=principal)
    return Answer(status=204)


@routes.post("/assignments/<uuid:assignment_id>/remind", guard=scoped("crew:write"), answers={202: AssignmentView})
def remind(*, event_id: UUID, assignment_id: UUID, session: Session, principal: Principal) -> Answer:
    """Send somebody a reminder now"""
    _check(session, principal, event_id)
    take(part(EventsParts).wiring.database, _REMINDERS, str(assignment_id))
    use_cases.remind(session, event_id=event_id, assignment_id=assignment_id, actor=principal)
    return Answer(_view(session, event_id, assignment_id), status=202)


@routes.get(
    "/assignments/<uuid:assignment_id>/history",
    guard=scoped("crew:read"),
    query=PageQuery,
    answers={200: HistoryPage},
)
def get_history(
    *, event_id: UUID, assignment_id: UUID, query: PageQuery, session: Session, principal: Principal
) -> Answer:
    """Everything that happened to an assignment, newest first"""
    _check(session, principal, event_id)
    scope = f"crew-history:{assignment_id}"
    seen = read_cursor(query.cursor, scope=scope)
    found = queries.history(
        session,
        event_id=event_id,
        assignment_id=assignment_id,
        after=UUID(seen[0]) if seen else None,
        rows=query.limit + 1,
    )
    return Answer(
        page_answer(
            found,
            limit=query.limit,
            scope=scope,
            key=lambda entry: (entry.id,),
            view=lambda entry: HistoryView.model_validate(entry).model_dump(mode="json"),
        )
    )


@routes.get("/shot-list", guard=scoped("crew:read"), answers={200: ShotsView})
def get_shot_list(*, event_id: UUID, session: Session, principal: Principal) -> ShotsView:
    """Which photos a job cannot be completed without, and what is there of them"""
    event = staff_event(session, part(EventsParts).memberships, principal, event_id)
    shots = fieldwork.shots_of(session, event)
    if shots is None:
        raise NotFound("this event has no shot list")
    return ShotsView.model_validate(shots)


@routes.put("/shot-list", guard=scoped("crew:write"), body=ShotListBody, answers={200: ShotsView})
def put_shot_list(*, event_id: UUID, body: ShotListBody, session: Session, principal: Principal) -> ShotsView:
    """Say how many photos of before and after the event cannot be completed without"""
    event = locked_event(session, part(EventsParts).memberships, principal, event_id)
    fieldwork.set_shot_list(session, event=event, before=body.before, after=body.after, actor=principal)
    session.flush()
    return ShotsView.model_validate(fieldwork.shots_of(session, event))
