"""What the routes reach for beside the database session."""

from dataclasses import dataclass

from muster_notifications.config import NotificationsSettings
from muster_shared.wiring import Wiring


@dataclass(frozen=True)
class NotificationsParts:
    """The service's own wiring."""

    settings: NotificationsSettings
    wiring: Wiring
