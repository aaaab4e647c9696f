"""What can go wrong here, as problems with their own types."""

from muster_shared.problems import Conflict, Forbidden, Gone, NotFound


class EventNotFound(NotFound):
    """There is no such event, or it is not the caller's to know of."""

    slug, title = "event-not-found", "There is no such event"


class WrongState(Conflict):
    """The event's state does not allow it."""

    slug, title = "event-state", "The event's state does not allow it"


class SlugTaken(Conflict):
    """Another page has that address."""

    slug, title = "slug-taken", "Another page has that address"


class CapacityTooLow(Conflict):
    """More people are registered than the new capacity holds."""

    slug, title = "capacity-too-low", "More people are registered than that"


class NotDraft(Conflict):
    """Only a draft can be deleted."""

    slug, title = "not-a-draft", "Only a draft can be deleted; cancel it instead"


class ShotListIncomplete(Conflict):
    """A job cannot be closed without its photos."""

    slug, title = "shot-list-incomplete", "The shot list is not complete"


class FinanceForbidden(Forbidden):
    """The key may create events but not tell their finance."""

    slug, title = "finance-forbidden", "The service key lacks the scope for finance"


class NoFinance(NotFound):
    """Nobody has set the event's figures yet."""

    slug, title = "no-finance", "No figures have been set for this event"


class EntryNotFound(NotFound):
    """There is no such entry, or it is another organisation's."""

    slug, title = "entry-not-found", "There is no such calendar entry"


class BelongsToEvent(Conflict):
    """The entry stands for an event."""

    slug, title = "belongs-to-event", "The entry belongs to an event; cancel that instead"


class FeedNotFound(NotFound):
    """There is no such feed, it was revoked, or its maker is no longer a member."""

    slug, title = "feed-not-found", "There is no such calendar feed"


class RegistrationNotFound(NotFound):
    """There is no such registration, or it is not the caller's to know of."""

    slug, title = "registration-not-found", "There is no such registration"


class AlreadyRegistered(Conflict):
    """The address or account is registered for the event already."""

    slug, title = "already-registered", "Already registered for this event"


class RegistrationClosed(Conflict):
    """The event takes no registrations: it is over, cancelled or not public."""

    slug, title = "registration-closed", "This event takes no registrations now"


class RegistrationSettled(Conflict):
    """The registration cannot be cancelled any more."""

    slug, title = "registration-settled", "The registration cannot be cancelled any more"


class LinkDead(Gone):
    """The link of a mail holds no more."""

    slug, title = "link-expired", "This link is no longer valid"


class AlreadyCheckedIn(Conflict):
    """The ticket was used; `checked_in_at` and `checked_in_by` say when and by whom."""

    slug, title = "already-checked-in", "This ticket was used already"


class TicketNotValid(Conflict):
    """The ticket belongs to a registration that is waiting or cancelled."""

    slug, title = "ticket-not-valid", "This ticket does not let anybody in"


class TicketNotFound(NotFound):
    """No ticket of this event has the code."""

    slug, title = "ticket-not-found", "No ticket of this event has that code"


class StaffLinkNotFound(NotFound):
    """There is no such staff link, it was revoked, or it has expired."""

    slug, title = "staff-link-not-found", "There is no such staff link"


class WebhookNotFound(NotFound):
    """There is no such webhook or delivery, or it is another organisation's."""

    slug, title = "webhook-not-found", "There is no such webhook"


class TooManyWebhooks(Conflict):
    """An organisation has at most twenty."""

    slug, title = "too-many-webhooks", "The organisation has as many webhooks as it may"
