"""What media refuses, and why."""

from muster_shared.problems import Conflict, NotFound


class EventUnknown(NotFound):
    """There is no such event, or not for this caller."""

    slug, title = "event-not-found", "There is no such event"


class PageUnknown(NotFound):
    """No page has this code, or it is switched off."""

    slug, title = "guest-page-not-found", "There is no such page"


class PhotoUnknown(NotFound):
    """There is no such photo, or not for this caller."""

    slug, title = "photo-not-found", "There is no such photo"


class UploadsClosed(Conflict):
    """Outside the time in which guests may add photos."""

    slug, title = "uploads-closed", "Photos cannot be added now"


class QuotaReached(Conflict):
    """The page, the event or the organisation has as many photos as it may have."""

    slug, title = "quota-reached", "No more photos can be added here"


class PhotoNotSettled(Conflict):
    """It is not ready, so there is nothing to hide or show."""

    slug, title = "photo-not-settled", "The photo is not ready"


class AlbumEmpty(Conflict):
    """There is nothing to put into the pack."""

    slug, title = "album-empty", "There are no photos to put together"
