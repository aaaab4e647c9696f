"""The three buckets as media uses them. Nothing in here is called inside a transaction."""

import contextlib
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from muster_media.config import MediaSettings
from muster_shared.aws.clients import Clients

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

_CHUNK_BYTES = 256 * 1024
_PART_BYTES = 8 * 1024 * 1024
PRIVATE_CACHE = "private, max-age=31536000, immutable"
PUBLIC_CACHE = "public, max-age=31536000, immutable"


class Bucket(StrEnum):
    """Which of the buckets; the names are settings."""

    UPLOADS = "uploads"
    MEDIA = "media"
    SITE = "site"


class TooManyBytes(Exception):
    """The object is larger than may be fetched."""


@dataclass(frozen=True)
class Stored:
    """One version of an object in quarantine."""

    key: str
    version_id: str | None
    size_bytes: int
    stored_at: datetime


@dataclass(frozen=True)
class Fetched:
    """What was read of an object."""

    size_bytes: int
    sha256: str


class Objects:
    """S3, by bucket and key."""

    def __init__(self, *, clients: Clients, settings: MediaSettings) -> None:
        self._clients = clients
        self._names = {
            Bucket.UPLOADS: settings.bucket_uploads,
            Bucket.MEDIA: settings.bucket_media,
            Bucket.SITE: settings.bucket_site,
        }

    @property
    def s3(self) -> "S3Client":
        """The client, for what this class does not cover."""
        return self._clients.s3

    def name(self, bucket: Bucket) -> str:
        """The bucket's name."""
        return self._names[bucket]

    def first_version(self, key: str) -> Stored | None:
        """The oldest version of an upload, however many came after it; None when there is none.

        https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html gives the newest first.
        """
        pages = self.s3.get_paginator("list_object_versions").paginate(Bucket=self._names[Bucket.UPLOADS], Prefix=key)
        versions = [v for page in pages for v in page.get("Versions", []) if v["Key"] == key]
        if not versions:
            return None
        oldest = versions[-1]
        version_id = oldest.get("VersionId")
        return Stored(
            key=key,
            version_id=None if version_id in (None, "null") else version_id,
            size_bytes=oldest["Size"],
            stored_at=oldest["LastModified"],
        )

    def fetch(self, stored: Stored, target: Path, *, max_bytes: int) -> Fetched:
        """Writes an upload to `target`. Raises `TooManyBytes` after at most `max_bytes`, or what S3 raises."""
        version = {"VersionId": stored.version_id} if stored.version_id else {}
        answer = self.s3.get_object(Bucket=self._names[Bucket.UPLOADS], Key=stored.key, **version)  # type: ignore[arg-type]
        digest, size = hashlib.sha256(), 0
        with contextlib.closing(answer["Body"]) as body, target.open("wb") as file:
            for chunk in body.iter_chunks(_CHUNK_BYTES):
                size += len(chunk)
                if size > max_bytes:
                    raise TooManyBytes
                digest.update(chunk)
                file.write(chunk)
        return Fetched(size_bytes=size, sha256=digest.hexdigest())

    def put(
        self, bucket: Bucket, key: str, source: Path, *, content_type: str, cache_control: str = PRIVATE_CACHE
    ) -> None:
        """Stores a file."""
        with source.open("rb") as file:
            self.s3.put_object(
                Bucket=self._names[bucket],
                Key=key,
                Body=file,
                ContentType=content_type,
                CacheControl=cache_control,
                ContentLength=source.stat().st_size,
            )

    def put_stream(self, key: str, chunks: Iterable[bytes], *, content_type: str, disposition: str) -> int:
        """Stores a stream of unknown length in the media bucket, a part in memory at a time; gives its size.

        What was sent is taken back when the stream or S3 fails.
        """
        name, size = self._names[Bucket.MEDIA], 0
        upload = self.s3.create_multipart_upload(
            Bucket=name,
            Key=key,
            ContentType=content_type,
            ContentDisposition=disposition,
            CacheControl=PRIVATE_CACHE,
        )["UploadId"]
        try:
            parts: list[CompletedPartTypeDef] = []
            for number, part in enumerate(_in_parts(chunks), 1):
                answer = self.s3.upload_part(Bucket=name, Key=key, UploadId=upload, PartNumber=number, Body=part)
                parts.append({"PartNumber": number, "ETag": answer["ETag"]})
                size += len(part)
            self.s3.complete_multipart_upload(Bucket=name, Key=key, UploadId=upload, MultipartUpload={"Parts": parts})
        except BaseException:
            self.s3.abort_multipart_upload(Bucket=name, Key=key, UploadId=upload)
            raise
        return size

    def chunks(self, key: str) -> Iterator[bytes]:
        """An object of the media bucket, piece by piece."""
        answer = self.s3.get_object(Bucket=self._names[Bucket.MEDIA], Key=key)
        with contextlib.closing(answer["Body"]) as body:
            yield from body.iter_chunks(_CHUNK_BYTES)

    def delete(self, bucket: Bucket, key: str) -> None:
        """Deletes an object, or all under a key that ends in `/`; of an upload every version. No-op when absent."""
        if bucket is Bucket.UPLOADS:
            self._delete_versions(key)
        elif key.endswith("/"):
            pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self._names[bucket], Prefix=key)
            for page in pages:
                for found in page.get("Contents", []):
                    self.s3.delete_object(Bucket=self._names[bucket], Key=found["Key"])
        else:
            self.s3.delete_object(Bucket=self._names[bucket], Key=key)

    def _delete_versions(self, key: str) -> None:
        name = self._names[Bucket.UPLOADS]
        for page in self.s3.get_paginator("list_object_versions").paginate(Bucket=name, Prefix=key):
            for found in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
                if found["Key"] == key:
                    self.s3.delete_object(Bucket=name, Key=key, VersionId=found["VersionId"])


def _in_parts(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Regrouped to the least that S3 takes as a part, and above."""
    gathered = bytearray()
    for chunk in chunks:
        gathered += chunk
        if len(gathered) >= _PART_BYTES:
            yield bytes(gathered)
            gathered.clear()
    if gathered:
        yield bytes(gathered)


def is_absent(error: ClientError) -> bool:
    """Whether S3 says that there is no such object."""
    return error.response.get("Error", {}).get("Code") in {"NoSuchKey", "NoSuchVersion", "404"}
