"""Mails to crew, and what their answers and openings mean for mails already on their way."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from muster_notifications.copies.use_cases import State, keep_states
from muster_notifications.deliveries.use_cases import NewMail, add_step, queue_all
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


def crew_assigned(session: Session, messages: Sequence[tuple[CrewAssigned, Context]]) -> None:
    """Asks people to come."""
    keep_states(session, [_state(message, context, "asked") for message, context in messages])
    queue_all(session, [_request(message, context) for message, context in messages])


def crew_reminder_due(session: Session, messages: Sequence[tuple[CrewReminderDue, Context]]) -> None:
    """Reminds people; whether that is still needed is looked at again when the mail goes."""
    queue_all(session, [_reminder(message, context) for message, context in messages])


def crew_details_changed(session: Session, messages: Sequence[tuple[CrewDetailsChanged, Context]]) -> None:
    """Tells people what changed, and asks again where that is wanted."""
    keep_states(session, [_state(message, context, "asked") for message, context in messages if message.asks_again])
    queue_all(session, [_change(message, context) for message, context in messages])


def crew_released(session: Session, messages: Sequence[tuple[CrewReleased, Context]]) -> None:
    """Tells people that they are free again."""
    keep_states(session, [_state(message, context, "released") for message, context in messages])
    queue_all(session, [_release(message, context) for message, context in messages])


def crew_answered(session: Session, message: CrewAnswered, _context: Context) -> None:
    """Notes the answer: reminders still waiting become needless, and the mails' traces end with it."""
    answered = State(message.assignment_id, message.link_version, message.answer, message.answered_at)
    keep_states(session, [answered])
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


def _state(message: CrewAssigned | CrewDetailsChanged | CrewReleased, context: Context, state: str) -> State:
    facts = message.assignment
    return State(facts.assignment_id, facts.link_version, state, context.occurred_at or clock.now())


def _request(message: CrewAssigned, context: Context) -> NewMail:
    facts = message.assignment
    return _mail(
        message,
        context,
        template="crew_standby" if message.reason == "standby_called" else "crew_request",
        key=f"crew_request:{facts.assignment_id}:{facts.link_version}:{message.request_key}",
        extra={"reason": message.reason},
    )


def _reminder(message: CrewReminderDue, context: Context) -> NewMail:
    return _mail(
        message,
        context,
        template="crew_upcoming" if message.reason == "upcoming" else "crew_reminder",
        key=f"crew_reminder:{message.assignment.assignment_id}:{message.request_key}",
        extra={"reason": message.reason},
    )


def _change(message: CrewDetailsChanged, context: Context) -> NewMail:
    facts = message.assignment
    return _mail(
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


def _release(message: CrewReleased, context: Context) -> NewMail:
    facts = message.assignment
    return _mail(
        message,
        context,
        template="crew_cancelled" if message.reason == "event_cancelled" else "crew_released",
        key=f"crew_released:{facts.assignment_id}:{facts.link_version}:{message.reason}",
        extra={"reason": message.reason},
    )


def _mail(
    message: CrewAssigned | CrewReminderDue | CrewDetailsChanged | CrewReleased,
    context: Context,
    *,
    template: str,
    key: str,
    extra: dict[str, Any],
) -> NewMail:
    event, facts, crew = message.event, message.assignment, message.crew
    return NewMail(
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
    )


def _context(event: EventFacts, facts: AssignmentFacts) -> dict[str, Any]:
    return {
        "event": event.model_dump(mode="json"),
        "role": facts.role,
        "notes": facts.crew_notes,
        "others": facts.others,
    }
