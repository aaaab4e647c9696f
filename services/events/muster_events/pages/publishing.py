"""Putting pages into the site bucket: outside any transaction, in any order, as often as it takes.

After each upload the event is read again, and when it has moved on the page is made anew. So whichever of two
workers writes last, it has written what holds; a message that comes twice or late does no harm.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from botocore.exceptions import ClientError
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from muster_events.events.models import Event
from muster_events.events.policies import slug_is_live
from muster_events.events.views import Addresses
from muster_events.pages.models import PublishedPage
from muster_events.pages.rendering import render
from muster_shared import clock
from muster_shared.auth import replication
from muster_shared.auth.memberships import Organizations
from muster_shared.aws.clients import Clients
from muster_shared.db import Database
from muster_shared.ids import new_id
from muster_shared.logs import log
from muster_shared.messages.auth import OrganizationChanged
from muster_shared.messages.events import EventChanged
from muster_shared.messaging.errors import Retry
from muster_shared.messaging.inbox import Context
from muster_shared.problems import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_CONTENT_TYPE = "text/html; charset=utf-8"
# Browsers ask each time, the CDN keeps it for half a minute and is told of changes besides.
_CACHE_CONTROL = "public, max-age=0, s-maxage=30"
_MOST_ROUNDS = 5
_BEHIND = text(
    "SELECT e.id FROM events e LEFT JOIN published_pages p ON p.event_id = e.id"
    " WHERE e.updated_at > now() - interval '2 days' AND e.updated_at < now() - interval '30 seconds'"
    " AND (p.event_id IS NULL OR p.revision < e.page_revision) ORDER BY e.updated_at LIMIT 200"
)
_MAKE_ANEW = text(
    "UPDATE events SET page_revision = page_revision + 1, updated_at = now()"
    " WHERE org_id = :org_id AND ends_at > now() - interval '90 days'"
)

_log = log(__name__)


@dataclass(frozen=True)
class Wanted:
    """What the bucket should hold of one event. `body` None: nothing."""

    event_id: UUID
    revision: int
    code: str
    slug: str | None
    body: bytes | None


class Publisher:
    """Publishes pages to the site bucket, and tells the CDN when there is one."""

    def __init__(
        self,
        *,
        database: Database,
        clients: Clients,
        organizations: Organizations,
        addresses: Addresses,
        bucket: str,
        distribution_id: str | None = None,
    ) -> None:
        self._database = database
        self._clients = clients
        self._organizations = organizations
        self._addresses = addresses
        self._bucket = bucket
        self._distribution_id = distribution_id

    def on_event_changed(self, _database: Database, message: EventChanged, _context: Context) -> None:
        """Handler of `event.changed.v1`, outside a transaction."""
        facts = message.event
        self.publish(facts.event_id, code=facts.guest_code, old_slugs=[message.was_slug] if message.was_slug else [])

    def publish(self, event_id: UUID, *, code: str | None = None, old_slugs: list[str] | None = None) -> None:
        """Brings the bucket to what the event is now. `code` is what to clear when there is no event any more.

        Raises `Retry` when S3 is away, and when the event changes faster than it can be published.
        """
        for _ in range(_MOST_ROUNDS):
            wanted, before = self._wanted(event_id)
            if wanted is None:
                self._clear(event_id, [code, *(old_slugs or []), *_keys(before)])
                return
            gone = {slug for slug in [*(old_slugs or []), before.slug if before else None] if slug}
            changed = self._remove([slug for slug in gone if slug != wanted.slug], event_id)
            is_behind = before is None or before.revision < wanted.revision
            if is_behind:
                changed += self._put(wanted)
            self._invalidate(changed)
            if not is_behind:
                return
            if self._settled(wanted):
                _log.info("page_published", event_id=str(event_id), revision=wanted.revision)
                return
        raise Retry(after_seconds=2)

    def publish_behind(self) -> None:
        """Publishes what a lost message or an outage left behind."""
        with self._database.read() as connection:
            event_ids = connection.execute(_BEHIND).scalars().all()
        for event_id in event_ids:
            self.publish(event_id)
        if event_ids:
            _log.warning("pages_were_behind", count=len(event_ids))

    def _wanted(self, event_id: UUID) -> tuple[Wanted | None, PublishedPage | None]:
        with self._database.transaction() as session:
            event = session.get(Event, event_id)
            before = session.get(PublishedPage, event_id)
        if event is None:
            return None, before
        organization = self._organization(event.org_id)
        body = None
        if event.guest_enabled:
            body = render(event, addresses=self._addresses, **organization)
        wanted = Wanted(
            event_id=event.id,
            revision=event.page_revision,
            code=event.guest_code,
            slug=event.guest_slug if slug_is_live(event) else None,
            body=body,
        )
        return wanted, before

    def _organization(self, org_id: UUID) -> dict[str, str]:
        try:
            found = self._organizations.get(org_id) or {}
        except Unavailable:
            # A page without the organisation's name is better than none; its message makes the page anew.
            found = {}
        return {"org_name": str(found.get("name", "")), "language": str(found.get("language", "en"))}

    def _put(self, wanted: Wanted) -> list[str]:
        names = [wanted.code, *([wanted.slug] if wanted.slug else [])]
        if wanted.body is None:
            return self._delete(names)
        for name in names:
            try:
                self._s3.put_object(
                    Bucket=self._bucket,
                    Key=f"g/{name}",
                    Body=wanted.body,
                    ContentType=_CONTENT_TYPE,
                    CacheControl=_CACHE_CONTROL,
                )
            except ClientError as error:
                raise Retry from error
        return names

    def _remove(self, slugs: list[str], event_id: UUID) -> list[str]:
        """Deletes addresses the event has given up, but for those another event has taken since."""
        if not slugs:
            return []
        with self._database.read() as connection:
            taken = connection.execute(
                text("SELECT guest_slug FROM events WHERE guest_slug = ANY(:slugs) AND id <> :id"),
                {"slugs": slugs, "id": event_id},
            ).scalars()
            kept = set(taken)
        return self._delete([slug for slug in slugs if slug not in kept])

    def _delete(self, names: list[str]) -> list[str]:
        for name in names:
            self._s3.delete_object(Bucket=self._bucket, Key=f"g/{name}")
        return names

    def _clear(self, event_id: UUID, names: list[str | None]) -> None:
        codes = [name for name in dict.fromkeys(names) if name and name.isupper()]
        slugs = [name for name in dict.fromkeys(names) if name and not name.isupper()]
        self._invalidate(self._delete(codes) + self._remove(slugs, event_id))
        with self._database.transaction() as session:
            session.execute(text("DELETE FROM published_pages WHERE event_id = :id"), {"id": event_id})

    def _settled(self, wanted: Wanted) -> bool:
        """Writes what was published, and says whether that is still what the event is."""
        statement = insert(PublishedPage).values(
            event_id=wanted.event_id,
            revision=wanted.revision,
            code=wanted.code,
            slug=wanted.slug,
            published_at=clock.now(),
        )
        statement = statement.on_conflict_do_update(
            index_elements=["event_id"],
            set_={name: statement.excluded[name] for name in ("revision", "slug", "published_at")},
        )
        with self._database.transaction() as session:
            session.execute(statement)
            current = _revision(session, wanted.event_id)
        return current == wanted.revision

    def _invalidate(self, names: list[str]) -> None:
        if self._distribution_id is None or not names:
            return
        paths = [f"/g/{name}" for name in names]
        self._clients.cloudfront.create_invalidation(
            DistributionId=self._distribution_id,
            InvalidationBatch={
                "Paths": {"Quantity": len(paths), "Items": paths},
                "CallerReference": str(new_id()),
            },
        )

    @property
    def _s3(self) -> "S3Client":
        return self._clients.s3


def organization_changed(session: Session, message: OrganizationChanged, context: Context) -> None:
    """Keeps the organisation, and has the pages that show another name or language made anew."""
    known = session.execute(
        text("SELECT name, language FROM organization_copies WHERE id = :id"), {"id": message.org_id}
    ).first()
    replication.organization_changed(session, message, context)
    if known is None or tuple(known) != (message.name, message.language):
        session.execute(_MAKE_ANEW, {"org_id": message.org_id})


def _keys(before: PublishedPage | None) -> list[str | None]:
    return [before.code, before.slug] if before else []


def _revision(session: Session, event_id: UUID) -> int | None:
    found: int | None = session.execute(
        text("SELECT page_revision FROM events WHERE id = :id"), {"id": event_id}
    ).scalar()
    return found
