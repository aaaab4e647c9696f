"""What looks after uploads whose S3 event was lost, whose worker died, or which never came."""

import threading
from datetime import timedelta

from botocore.exceptions import BotoCoreError, ClientError
from sqlalchemy import Row, text
from sqlalchemy.exc import SQLAlchemyError

from muster_media.imaging.decoder import Decoder
from muster_media.imaging.errors import DecoderUnavailable
from muster_media.processing import use_cases
from muster_media.processing.pipeline import Pipeline
from muster_media.storage.objects import Objects
from muster_shared import clock
from muster_shared.db import Database
from muster_shared.logs import log

_log = log(__name__)
_BATCH = 50
_LONGEST_WAIT = timedelta(minutes=5)

# Each look moves the next one ahead, so that several reconcilers share the work and none is looked at in a row.
_DUE = text(
    """
    UPDATE photos SET checks = checks + 1,
      check_at = :now + least(:longest, interval '30 seconds' * 2 ^ least(checks, 8))
    WHERE id IN (SELECT id FROM photos WHERE status IN ('pending', 'processing') AND check_at <= :now
                 ORDER BY check_at LIMIT :limit FOR UPDATE SKIP LOCKED)
    RETURNING id, status, quarantine_key, expires_at
    """
)


class Reconciler:
    """Looks, in a loop, for photos that should have moved on and have not."""

    def __init__(
        self, *, database: Database, objects: Objects, pipeline: Pipeline, decoder: Decoder, every_seconds: float
    ) -> None:
        self._database = database
        self._objects = objects
        self._pipeline = pipeline
        self._decoder = decoder
        self._every_seconds = every_seconds

    def run(self, stop: threading.Event, _wake: threading.Event) -> None:
        """Until `stop`. What fails is looked at again when next due."""
        while not stop.wait(self._every_seconds):
            self._decoder.rest()
            try:
                while self.reconcile() == _BATCH and not stop.is_set():
                    pass
            except SQLAlchemyError as error:
                _log.warning("reconcile_failed", error=type(error).__name__)
        self._decoder.close()

    def reconcile(self) -> int:
        """Looks at a batch of what is due; returns how many that were."""
        with self._database.read() as connection:
            values = {"now": clock.now(), "longest": _LONGEST_WAIT, "limit": _BATCH}
            rows = connection.execute(_DUE, values).all()
        for row in rows:
            try:
                self._look_at(row)
            except (ClientError, BotoCoreError, DecoderUnavailable) as error:
                _log.warning("reconcile_postponed", photo_id=str(row.id), error=type(error).__name__)
        return len(rows)

    def _look_at(self, row: Row[tuple[object, ...]]) -> None:
        if self._objects.first_version(row.quarantine_key) is not None:
            _log.info("upload_found", photo_id=str(row.id))
            self._pipeline.process(row.quarantine_key)
        elif row.status == "pending" and clock.now() >= row.expires_at + use_cases.ARRIVAL_GRACE:
            with self._database.transaction() as session:
                use_cases.settle_rejected(session, photo=row, lease=None, reason=use_cases.NEVER_ARRIVED)
        elif row.status == "processing":
            with self._database.transaction() as session:
                use_cases.give_up_lost(session, photo_id=row.id)
