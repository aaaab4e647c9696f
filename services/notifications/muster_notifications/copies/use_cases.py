"""Keeping the copies: late and repeated messages change nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from muster_notifications.copies.models import Contact, EventCopy
from muster_shared.auth import replication
from muster_shared.messages.auth import MembershipChanged
from muster_shared.messages.events import EventChanged

# For one link what happened later holds (who had confirmed is asked again, on the same link, when the time changes),
# and a release outranks both; a newer link begins anew, but for a release, which is told with the version the link
# had or the next one and holds until somebody is asked again.
_STATE = text(
    "INSERT INTO assignment_states AS kept (assignment_id, link_version, state, changed_at)"
    " SELECT * FROM unnest(CAST(:assignment_ids AS uuid[]), CAST(:link_versions AS int[]), CAST(:states AS text[]),"
    " CAST(:changes_at AS timestamptz[]))"
    " ON CONFLICT (assignment_id) DO UPDATE SET link_version = excluded.link_version, state = excluded.state,"
    " changed_at = excluded.changed_at"
    " WHERE excluded.link_version > kept.link_version OR (excluded.link_version = kept.link_version AND ("
    "  excluded.state = 'released' OR (kept.state <> 'released' AND excluded.changed_at > kept.changed_at)))"
)


def membership_changed(session: Session, message: MembershipChanged, context: object = None) -> None:
    """Keeps the membership as every service does, and the member's name and address."""
    replication.membership_changed(session, message, context)
    values = {
        "org_id": message.org_id,
        "user_id": message.user_id,
        "role": message.role,
        "name": message.name,
        "email": message.email,
        "language": message.user_language,
        "version": message.version,
    }
    statement = insert(Contact).values(values)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["org_id", "user_id"],
            set_={name: statement.excluded[name] for name in values if name not in {"org_id", "user_id"}},
            where=Contact.version < statement.excluded.version,
        )
    )


def event_changed(session: Session, message: EventChanged, _context: object = None) -> None:
    """Keeps the event's facts unless newer ones are kept already."""
    event = message.event
    values: dict[str, Any] = {
        "event_id": event.event_id,
        "org_id": event.org_id,
        "version": event.version,
        "facts": event.model_dump(mode="json"),
    }
    statement = insert(EventCopy).values(values)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["event_id"],
            set_={name: statement.excluded[name] for name in ("version", "facts")},
            where=EventCopy.version < statement.excluded.version,
        )
    )


@dataclass(frozen=True)
class State:
    """How a place stands, and since when."""

    assignment_id: UUID
    link_version: int
    state: str
    changed_at: datetime


def keep_states(session: Session, states: Sequence[State]) -> None:
    """Writes how places stand, unless what is kept is later."""
    # A statement may write a row once: of several states of one place each gets its turn.
    left = sorted(states, key=attrgetter("assignment_id"))
    while left:
        turn = {state.assignment_id: state for state in reversed(left)}
        left = [state for state in left if turn[state.assignment_id] is not state]
        rows = [turn[assignment_id] for assignment_id in sorted(turn)]
        session.execute(
            _STATE,
            {
                "assignment_ids": [row.assignment_id for row in rows],
                "link_versions": [row.link_version for row in rows],
                "states": [row.state for row in rows],
                "changes_at": [row.changed_at for row in rows],
            },
        )
