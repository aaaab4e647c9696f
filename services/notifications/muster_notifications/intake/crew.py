"""Mails to crew, and what their answers and openings mean for mails already on their way."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from muster_notifications.copies.use_cases import keep_state
from muster_notifications.deliveries.use_cases import NewMail, add_step, queue
from muster_notifications.templates.registry import TEMPLATES, language_of
from muster_shared import clock
from muster_shared.messages.events import (
    AssignmentFacts,
    CrewAnswered,
    CrewAssigned,
    CrewDetailsChanged,
    CrewLinkOpened,
    CrewReleased,
    CrewReminderDue,
    EventFacts,
)
from muster_shared.messaging.inbox import Context

_OF_LINK = text(
    "SELECT id FROM deliveries WHERE assignment_id = :assignment_id AND link_version = :link_version ORDER BY id"
)
_ACTED = text(
    "UPDATE deliveries SET acted_at = coalesce(acted_at, :at), updated_at = :now"
    " WHERE assignment_id = :assignment_id AND link_version = :link_version RETURNING id"
)
_OPENED_BY_MACHINE = text(
    "UPDATE deliveries SET opened_by_machine_at = coalesce(opened_by_machine_at, :at), updated_at = :now"
    " WHERE assignment_id = :assignment_id AND link_version = :link_version RETURNING id"
)


def crew_assigned(session: Session, message: CrewAssigned, context: Context) -> None:
    """Asks somebody to come."""
    facts = message.assignment
    _learn(session, facts, state="asked", context=context)
    _queue(
        session,
        message,
        context,
        template="crew_standby" if message.reason == "standby_called" else "crew_request",
        key=f"crew_request:{facts.assignment_id}:{facts.link_version}:{message.request_key}",
        extra={"reason": message.reason},
    )


def crew_reminder_due(session: Session, message: CrewReminderDue, context: Context) -> None:
    """Reminds somebody; whether that is still needed is looked at again when the mail goes."""
    _queue(
        session,
        message,
        context,
        template="crew_upcoming" if message.reason == "upcoming" else "crew_reminder",
        key=f"crew_reminder:{message.assignment.assignment_id}:{message.request_key}",
        extra={"reason": message.reason},
    )


def crew_details_changed(session: Session, message: CrewDetailsChanged, context: Context) -> None:
    """Tells somebody what changed, and asks again where that is wanted."""
    facts = message.assignment
    if message.asks_again:
        _learn(session, facts, state="asked", context=context)
    _queue(
        session,
        message,
        context,
        template="crew_changed",
        key=f"crew_changed:{facts.assignment_id}:{facts.link_version}:{message.event.version}",
        extra={
            "before": message.before.model_dump(mode="json"),
            "asks_again": message.asks_again,
            "reason": "changed",
        },
    )


def crew_released(session: Session, message: CrewReleased, context: Context) -> None:
    """Tells somebody that they are free again."""
    facts = message.assignment
    _learn(session, facts, state="released", context=context)
    _queue(
        session,
        message,
        context,
        template="crew_cancelled" if message.reason == "event_cancelled" else "crew_released",
        key=f"crew_released:{facts.assignment_id}:{facts.link_version}:{message.reason}",
        extra={"reason": message.reason},
    )


def crew_answered(session: Session, message: CrewAnswered, _context: Context) -> None:
    """Notes the answer: reminders still waiting become needless, and the mails' traces end with it."""
    keep_state(
        session,
        message.assignment_id,
        link_version=message.link_version,
        state=message.answer,
        changed_at=message.answered_at,
    )
    found = session.execute(
        _ACTED,
        {
            "assignment_id": message.assignment_id,
            "link_version": message.link_version,
            "at": message.answered_at,
            "now": clock.now(),
        },
    )
    for row in found.all():
        add_step(session, row.id, "answered", at=message.answered_at, detail={"answer": message.answer})


def crew_link_opened(session: Session, message: CrewLinkOpened, _context: Context) -> None:
    """Notes who or what opened the link."""
    names = {"assignment_id": message.assignment_id, "link_version": message.link_version}
    if message.by_machine:
        found = session.execute(_OPENED_BY_MACHINE, {**names, "at": message.opened_at, "now": clock.now()}).all()
    else:
        found = session.execute(_OF_LINK, names).all()
    for row in found:
        add_step(session, row.id, "opened_by_machine" if message.by_machine else "opened", at=message.opened_at)


def _learn(session: Session, facts: AssignmentFacts, *, state: str, context: Context) -> None:
    keep_state(
        session,
        facts.assignment_id,
        link_version=facts.link_version,
        state=state,
        changed_at=context.occurred_at or clock.now(),
    )


def _queue(
    session: Session,
    message: CrewAssigned | CrewReminderDue | CrewDetailsChanged | CrewReleased,
    context: Context,
    *,
    template: str,
    key: str,
    extra: dict[str, Any],
) -> None:
    event, facts, crew = message.event, message.assignment, message.crew
    queue(
        session,
        NewMail(
            dedupe_key=key,
            template=template,
            recipient=crew.email,
            recipient_name=crew.name,
            language=language_of(crew.language),
            urgent=TEMPLATES[template].urgent,
            org_id=event.org_id,
            event_id=event.event_id,
            assignment_id=facts.assignment_id,
            link_version=facts.link_version,
            request_id=context.request_id,
            context=_context(event, facts) | extra,
            trigger=message.type,
        ),
    )


def _context(event: EventFacts, facts: AssignmentFacts) -> dict[str, Any]:
    return {
        "event": event.model_dump(mode="json"),
        "role": facts.role,
        "notes": facts.crew_notes,
        "others": facts.others,
    }
