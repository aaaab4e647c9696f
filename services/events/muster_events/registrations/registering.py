"""Registering: one statement takes the seat or the place in the queue, and tells everybody of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from muster_events.errors import AlreadyRegistered, EventNotFound, RegistrationClosed
from muster_events.events.codes import new_ticket_code
from muster_events.events.facts import FACTS
from muster_events.events.models import Status, Visibility
from muster_events.events.questions import answer_errors
from muster_events.registrations.telling import ANNOUNCED, announced_data
from muster_events.webhooks import announce
from muster_shared import clock
from muster_shared.db import Database, Prepared, constraint_of
from muster_shared.ids import new_id
from muster_shared.messages.events import RegistrationChanged
from muster_shared.messaging import outbox
from muster_shared.problems import Invalid
from muster_shared.web.rate_limit import WAIT, Limit, counting, names_of, refusal, take

_CREATED = ANNOUNCED["registered"]
_UNIQUE = frozenset({"uq_registrations_event_email", "uq_registrations_event_user"})
# How often an event may change between the look at it and the lock of its row, before somebody is sent away.
_TRIES = 3

_TYPES = {
    "event_id": "uuid",
    "questions": "jsonb",
    "sees_private": "boolean",
    "bucket": "text",
    "step": "float8",
    "allowance": "float8",
    "id": "uuid",
    "user_id": "uuid",
    "name": "text",
    "email": "text",
    "email_key": "text",
    "language": "text",
    "answers": "jsonb",
    "ticket_code": "text",
    "now": "timestamptz",
    "message_id": "uuid",
    "headers": "jsonb",
    "announcement": "jsonb",
}
_NOT_COUNTED = {"bucket": None, "step": None, "allowance": None}
_IS_OPEN = (
    "status = 'published' AND ends_at > %(now)s AND questions = %(questions)s"
    " AND (visibility <> 'private' OR %(sees_private)s)"
)
_HAS_ROOM = "waitlisted_count = 0 AND (capacity IS NULL OR registered_count < capacity)"
# Everything in one go, so that a registration costs one round trip and one commit, and the event's row is locked for
# no longer than that. The outcome is a row whenever there is the event, and says what stood in the way.
# `seat` joins what it depends on: whoever has waited for the event's row judges it anew, by its own columns alone.
# The counter that is nought after the update tells a seat from a place in the queue: nobody passes those who wait.
_REGISTER = Prepared(
    "register_for_event",
    _TYPES,
    f"""
    WITH seen AS (
      SELECT org_id, status, visibility, ends_at <= %(now)s AS is_over, questions, {_IS_OPEN} AS is_open
      FROM events WHERE id = %(event_id)s
    ), counted AS ({counting(when="FROM seen WHERE is_open AND %(bucket)s IS NOT NULL")}
    ), known AS (
      SELECT FROM registrations
      WHERE event_id = %(event_id)s AND email_key = %(email_key)s AND status <> 'cancelled'
      UNION ALL
      SELECT FROM registrations WHERE event_id = %(event_id)s AND user_id = %(user_id)s AND status <> 'cancelled'
    ), admitted AS (
      SELECT FROM seen WHERE is_open AND NOT EXISTS (SELECT FROM known)
        AND (%(bucket)s IS NULL OR EXISTS (SELECT FROM counted))
    ), seat AS (
      UPDATE events SET
        last_queue_number = last_queue_number + 1,
        registered_count = registered_count + CASE WHEN {_HAS_ROOM} THEN 1 ELSE 0 END,
        waitlisted_count = waitlisted_count + CASE WHEN {_HAS_ROOM} THEN 0 ELSE 1 END
      FROM admitted WHERE id = %(event_id)s AND {_IS_OPEN}
      RETURNING id, org_id, last_queue_number, details_sequence, {FACTS} AS facts,
        waitlisted_count = 0 AS is_confirmed, nullif(waitlisted_count, 0) AS position
    ), made AS (
      INSERT INTO registrations (id, org_id, event_id, user_id, name, email, email_key, language, status,
        queue_number, answers, ticket_code, link_version, told_sequence, told_cancelled, created_at, updated_at)
      SELECT %(id)s, org_id, id, %(user_id)s, %(name)s, %(email)s, %(email_key)s, %(language)s,
        CASE WHEN is_confirmed THEN 'confirmed' ELSE 'waitlisted' END,
        last_queue_number, %(answers)s, %(ticket_code)s, 1, details_sequence, false, %(now)s, %(now)s
      FROM seat
      RETURNING status
    ), told AS (
      INSERT INTO outbox (id, type, payload, headers)
      SELECT %(message_id)s, '{RegistrationChanged.type}', jsonb_build_object(
        'event', facts, 'registration_id', %(id)s, 'link_version', 1,
        'name', %(name)s, 'email', %(email)s, 'language', %(language)s,
        'status', CASE WHEN is_confirmed THEN 'confirmed' ELSE 'waitlisted' END,
        'reason', CASE WHEN is_confirmed THEN 'registered' ELSE 'waitlisted' END,
        'ticket_code', CASE WHEN is_confirmed THEN %(ticket_code)s END, 'position', position,
        'request_key', %(id)s || CASE WHEN is_confirmed THEN ':registered:1' ELSE ':waitlisted:1' END
      ), %(headers)s
      FROM seat
    ), announced AS ({
        announce.announcing(
            org_id="(SELECT org_id FROM seat)",
            kind=f"'{_CREATED}'",
            payload="jsonb_set(%(announcement)s, '{data,status}', to_jsonb((SELECT status FROM made)))",
            now="%(now)s",
        )
    })
    SELECT seen.org_id, seen.status, seen.visibility, seen.is_over, made.status, seat.position,
      nullif(seen.questions, %(questions)s), EXISTS (SELECT FROM counted), ({WAIT}), EXISTS (SELECT FROM known),
      CASE WHEN made.status IS NOT NULL THEN ({outbox.NOTICE}) END, ({announce.NOTICE} FROM announced LIMIT 1)
    FROM seen LEFT JOIN made ON true LEFT JOIN seat ON true
    """,  # noqa: S608  # fixed texts, values bound
)
_LOOK = "SELECT org_id, status, visibility, ends_at <= %(now)s FROM events WHERE id = %(event_id)s"


@dataclass(frozen=True)
class Register:
    """Somebody who wants to come. `user_id` is set for who is signed in."""

    name: str
    email: str
    user_id: UUID | None = None
    language: str = "en"
    answers: dict[str, str | bool] = field(default_factory=dict)


@dataclass(frozen=True)
class Registered:
    """What came of it; `position` is the place in the queue of who has to wait."""

    id: UUID
    org_id: UUID
    event_id: UUID
    status: str
    position: int | None
    name: str
    email: str
    answers: dict[str, str | bool]
    ticket_code: str
    created_at: datetime
    cancelled_at: None = None
    checked_in_at: None = None


class Door(NamedTuple):
    """Whose an event is, and whether it takes anybody."""

    org_id: UUID
    status: str
    visibility: str
    is_over: bool

    def refuse(self, *, is_staff: bool) -> None:
        """Raises `EventNotFound` for what only staff may know of, `RegistrationClosed` for what takes nobody."""
        if not is_staff and (self.status == Status.DRAFT or self.visibility == Visibility.PRIVATE):
            raise EventNotFound
        if self.status != Status.PUBLISHED or self.is_over:
            raise RegistrationClosed


class _Outcome(NamedTuple):
    """The statement's row after the door's columns. `status` is None when no registration was made.

    `questions` are the event's when they are others than those that the answers were held against; `wait_seconds`
    is how long who was not counted has to wait.
    """

    status: str | None
    position: int | None
    questions: list[dict[str, Any]] | None
    is_counted: bool
    wait_seconds: float | None
    is_known: bool
    told_relay: object
    told_webhooks: object


def email_key(address: str) -> str:
    """The address as it is compared: few mail systems tell capitals apart, and people do not."""
    return address.casefold()


def door_of(database: Database, event_id: UUID) -> Door:
    """The door of an event. Raises `EventNotFound`."""
    rows = database.rows(_LOOK, {"event_id": event_id, "now": clock.now()})
    if not rows:
        raise EventNotFound
    return Door(*rows[0])


def register(
    database: Database,
    session: Session | None,
    *,
    event_id: UUID,
    command: Register,
    is_staff: bool,
    limit: Limit | None,
) -> Registered:
    """Takes a seat, or a place in the queue when there is none or others wait.

    It is a transaction by itself, or part of that of `session` when there is one. `limit` is of calls for one
    address, refused ones too. Raises `EventNotFound` for what a stranger may not know of, `Invalid` for answers that
    do not fit, `TooManyRequests`, `AlreadyRegistered`, and `RegistrationClosed` also when the event is cancelled at
    this very moment.
    """
    counted = names_of(limit, email_key(command.email)) if limit else None
    if limit and session is not None:
        # The session's transaction may be rolled back, which is not to undo the counting.
        take(database, limit, email_key(command.email))
        counted = None
    # Most events ask nothing. Where one does, the first run makes nothing and gives the questions.
    questions: list[dict[str, Any]] | None = None if command.answers else []
    for _ in range(_TRIES):
        names = _names(event_id, command) | (counted or _NOT_COUNTED)
        names |= {
            "sees_private": is_staff,
            "questions": None if questions is None else orjson.dumps(questions).decode(),
        }
        door, outcome = _run(database, session, names)
        if outcome.status is not None:
            return Registered(
                id=UUID(names["id"]),
                org_id=door.org_id,
                event_id=event_id,
                status=outcome.status,
                position=outcome.position,
                name=command.name,
                email=command.email,
                answers=command.answers,
                ticket_code=names["ticket_code"],
                created_at=names["now"],
            )
        door.refuse(is_staff=is_staff)
        if outcome.questions is not None:
            questions = outcome.questions
            if errors := answer_errors(questions, command.answers):
                raise Invalid(errors=errors)
        elif counted and not outcome.is_counted:
            raise refusal(outcome.wait_seconds)
        elif outcome.is_known:
            raise AlreadyRegistered
    raise RegistrationClosed


def _run(database: Database, session: Session | None, names: Mapping[str, Any]) -> tuple[Door, _Outcome]:
    try:
        rows = database.commit(_REGISTER, names) if session is None else _REGISTER.within(session, names)
    except IntegrityError as error:
        # Two of one address at once: the statement does not see the one that it has waited for.
        if constraint_of(error) in _UNIQUE:
            raise AlreadyRegistered from error
        raise
    if not rows:
        raise EventNotFound
    [row] = rows
    return Door(*row[:4]), _Outcome(*row[4:])


def _names(event_id: UUID, command: Register) -> dict[str, Any]:
    now, registration_id = clock.now(), new_id()
    data = announced_data(registration_id, event_id=event_id, status="", name=command.name, created_at=now)
    return {
        "event_id": str(event_id),
        "id": str(registration_id),
        "user_id": str(command.user_id) if command.user_id else None,
        "name": command.name,
        "email": command.email,
        "email_key": email_key(command.email),
        "language": command.language,
        "answers": orjson.dumps(command.answers).decode(),
        "ticket_code": new_ticket_code(),
        "now": now,
        "message_id": str(new_id()),
        "headers": outbox.headers_of(event_id),
        "announcement": announce.payload_of(_CREATED, data, at=now),
    }
