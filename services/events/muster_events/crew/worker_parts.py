"""Crew's part of the events worker."""

from typing import Any

from muster_events.crew.use_cases.changes import tell_due
from muster_events.crew.use_cases.deliveries import delivery_changed, photo_changed
from muster_events.crew.use_cases.ladder import climb_due, remind_upcoming
from muster_shared.db import Database
from muster_shared.messages.media import PhotoChanged
from muster_shared.messages.notifications import DeliveryChanged
from muster_shared.messaging.envelope import Message
from muster_shared.messaging.spec import Job

_CHANGES_EVERY_SECONDS = 2
_LADDER_EVERY_SECONDS = 15
_REMINDERS_EVERY_SECONDS = 60


def handlers() -> dict[type[Message], Any]:
    """Message type -> handler. Photos interest others of this service too: see `worker.build_worker`."""
    return {DeliveryChanged: delivery_changed, PhotoChanged: photo_changed}


def jobs(database: Database) -> list[Job]:
    """Mails about changed details, the reply ladder, and the reminder before an event."""
    return [
        Job("crew_details_changed", _CHANGES_EVERY_SECONDS, lambda: _run(tell_due, database)),
        Job("crew_reply_ladder", _LADDER_EVERY_SECONDS, lambda: _run(climb_due, database)),
        Job("crew_upcoming", _REMINDERS_EVERY_SECONDS, lambda: _run(remind_upcoming, database)),
    ]


def _run(work: Any, database: Database) -> None:
    work(database)
