"""What events tells. No message holds money."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from muster_shared.messages.base import Message, Payload


class VenueFacts(Payload):
    """Where it is."""

    type: Literal["in_person", "online"] = "in_person"
    name: str = ""
    address: str = ""
    url: str | None = None


class PhotoPolicy(Payload):
    """When guests may add photos, when the gallery opens, and whether photos wait for moderation."""

    uploads_open_at: datetime
    uploads_close_at: datetime
    reveal_at: datetime | None = None
    moderated: bool = False
    guest_quota: int = 500


class EventFacts(Payload):
    """An event as others may know it: enough for mails, the access record and the page; never finance."""

    event_id: UUID
    org_id: UUID
    version: int
    kind: Literal["charter", "job", "meetup"]
    status: Literal["draft", "published", "cancelled", "completed"]
    visibility: Literal["public", "unlisted", "private"]
    title: str
    starts_at: datetime
    ends_at: datetime
    timezone: str
    venue: VenueFacts
    ics_sequence: int = 0
    guest_code: str | None = None
    guest_slug: str | None = None
    guest_enabled: bool = False
    photos: PhotoPolicy | None = None
    deleted: bool = False


class EventChanged(Message):
    """An event was made or changed; `event` is all of it now. The highest `event.version` wins.

    `was_slug` names a page address that no longer holds.
    """

    type: ClassVar[str] = "event.changed.v1"

    event: EventFacts
    was_slug: str | None = None


class CrewFacts(Payload):
    """A crew member, as a mail needs them."""

    crew_member_id: UUID
    name: str
    email: str
    language: str = "en"


class AssignmentFacts(Payload):
    """One place in an event's crew. A link is good while its version is `link_version`."""

    assignment_id: UUID
    link_version: int
    role: str
    crew_notes: str = ""
    others: list[str] = []


class CrewAssigned(Message):
    """Somebody was asked to take a place: a first request, or a standby's turn (`reason`)."""

    type: ClassVar[str] = "crew.assigned.v1"

    event: EventFacts
    assignment: AssignmentFacts
    crew: CrewFacts
    reason: Literal["assigned", "standby_called", "resent"] = "assigned"
    request_key: str = ""


class CrewReminderDue(Message):
    """The reply ladder or the event's nearness asks for a reminder; state is rechecked at send time."""

    type: ClassVar[str] = "crew.reminder_due.v1"

    event: EventFacts
    assignment: AssignmentFacts
    crew: CrewFacts
    reason: Literal["no_answer", "upcoming", "asked_by_planner"]
    request_key: str


class CrewDetailsChanged(Message):
    """Time or place changed; `changes` holds before and after, ready to read in the event's zone's times."""

    type: ClassVar[str] = "crew.details_changed.v1"

    event: EventFacts
    before: EventFacts
    assignment: AssignmentFacts
    crew: CrewFacts
    asks_again: bool


class CrewReleased(Message):
    """Somebody is no longer needed: removed, replaced, the place was taken, or the event was cancelled."""

    type: ClassVar[str] = "crew.released.v1"

    event: EventFacts
    assignment: AssignmentFacts
    crew: CrewFacts
    reason: Literal["removed", "replaced", "place_taken", "event_cancelled"]


class CrewAnswered(Message):
    """A crew member pressed a button, or their answer was recorded by a planner."""

    type: ClassVar[str] = "crew.answered.v1"

    event_id: UUID
    org_id: UUID
    assignment_id: UUID
    link_version: int
    answer: Literal["confirmed", "declined"]
    answered_at: datetime


class CrewLinkOpened(Message):
    """The call sheet was opened; `by_machine` when nothing but a GET or HEAD of a scanner's kind was seen."""

    type: ClassVar[str] = "crew.link_opened.v1"

    assignment_id: UUID
    org_id: UUID
    link_version: int
    opened_at: datetime
    by_machine: bool


class PlannerAlerted(Message):
    """Planners should know: somebody declined, nobody answers, the standbys are exhausted."""

    type: ClassVar[str] = "planner.alerted.v1"

    event: EventFacts
    alert: Literal["declined", "no_answer", "standbys_exhausted", "bounced", "confirmed_after_decline"]
    assignment_id: UUID | None = None
    crew_name: str = ""
    role: str = ""
    reason: str = ""
    request_key: str
    recipients: list[UUID] = []


class RegistrationChanged(Message):
    """A registration was made, promoted from the waitlist, cancelled, or the event changed or was cancelled."""

    type: ClassVar[str] = "registration.changed.v1"

    event: EventFacts
    registration_id: UUID
    link_version: int
    name: str
    email: str
    language: str = "en"
    status: Literal["confirmed", "waitlisted", "cancelled"]
    reason: Literal["registered", "waitlisted", "promoted", "cancelled", "event_changed", "event_cancelled", "resent"]
    ticket_code: str | None = None
    position: int | None = None
    request_key: str
