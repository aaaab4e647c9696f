"""Reads objects of the private buckets as streams."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol
from urllib.parse import quote

import urllib3
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

_CHUNK_BYTES = 64 * 1024
_CONNECT_SECONDS, _READ_SECONDS = 2.0, 10.0
_PASSED_ON = (
    "Content-Type",
    "Content-Length",
    "Content-Encoding",
    "Content-Disposition",
    "Content-Range",
    "Cache-Control",
    "ETag",
    "Last-Modified",
)
_ANSWERS = frozenset({200, 206, 304, 404, 416})


class StorageDown(Exception):
    """The bucket cannot be read now."""


@dataclass(frozen=True)
class Found:
    """An answer of S3: 200, 206, 304, 404 or 416, headers for the reader, and the body as chunks."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    chunks: Iterable[bytes] = ()

    def without_body(self) -> "Found":
        """The same for a HEAD request; what was begun is ended."""
        close(self.chunks)
        return replace(self, chunks=())


def close(chunks: Iterable[bytes]) -> None:
    """Ends a stream before its end."""
    if isinstance(chunks, _Body):
        chunks.close()


class Storage(Protocol):
    """What the edge needs of S3."""

    def read(self, bucket: str, key: str, *, etag: str | None = None, span: str | None = None) -> Found:
        """The object, or 304 when it still is `etag`; `span` is a Range header."""


class S3Storage:
    """S3 at an endpoint, asked by signed requests; all of an SDK's client that is not needed here stays out."""

    def __init__(self, *, endpoint: str, region: str, access_key: str, secret_key: str) -> None:
        self._endpoint = endpoint.rstrip("/")
        self._signer = S3SigV4Auth(Credentials(access_key, secret_key), "s3", region)
        self._pool = urllib3.PoolManager(
            maxsize=16, timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS), retries=1
        )

    def read(self, bucket: str, key: str, *, etag: str | None = None, span: str | None = None) -> Found:
        """See `Storage.read`. Raises `StorageDown`."""
        given = {"If-None-Match": etag, "Range": span}
        request = AWSRequest(
            method="GET",
            url=f"{self._endpoint}/{bucket}/{quote(key)}",
            headers={name: value for name, value in given.items() if value},
        )
        self._signer.add_auth(request)
        try:
            answer = self._pool.request(
                "GET", str(request.url), headers=dict(request.headers), preload_content=False, decode_content=False
            )
        except urllib3.exceptions.HTTPError as error:
            raise StorageDown("S3 does not answer") from error
        if answer.status not in _ANSWERS:
            answer.release_conn()
            raise StorageDown(f"S3 answered {answer.status}")
        headers = {name: answer.headers[name] for name in _PASSED_ON if name in answer.headers}
        if answer.status in (200, 206):
            return Found(answer.status, headers, _Body(answer))
        answer.drain_conn()
        answer.release_conn()
        return Found(answer.status, {"ETag": etag} if answer.status == 304 and etag else {})


class _Body:
    """A body on its way. Read to the end, its connection serves the next; closed earlier, it goes."""

    def __init__(self, answer: urllib3.BaseHTTPResponse) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        return self._answer.stream(_CHUNK_BYTES, decode_content=False)

    def close(self) -> None:
        """Whether it was read or not; WSGI servers call it."""
        self._answer.close()
