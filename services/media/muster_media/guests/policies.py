"""What guests may see, and when."""

from datetime import datetime

from muster_media.gatherings.queries import EventRecord
from muster_media.photos.models import Purpose


def gallery_is_open(event: EventRecord, *, at: datetime) -> bool:
    """Whether guests see each other's photos yet."""
    return event.reveal_at is None or event.reveal_at <= at


def shown_purposes(event: EventRecord) -> list[str]:
    """Which photos belong in a guest's gallery; of a job also those of the work itself."""
    if event.kind == "job":
        return [Purpose.PHOTO.value, Purpose.JOB_BEFORE.value, Purpose.JOB_AFTER.value]
    return [Purpose.PHOTO.value]
