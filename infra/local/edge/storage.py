"""Reads objects of the private buckets as streams."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from muster_shared.aws.clients import Clients

_CHUNK_BYTES = 64 * 1024
_HEADERS = {
    "ContentType": "Content-Type",
    "CacheControl": "Cache-Control",
    "ContentEncoding": "Content-Encoding",
    "ContentDisposition": "Content-Disposition",
    "ContentRange": "Content-Range",
    "ETag": "ETag",
}


class StorageDown(Exception):
    """The bucket cannot be read now."""


@dataclass(frozen=True)
class Found:
    """An answer of S3: 200, 206, 304, 404 or 416, headers for the reader, and the body as chunks."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    chunks: Iterator[bytes] = field(default_factory=lambda: iter(()))


class Storage(Protocol):
    """What the edge needs of S3."""

    def read(self, bucket: str, key: str, *, etag: str | None = None, span: str | None = None) -> Found:
        """The object, or 304 when it still is `etag`; `span` is a Range header."""


class S3Storage:
    """The real one. Connects on first use, after the fork."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def read(self, bucket: str, key: str, *, etag: str | None = None, span: str | None = None) -> Found:
        """See `Storage.read`. Raises `StorageDown`."""
        wanted: dict[str, Any] = {"Bucket": bucket, "Key": key}
        if etag:
            wanted["IfNoneMatch"] = etag
        if span:
            wanted["Range"] = span
        try:
            answer = self._clients.s3.get_object(**wanted)
        except ClientError as error:
            status = int(error.response["ResponseMetadata"]["HTTPStatusCode"])
            if status in (304, 404, 416):
                return Found(status, {"ETag": etag} if status == 304 and etag else {})
            raise StorageDown(f"S3 answered {status}") from error
        except BotoCoreError as error:
            raise StorageDown("S3 does not answer") from error
        headers = {name: str(answer[source]) for source, name in _HEADERS.items() if answer.get(source)}  # type: ignore[literal-required]
        headers["Content-Length"] = str(answer["ContentLength"])
        headers["Last-Modified"] = answer["LastModified"].strftime("%a, %d %b %Y %H:%M:%S GMT")
        status = 206 if "Content-Range" in headers else 200
        return Found(status, headers, answer["Body"].iter_chunks(_CHUNK_BYTES))
