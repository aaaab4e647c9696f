"""The objects that handlers of this service reach with `part(EventsParts)`."""

from dataclasses import dataclass, field
from functools import cached_property

from muster_events.config import EventsSettings
from muster_events.events.public_reads import PublicReads
from muster_events.events.views import Addresses
from muster_shared.auth.memberships import Memberships
from muster_shared.aws.clients import Clients
from muster_shared.db import Database
from muster_shared.wiring import Wiring


@dataclass(frozen=True)
class EventsParts:
    """What one process of the service is made of. `clients` connects on first use, after the fork."""

    settings: EventsSettings
    wiring: Wiring
    clients: Clients
    reads: PublicReads = field(default_factory=PublicReads)

    @property
    def database(self) -> Database:
        """The service's database."""
        return self.wiring.database

    @property
    def memberships(self) -> Memberships:
        """Who belongs to what."""
        return self.wiring.memberships

    @cached_property
    def addresses(self) -> Addresses:
        """The addresses that answers hold."""
        return Addresses(public_origin=self.settings.public_origin, media_origin=self.settings.media_origin)
