"""The objects that handlers of this service reach with `part(EventsParts)`."""

from dataclasses import dataclass

from muster_events.config import EventsSettings
from muster_shared.aws.clients import Clients
from muster_shared.wiring import Wiring


@dataclass(frozen=True)
class EventsParts:
    """What one process of the service is made of. `clients` connects on first use, after the fork."""

    settings: EventsSettings
    wiring: Wiring
    clients: Clients
