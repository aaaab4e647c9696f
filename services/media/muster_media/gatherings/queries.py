"""Finding an event's access record: in the copy, or at events when the copy has nothing yet."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from muster_media.errors import EventUnknown, PageUnknown
from muster_media.gatherings.use_cases import keep_event
from muster_shared.auth.cache import ExpiringCache
from muster_shared.auth.internal import InternalClient, InternalUnavailable
from muster_shared.db import Database
from muster_shared.messages.events import EventFacts
from muster_shared.problems import Unavailable

# Photos wait for a look where the event says so, or its organisation does for all of them.
_EVENTS = (
    "SELECT e.event_id, e.org_id, e.version, e.kind, e.status, e.title, e.starts_at, e.ends_at, e.timezone,"
    " e.guest_code, e.guest_slug, e.guest_enabled, e.uploads_open_at, e.uploads_close_at, e.reveal_at,"
    " e.moderated OR coalesce((o.settings->>'moderate_photos')::boolean, false), e.guest_quota, e.deleted"
    " FROM event_copies e LEFT JOIN organization_copies o ON o.id = e.org_id"
)
_BY_ID = text(f"{_EVENTS} WHERE e.event_id = :event_id")
# A code is an event's own; a friendly name may have moved: the newest holder has it.
_BY_PAGE = text(
    f"{_EVENTS} WHERE (e.guest_code = :page OR e.guest_slug = :page) AND NOT e.deleted"
    " ORDER BY e.guest_code = :page DESC, e.version DESC LIMIT 1"
)
_ABSENT_SECONDS = 2.0
_LONGEST_PAGE = 100


@dataclass(frozen=True)
class EventRecord:
    """What media knows of an event."""

    event_id: UUID
    org_id: UUID
    version: int
    kind: str
    status: str
    title: str
    starts_at: datetime
    ends_at: datetime
    timezone: str
    guest_code: str | None
    guest_slug: str | None
    guest_enabled: bool
    uploads_open_at: datetime | None
    uploads_close_at: datetime | None
    reveal_at: datetime | None
    moderated: bool
    guest_quota: int
    deleted: bool


class EventCopies:
    """Events by id and by page. `events` is None where there is nobody to ask (some tests).

    An event is remembered for `memory_seconds`: a change holds that much later than its message came.
    """

    def __init__(self, *, database: Database, events: InternalClient | None, memory_seconds: float = 1.0) -> None:
        self._database = database
        self._events = events
        self._known: ExpiringCache[UUID | str, EventRecord] = ExpiringCache(capacity=10_000, seconds=memory_seconds)
        # Guessed codes cost events one question each while they are remembered as nothing.
        self._absent: ExpiringCache[str, bool] = ExpiringCache(capacity=10_000, seconds=_ABSENT_SECONDS)

    def get(self, event_id: UUID) -> EventRecord:
        """The event. Raises `EventUnknown`, or `Unavailable` when it cannot be known just now."""
        if (known := self._known.get(event_id)) is not None:
            return known
        found = self._read(_BY_ID, {"event_id": event_id}) or self._ask(f"/internal/events/{event_id}")
        if found is None or found.deleted:
            raise EventUnknown
        self._known.put(event_id, found)
        return found

    def by_page(self, page: str) -> EventRecord:
        """The event whose guest page has this code or name. Raises `PageUnknown` or `Unavailable`."""
        if not page.isascii() or not page.replace("-", "").isalnum() or len(page) > _LONGEST_PAGE:
            raise PageUnknown
        if (known := self._known.get(page)) is not None:
            return known
        found = self._read(_BY_PAGE, {"page": page}) or self._ask(f"/internal/guest-pages/{page}")
        if found is None or found.deleted or not found.guest_enabled:
            raise PageUnknown
        self._known.put(page, found)
        return found

    def _read(self, statement: Any, values: dict[str, Any]) -> EventRecord | None:
        with self._database.read() as connection:
            row = connection.execute(statement, values).first()
        return EventRecord(*row) if row is not None else None

    def _ask(self, path: str) -> EventRecord | None:
        if self._events is None or self._absent.get(path):
            return None
        try:
            answer = self._events.get(path)
        except InternalUnavailable as error:
            raise Unavailable(retry_after_seconds=2) from error
        if answer is None:
            self._absent.put(path, True)
            return None
        facts = EventFacts.model_validate(answer.get("event", answer))
        with self._database.transaction() as session:
            keep_event(session, facts)
        # Read back: a message may have brought something newer meanwhile.
        return self._read(_BY_ID, {"event_id": facts.event_id})
