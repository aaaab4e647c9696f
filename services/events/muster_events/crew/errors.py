"""What can go wrong with crew, as problems with their own types."""

from muster_shared.problems import Conflict, Gone, NotFound


class MemberNotFound(NotFound):
    """There is no such crew member, or not in the caller's organisation."""

    slug, title = "crew-member-not-found", "There is no such crew member"


class AssignmentNotFound(NotFound):
    """There is no such assignment in this event."""

    slug, title = "assignment-not-found", "There is no such assignment"


class AddressTaken(Conflict):
    """Somebody on the roster has that address already."""

    slug, title = "crew-address-taken", "Somebody on the roster has this address already"


class MemberWanted(Conflict):
    """They are assigned to an event to come."""

    slug, title = "crew-member-assigned", "They are assigned to an event that is still to come"


class AlreadyAssigned(Conflict):
    """They are in this event's crew already."""

    slug, title = "already-assigned", "They are in this event's crew already"


class EventClosed(Conflict):
    """The event is cancelled, completed or over."""

    slug, title = "event-closed", "The crew of this event can no longer be changed"


class WrongStatus(Conflict):
    """The assignment is in a state that does not allow it."""

    slug, title = "assignment-state", "The assignment's state does not allow it"


class AnswerTooLate(Conflict):
    """Answers are taken until the start."""

    slug, title = "answer-too-late", "It has begun: answers can no longer be changed here"


class DetailsChanged(Conflict):
    """The page that was answered on showed another time or place."""

    slug, title = "details-changed", "Time or place changed while the page was open"


class PlaceTaken(Conflict):
    """Somebody else took the place first."""

    slug, title = "place-taken", "The place has been taken by somebody else"


class NotConfirmed(Conflict):
    """Only those who come report from the day."""

    slug, title = "not-confirmed", "Only somebody who has confirmed can report"


class NotTheDay(Conflict):
    """Reports are taken until the day after the event."""

    slug, title = "not-the-day", "Reports are taken until the day after"


class DeadLink(Gone):
    """The link was good once: reassigned, cancelled or expired."""

    slug, title = "link-dead", "This link no longer works"


class UnknownLink(NotFound):
    """Not a link of ours."""

    slug, title = "link-unknown", "This is not a link of ours"


class CrossSite(Conflict):
    """A form on somebody else's page was sent here."""

    status, slug, title = 403, "cross-site", "This was not sent from the call sheet"


class UnreadableTable(Conflict):
    """The file is not a table that can be read."""

    status, slug, title = 422, "table-unreadable", "The file cannot be read as a table"
