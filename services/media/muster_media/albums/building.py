"""Builds albums one after the other: objects in, a ZIP out, a part in memory at a time."""

import hashlib
import threading
from collections.abc import Iterator

from botocore.exceptions import BotoCoreError, ClientError
from sqlalchemy.exc import SQLAlchemyError
from zipstream import ZIP_STORED, ZipStream  # type: ignore[import-untyped]  # ships no types

from muster_media.albums import use_cases
from muster_media.albums.contents import Contents, Entry, contents_of
from muster_media.albums.use_cases import Built, TakenUp
from muster_media.storage.objects import Objects
from muster_media.storage.use_cases import delete_unwanted
from muster_shared.db import Database
from muster_shared.logs import log

_log = log(__name__)
_WAIT_SECONDS = 5.0


class ChangedObject(Exception):
    """An original is no longer the one whose hash was noted."""


class AlbumBuilder:
    """Takes up what is due, in a loop."""

    def __init__(self, *, database: Database, objects: Objects) -> None:
        self._database = database
        self._objects = objects

    def run(self, stop: threading.Event, wake: threading.Event) -> None:
        """Until `stop`."""
        while not stop.is_set():
            wake.clear()
            try:
                while not stop.is_set() and self.build_next():
                    pass
            except SQLAlchemyError as error:
                _log.warning("albums_not_read", error=type(error).__name__)
            wake.wait(_WAIT_SECONDS)

    def build_next(self) -> bool:
        """Builds the album that has waited longest; False when none is due."""
        with self._database.transaction() as session:
            taken = use_cases.take_up(session)
        if taken is None:
            return False
        try:
            built = self._build(taken)
        except (ClientError, BotoCoreError, ChangedObject) as error:
            _log.warning("album_failed", event_id=str(taken.event_id), error=type(error).__name__)
            with self._database.transaction() as session:
                use_cases.give_back(session, taken, failed=True)
            return True
        with self._database.transaction() as session:
            use_cases.finish(session, taken, built)
        delete_unwanted(self._database, self._objects)
        _log.info("album_built", event_id=str(taken.event_id), photos=built.photo_count if built else 0)
        return True

    def _build(self, taken: TakenUp) -> Built | None:
        contents = contents_of(self._database, event_id=taken.event_id, kind=taken.kind)
        if not contents.entries:
            return None
        size = self._objects.put_stream(
            taken.key,
            zip_of(self._objects, contents),
            content_type="application/zip",
            disposition='attachment; filename="photos.zip"',
        )
        return Built(photo_count=len(contents.entries), size_bytes=size)


def zip_of(objects: Objects, contents: Contents) -> Iterator[bytes]:
    """The ZIP's bytes. Photos are stored as they are: they do not get smaller. Raises `ChangedObject`."""
    archive = ZipStream(compress_type=ZIP_STORED)
    for name, document in contents.documents.items():
        archive.add(document, name)
    for entry in contents.entries:
        archive.add(_checked(objects, entry), entry.name)
    yield from archive


def _checked(objects: Objects, entry: Entry) -> Iterator[bytes]:
    digest = hashlib.sha256()
    for chunk in objects.chunks(entry.key):
        digest.update(chunk)
        yield chunk
    if entry.sha256 is not None and digest.hexdigest() != entry.sha256:
        raise ChangedObject(entry.name)
