"""The worker of media: copies of events, uploads, albums, and cleaning up."""

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from muster_media.albums.building import AlbumBuilder
from muster_media.config import MediaSettings
from muster_media.gatherings.use_cases import event_changed
from muster_media.imaging.decoder import Decoder
from muster_media.processing.notices import arrived_keys
from muster_media.processing.pipeline import Pipeline
from muster_media.processing.reconciler import Reconciler
from muster_media.storage.objects import Objects
from muster_media.storage.use_cases import delete_all_unwanted
from muster_shared import settings
from muster_shared.auth import replication
from muster_shared.aws.clients import Clients
from muster_shared.db import Database
from muster_shared.messages.events import EventChanged
from muster_shared.messaging.inbox import Context
from muster_shared.web import idempotency, rate_limit
from muster_shared.wiring import Wiring, wire
from muster_shared.worker import Job, Loop, OutsideTransaction, RawQueue, WorkerSpec

# Two at a time: one waits for S3 while the other is decoded.
_UPLOADS_AT_ONCE = 2


class MediaWorker:
    """The worker's parts, put together once."""

    def __init__(self, config: MediaSettings, wiring: Wiring, clients: Clients) -> None:
        self.config = config
        self.database = database = wiring.database
        self.clients = clients
        self.objects = Objects(clients=clients, settings=config)
        self.decoder = Decoder(timeout_seconds=config.decode_timeout_seconds)
        self.pipeline = Pipeline(
            database=database, objects=self.objects, decoder=self.decoder, organizations=wiring.organizations
        )
        self.reconciler = Reconciler(
            database=database,
            objects=self.objects,
            pipeline=self.pipeline,
            decoder=self.decoder,
            every_seconds=config.reconcile_seconds,
        )
        self.builder = AlbumBuilder(database=database, objects=self.objects)

    def uploads_arrived(self, _database: Database, body: dict[str, Any], _context: Context) -> None:
        """S3 told of uploads."""
        for key in arrived_keys(body, bucket=self.config.bucket_uploads):
            self.pipeline.process(key)

    def spec(self) -> WorkerSpec:
        """What runs."""
        return WorkerSpec(
            service="media",
            database=self.database,
            settings=self.config,
            clients=self.clients,
            handlers={**replication.handlers(), EventChanged: event_changed},
            raw_queues={"media-uploads": RawQueue(OutsideTransaction(self.uploads_arrived), threads=_UPLOADS_AT_ONCE)},
            jobs=(
                Job("forget-old-answers", 600, self._in_transaction(idempotency.forget_old_answers)),
                Job("forget-rate-limits", 300, self._in_transaction(rate_limit.forget_full)),
                Job("forget-revocations", 600, self._in_transaction(replication.forget_old_revocations)),
                Job("delete-unwanted", 30, lambda: delete_all_unwanted(self.database, self.objects)),
            ),
            loops=(
                Loop("reconciler", self.reconciler.run),
                Loop("albums", self.builder.run, channel="albums"),
            ),
        )

    def _in_transaction(self, run: Callable[[Session], object]) -> Callable[[], None]:
        def job() -> None:
            with self.database.transaction() as session:
                run(session)

        return job


def build() -> WorkerSpec:
    """The worker as it runs, from the environment."""
    config = settings.load_or_exit(MediaSettings)
    return MediaWorker(config, wire(config, service="media", role="worker"), Clients()).spec()
