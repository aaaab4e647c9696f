"""One upload from quarantine to gallery. What talks to S3 or decodes happens between transactions."""

import secrets
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from botocore.exceptions import ClientError

from muster_media.imaging.decoder import Decoder, Rendered
from muster_media.imaging.errors import ImageRejected
from muster_media.imaging.structure import CONTENT_TYPES, EXTENSIONS
from muster_media.limits import MAX_UPLOAD_BYTES
from muster_media.photos.models import Purpose
from muster_media.photos.use_cases import attempt_prefixes
from muster_media.processing import use_cases
from muster_media.processing.use_cases import Finished, TakenUp
from muster_media.storage.objects import PUBLIC_CACHE, Bucket, Fetched, Objects, Stored, TooManyBytes, is_absent
from muster_media.storage.use_cases import delete_unwanted, note_unwanted
from muster_shared.auth.memberships import Organizations
from muster_shared.db import Database
from muster_shared.logs import log
from muster_shared.problems import Unavailable

_log = log(__name__)
_TOO_LARGE = "The file is too large: at most 25 MiB can be taken."
_OTHER_BYTES = "The file arrived damaged: it is not the one that was announced (its SHA-256 differs)."
_JPEG = "image/jpeg"
_LONGEST_OFFSET = timedelta(hours=15)


class Pipeline:
    """Processes uploads; may be called for the same one any number of times, from anywhere."""

    def __init__(self, *, database: Database, objects: Objects, decoder: Decoder, organizations: Organizations) -> None:
        self._database = database
        self._organizations = organizations
        self._objects = objects
        self._decoder = decoder

    def process(self, key: str) -> None:
        """Brings the upload of `key` to its end, if it is there and nobody else is at it.

        Raises what S3 or the database raises; the photo then waits for another attempt.
        """
        stored = self._objects.first_version(key)
        if stored is None:
            return
        with self._database.transaction() as session:
            taken = use_cases.take_up(session, key=key)
            if taken is None:
                use_cases.discard_if_settled(session, key=key)
        if taken is not None:
            self._attempt(taken, stored)
        delete_unwanted(self._database, self._objects)

    def _attempt(self, taken: TakenUp, stored: Stored) -> None:
        if taken.photo.attempts > use_cases.MAX_ATTEMPTS:
            self._reject(taken, use_cases.UNREADABLE)
            return
        try:
            with tempfile.TemporaryDirectory(prefix="muster-media-") as folder:
                finished = self._work(taken, stored, Path(folder))
        except ImageRejected as error:
            self._reject(taken, error.reason)
            return
        except BaseException:
            with self._database.transaction() as session:
                use_cases.put_back(session, taken)
            raise
        if finished is None:
            return
        moderated = self._moderates(taken.photo.org_id)
        with self._database.transaction() as session:
            if not use_cases.settle_ready(session, taken, finished, moderated=moderated):
                # Deleted meanwhile, or taken over: what this attempt stored is nobody's.
                note_unwanted(session, Bucket.MEDIA, attempt_prefixes(taken.photo.id, taken.lease))
                if finished.public_path:
                    note_unwanted(session, Bucket.SITE, [finished.public_path.removeprefix("/")])
        _log.info("photo_settled", photo_id=str(taken.photo.id))

    def _moderates(self, org_id: UUID) -> bool:
        """Whether the organisation looks at all that guests send; so it does while nobody can say."""
        try:
            found = self._organizations.get(org_id)
        except Unavailable:
            return True
        settings = found["settings"] if found else None
        return isinstance(settings, dict) and settings.get("moderate_photos") is True

    def _reject(self, taken: TakenUp, reason: str) -> None:
        with self._database.transaction() as session:
            use_cases.settle_rejected(session, photo=taken.photo, lease=taken.lease, reason=reason)
        _log.info("photo_rejected", photo_id=str(taken.photo.id))

    def _work(self, taken: TakenUp, stored: Stored, folder: Path) -> Finished | None:
        """Everything between taking up and settling; None when the upload is gone again."""
        original = folder / "original"
        try:
            fetched = self._objects.fetch(stored, original, max_bytes=MAX_UPLOAD_BYTES)
        except TooManyBytes:
            raise ImageRejected(_TOO_LARGE) from None
        except ClientError as error:
            if not is_absent(error):
                raise
            with self._database.transaction() as session:
                use_cases.put_back(session, taken)
            return None
        announced = taken.photo.announced_sha256
        if announced is not None and announced != fetched.sha256:
            raise ImageRejected(_OTHER_BYTES)
        rendered = self._decoder.render(original, folder)
        return self._store(taken, stored, fetched, rendered, folder)

    def _store(self, taken: TakenUp, stored: Stored, fetched: Fetched, rendered: Rendered, folder: Path) -> Finished:
        originals, served = attempt_prefixes(taken.photo.id, taken.lease)
        original_key = f"{originals}original.{EXTENSIONS[rendered.format]}"
        web_key, thumbnail_key = f"{served}web.jpg", f"{served}thumbnail.jpg"
        put = self._objects.put
        put(Bucket.MEDIA, original_key, folder / "original", content_type=CONTENT_TYPES[rendered.format])
        put(Bucket.MEDIA, web_key, folder / "web.jpg", content_type=_JPEG)
        put(Bucket.MEDIA, thumbnail_key, folder / "thumbnail.jpg", content_type=_JPEG)
        public_path = None
        if taken.photo.purpose == Purpose.BANNER:
            public_path = f"/banners/{secrets.token_hex(20)}.jpg"
            put(
                Bucket.SITE,
                public_path.removeprefix("/"),
                folder / "web.jpg",
                content_type=_JPEG,
                cache_control=PUBLIC_CACHE,
            )
        return Finished(
            width=rendered.width,
            height=rendered.height,
            size_bytes=fetched.size_bytes,
            sha256=fetched.sha256,
            original_key=original_key,
            web_key=web_key,
            thumbnail_key=thumbnail_key,
            public_path=public_path,
            taken_at=capture_time(rendered, zone=taken.zone),
            received_at=stored.stored_at,
        )


def capture_time(rendered: Rendered, *, zone: str) -> datetime | None:
    """When the photo was taken: by the camera's own offset, else as a clock in the event's zone shows."""
    local, offset = rendered.taken_local, rendered.taken_offset
    if local is None:
        return None
    if offset:
        try:
            aware = datetime.strptime(offset.strip("\x00 "), "%z")
        except ValueError:
            aware = None
        difference = aware.utcoffset() if aware else None
        if difference is not None and abs(difference) <= _LONGEST_OFFSET:
            return (local - difference).replace(tzinfo=UTC)
    try:
        return local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    except (OverflowError, ValueError, KeyError):
        return None
