"""What can go wrong with a call to the notifications API."""

from muster_shared.problems import Conflict, NotFound, Unavailable


class DeliveryNotFound(NotFound):
    """404: no such delivery in an organisation of the caller's."""

    slug, title = "delivery-not-found", "There is no such delivery"


class SuppressionNotFound(NotFound):
    """404: no such entry in an organisation of the caller's."""

    slug, title = "suppression-not-found", "There is no such suppression"


class TemplateNotFound(NotFound):
    """404: no template of that name."""

    slug, title = "template-not-found", "There is no such template"


class MayStillArrive(Conflict):
    """409: the mail is on its way; sending it again could make two of it."""

    slug, title = "may-still-arrive", "The first mail may still arrive"


class NotResendable(Conflict):
    """409: sending it again would be of no use; `detail` says why."""

    slug, title = "not-resendable", "This mail cannot be sent again"


class MailboxAway(Unavailable):
    """503: the local mailbox does not answer."""

    slug, title = "mailbox-unavailable", "The local mailbox does not answer"
