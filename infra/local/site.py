"""Publishes the dashboard's build into the private site bucket, as a deployment does on AWS."""

import gzip
import hashlib
import mimetypes
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Types are fixed here: the system's own table differs from machine to machine.
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
    ".ico": "image/x-icon",
}
_COMPRESSED = frozenset({".html", ".js", ".css", ".json", ".svg", ".txt", ".webmanifest"})
_SMALLEST_COMPRESSED_BYTES = 512


def publish_site(s3: "S3Client", bucket: str, source: Path) -> int:
    """Uploads what is new or changed under `source`. Returns how many objects that was."""
    present = _digests(s3, bucket)
    sent = 0
    # Pages come after what they refer to, so that no reader finds a page whose script is not there yet.
    for path in sorted(source.rglob("*"), key=lambda path: (path.suffix == ".html", path)):
        if path.is_dir() or path.suffix == ".map" or path.name.startswith("."):
            continue
        key = path.relative_to(source).as_posix()
        body, encoding = _encoded(path)
        if present.get(key) == hashlib.md5(body, usedforsecurity=False).hexdigest():
            continue
        s3.put_object(
            Bucket=bucket,
            Key=key,
            Body=body,
            ContentType=content_type(path),
            CacheControl=cache_control(key),
            **({"ContentEncoding": encoding} if encoding else {}),  # type: ignore[arg-type]
        )
        sent += 1
    return sent


def _digests(s3: "S3Client", bucket: str) -> dict[str, str]:
    """Key to MD5 of what lies in the bucket, published pages aside (there may be many)."""
    found: dict[str, str] = {}
    for prefix in ("", "assets/", "pages/"):
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, Delimiter="/")
        for page in pages:
            found |= {item["Key"]: item["ETag"].strip('"') for item in page.get("Contents", [])}
    return found


def _encoded(path: Path) -> tuple[bytes, str]:
    body = path.read_bytes()
    if path.suffix not in _COMPRESSED or len(body) < _SMALLEST_COMPRESSED_BYTES:
        return body, ""
    return gzip.compress(body, mtime=0), "gzip"


def content_type(path: Path) -> str:
    """The Content-Type of a file, by its name."""
    known = _TYPES.get(path.suffix)
    return known or mimetypes.guess_type(path.name)[0] or "application/octet-stream"


def cache_control(key: str) -> str:
    """Names with a digest are kept for a year; pages are asked for anew; the rest for five minutes."""
    if key.startswith("assets/"):
        return "public, max-age=31536000, immutable"
    if key.endswith(".html"):
        return "no-cache"
    return "public, max-age=300"
