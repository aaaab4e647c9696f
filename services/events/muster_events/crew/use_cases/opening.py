"""Noting that a call sheet was opened. It changes no state of the assignment; it is told for the trace only."""

from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from muster_shared import clock
from muster_shared.auth.links import LinkClaims
from muster_shared.db import Database
from muster_shared.logs import log
from muster_shared.messages.events import CrewLinkOpened
from muster_shared.messaging import outbox
from muster_shared.problems import TooManyRequests
from muster_shared.web.rate_limit import Limit, take_in

# Once a minute says as much as a hundred times, and nobody fills the queue by reloading.
_OPENED = Limit("crew-link-opened", 1, 60)

_log = log(__name__)


def note_opened(database: Database, *, link: LinkClaims, org_id: UUID, by_machine: bool) -> None:
    """Tells that the link was opened. A note that cannot be written takes nothing from the page."""
    subject = f"{link.subject}:{link.version}:{by_machine}"
    try:
        with database.transaction() as session:
            take_in(session, _OPENED, subject)
            message = CrewLinkOpened(
                assignment_id=link.subject,
                org_id=org_id,
                link_version=link.version,
                opened_at=clock.now(),
                by_machine=by_machine,
            )
            outbox.emit(session, message, key=link.subject)
    except TooManyRequests:
        return
    except SQLAlchemyError as error:
        _log.warning("opening_not_noted", error=type(error).__name__)
