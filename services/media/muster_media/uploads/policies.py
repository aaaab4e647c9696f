"""Who may add which photo to an event, and how many."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from muster_media.config import MediaSettings
from muster_media.gatherings.queries import EventRecord
from muster_media.photos.models import UploaderType

# Where an event says nothing of its window.
_DEFAULT_CLOSE = timedelta(days=30)


@dataclass(frozen=True)
class Allowance:
    """How many photos and bytes may be counted under one subject."""

    kind: str
    subject: UUID
    photos: int
    bytes: int


def window(event: EventRecord) -> tuple[datetime | None, datetime]:
    """From when (None: from the start) until when guests may add photos."""
    return event.uploads_open_at, event.uploads_close_at or event.ends_at + _DEFAULT_CLOSE


def guests_may_add(event: EventRecord, *, at: datetime) -> bool:
    """Whether a guest may add photos at this moment."""
    opens_at, closes_at = window(event)
    return event.status != "cancelled" and (opens_at is None or opens_at <= at) and at < closes_at


def allowances(
    event: EventRecord, *, uploader_type: UploaderType, uploader_id: UUID | None, settings: MediaSettings
) -> list[Allowance]:
    """What an upload is counted under, in the one order in which the counters are always locked."""
    counted = [
        Allowance("event", event.event_id, settings.event_photo_limit, settings.event_byte_limit),
        Allowance("organization", event.org_id, settings.organization_photo_limit, settings.organization_byte_limit),
    ]
    if uploader_type is UploaderType.GUEST:
        counted.append(Allowance("guest_page", event.event_id, event.guest_quota, settings.guest_page_byte_limit))
    if uploader_type is UploaderType.CREW and uploader_id is not None:
        counted.append(
            Allowance("assignment", uploader_id, settings.assignment_photo_limit, settings.assignment_byte_limit)
        )
    return sorted(counted, key=lambda allowance: allowance.kind)
