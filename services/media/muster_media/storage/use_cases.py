"""Deleting objects: noted in the transaction that ends their use, done after it, tried until it worked."""

from collections.abc import Iterable
from uuid import UUID

from botocore.exceptions import BotoCoreError, ClientError
from sqlalchemy import text
from sqlalchemy.orm import Session

from muster_media.storage.objects import Bucket, Objects
from muster_shared.db import Database
from muster_shared.ids import new_id
from muster_shared.logs import log

_log = log(__name__)
_BATCH = 50

_NOTE = text("INSERT INTO unwanted_objects (id, bucket, key) VALUES (:id, :bucket, :key)")
# Taking an object moves its next try ahead: a deleter that dies leaves it to the next.
_TAKE = text(
    """
    UPDATE unwanted_objects SET attempts = attempts + 1,
      not_before = clock_timestamp() + make_interval(secs => least(3600, 30 * 2 ^ least(attempts, 10)))
    WHERE id IN (SELECT id FROM unwanted_objects WHERE not_before <= clock_timestamp()
                 ORDER BY not_before LIMIT :limit FOR UPDATE SKIP LOCKED)
    RETURNING id, bucket, key
    """
)
_DONE = text("DELETE FROM unwanted_objects WHERE id = ANY(:ids)")


def note_unwanted(session: Session, bucket: Bucket, keys: Iterable[str | None]) -> None:
    """Notes objects (None is passed over) that are unwanted once this transaction commits."""
    rows = [{"id": new_id(), "bucket": bucket.value, "key": key} for key in keys if key]
    if rows:
        session.execute(_NOTE, rows)


def delete_unwanted(database: Database, objects: Objects) -> int:
    """Deletes what is noted, up to a batch; returns how many are gone. Call again while it returns any."""
    with database.read() as connection:
        rows = connection.execute(_TAKE, {"limit": _BATCH}).all()
    gone: list[UUID] = []
    for row in rows:
        try:
            objects.delete(Bucket(row.bucket), row.key)
        except (ClientError, BotoCoreError) as error:
            _log.warning("object_not_deleted", error=type(error).__name__)
        else:
            gone.append(row.id)
    if gone:
        with database.read() as connection:
            connection.execute(_DONE, {"ids": gone})
    return len(gone)


def delete_all_unwanted(database: Database, objects: Objects) -> None:
    """For the periodic job: goes on until nothing that is due can be deleted."""
    while delete_unwanted(database, objects):
        pass
