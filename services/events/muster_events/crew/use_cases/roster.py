"""The roster: adding people, changing them, taking them off."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from muster_events.audit import audit
from muster_events.crew import telling
from muster_events.crew.board import Board, By, open_board
from muster_events.crew.commands import LANGUAGES, AddMember, email_key, name_key, tidy_skills
from muster_events.crew.errors import AddressTaken, MemberNotFound, MemberWanted
from muster_events.crew.models import Assignment, CrewMember
from muster_events.crew.states import Delivery, Status
from muster_events.crew.use_cases.assigning import expects_to_come
from muster_events.events.models import Event
from muster_shared import clock
from muster_shared.auth.principal import Principal
from muster_shared.auth.tables import organizations
from muster_shared.db import constraint_of
from muster_shared.ids import new_id
from muster_shared.problems import FieldError

_ADDRESS_CONSTRAINT = "uq_crew_members_org_id_email_key"


def language_of(session: Session, org_id: UUID) -> str:
    """The organisation's language, where there are texts in it."""
    statement = select(organizations.c.language).where(organizations.c.id == org_id)
    language = session.execute(statement).scalar()
    return language if language in LANGUAGES else LANGUAGES[0]


def new_member(org_id: UUID, command: AddMember, *, language: str) -> CrewMember:
    """The row of somebody new."""
    now = clock.now()
    return CrewMember(
        id=new_id(),
        org_id=org_id,
        name=command.name,
        name_key=name_key(command.name),
        email=command.email,
        email_key=email_key(command.email),
        phone=command.phone,
        skills=tidy_skills(command.skills),
        language=command.language or language,
        notes=command.notes,
        version=1,
        created_at=now,
        updated_at=now,
    )


def add_member(session: Session, *, org_id: UUID, command: AddMember, actor: Principal) -> CrewMember:
    """Puts somebody on the roster. Raises `AddressTaken`."""
    if command.language is None:
        command = replace(command, language=language_of(session, org_id))
    member = new_member(org_id, command, language=LANGUAGES[0])
    session.add(member)
    _flush(session)
    audit.record(session, actor, action="crew_member.added", org_id=org_id, target_id=member.id)
    return member


def edit_member(
    session: Session, *, org_id: UUID, member_id: UUID, changes: Mapping[str, Any], actor: Principal
) -> CrewMember:
    """Changes what `changes` names of a member.

    With another address the old one's links are dead, and who is asked for events to come is asked there.
    Raises `MemberNotFound` and `AddressTaken`.
    """
    boards = _boards_to_come(session, member_id) if "email" in changes else []
    member = _locked(session, org_id=org_id, member_id=member_id)
    had = member.email_key
    for name, value in changes.items():
        setattr(member, name, tidy_skills(value) if name == "skills" else value)
    member.name_key = name_key(member.name)
    member.email_key = email_key(member.email or "")
    member.version += 1
    member.updated_at = clock.now()
    _flush(session)
    if member.email_key != had:
        for board in boards:
            _resend(board, member, by=By.of(actor))
    fields = {"fields": sorted(changes)}
    audit.record(session, actor, action="crew_member.edited", org_id=org_id, target_id=member_id, changes=fields)
    return member


def remove_member(session: Session, *, org_id: UUID, member_id: UUID, actor: Principal) -> None:
    """Takes somebody off the roster; what they worked stays on record under their name alone.

    Raises `MemberNotFound`, and `MemberWanted` while they are assigned to an event to come.
    """
    member = _locked(session, org_id=org_id, member_id=member_id)
    statement = (
        select(Assignment.id, Event.status, Event.ends_at)
        .join(Event, Event.id == Assignment.event_id)
        .where(Assignment.crew_member_id == member_id, Assignment.status != Status.REMOVED)
    )
    rows = session.execute(statement).all()
    now = clock.now()
    if any(row.status in {"draft", "published"} and row.ends_at > now for row in rows):
        raise MemberWanted
    member.email, member.email_key = None, None
    member.phone, member.notes, member.skills = "", "", []
    member.removed_at = now
    member.updated_at = now
    member.version += 1
    audit.record(session, actor, action="crew_member.removed", org_id=org_id, target_id=member_id)


def _locked(session: Session, *, org_id: UUID, member_id: UUID) -> CrewMember:
    statement = (
        select(CrewMember)
        .where(CrewMember.org_id == org_id, CrewMember.id == member_id, CrewMember.removed_at.is_(None))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    member = session.execute(statement).scalar()
    if member is None:
        raise MemberNotFound
    return member


def _boards_to_come(session: Session, member_id: UUID) -> list[Board]:
    """The crews a member is asked for, locked in one order, before the member is."""
    statement = (
        select(Event.id)
        .join(Assignment, Assignment.event_id == Event.id)
        .where(
            Assignment.crew_member_id == member_id,
            Assignment.asked_at.is_not(None),
            Event.status == "published",
            Event.ends_at > clock.now(),
        )
        .order_by(Event.id)
    )
    return [open_board(session, event_id) for event_id in session.execute(statement).scalars().all()]


def _resend(board: Board, member: CrewMember, *, by: By) -> None:
    for assignment in board.assignments:
        if assignment.crew_member_id == member.id and expects_to_come(assignment):
            board.change(
                assignment,
                link_version=assignment.link_version + 1,
                delivery=Delivery.QUEUED.value,
                delivery_id=None,
                delivery_version=0,
            )
            board.record(assignment, "address_changed", by=by)
            telling.tell_assigned(board, assignment, reason="resent")


def _flush(session: Session) -> None:
    try:
        session.flush()
    except IntegrityError as error:
        if constraint_of(error) == _ADDRESS_CONSTRAINT:
            raise AddressTaken(
                errors=[FieldError(pointer="/email", detail="is on the organisation's roster already")]
            ) from error
        raise
