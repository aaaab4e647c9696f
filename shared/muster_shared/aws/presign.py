"""Presigned uploads: the browser sends straight to S3, within what was signed and nothing beside it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from muster_shared import clock
from muster_shared.aws.clients import Clients

MAX_LIFETIME_SECONDS = 15 * 60


@dataclass(frozen=True)
class Upload:
    """How to upload: send `fields` and then the file to `url` (POST), or the bytes with `headers` (PUT)."""

    method: str
    url: str
    fields: dict[str, str]
    headers: dict[str, str]
    expires_at: datetime


def presigned_post(
    clients: Clients,
    *,
    bucket: str,
    key: str,
    content_type: str,
    max_bytes: int,
    min_bytes: int = 1,
    lifetime_seconds: int = MAX_LIFETIME_SECONDS,
    public_endpoint: str | None = None,
) -> Upload:
    """A POST policy for exactly this bucket, key and content type, and `min_bytes..max_bytes`.

    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
    """
    _check(key=key, lifetime_seconds=lifetime_seconds)
    if not 0 <= min_bytes <= max_bytes:
        raise ValueError("the length range is empty")
    issued_at = clock.now()
    conditions: list[Any] = [
        ["eq", "$key", key],
        ["eq", "$Content-Type", content_type],
        ["content-length-range", min_bytes, max_bytes],
        ["eq", "$success_action_status", "201"],
    ]
    signed = clients.s3_at(public_endpoint).generate_presigned_post(
        Bucket=bucket,
        Key=key,
        Fields={"Content-Type": content_type, "success_action_status": "201"},
        Conditions=conditions,
        ExpiresIn=lifetime_seconds,
    )
    return Upload(
        method="POST",
        url=signed["url"],
        fields=dict(signed["fields"]),
        headers={},
        expires_at=issued_at + timedelta(seconds=lifetime_seconds),
    )


def presigned_put(
    clients: Clients,
    *,
    bucket: str,
    key: str,
    content_type: str,
    size_bytes: int,
    lifetime_seconds: int = MAX_LIFETIME_SECONDS,
    public_endpoint: str | None = None,
) -> Upload:
    """A PUT of exactly `size_bytes` of this content type: both headers are part of the signature."""
    _check(key=key, lifetime_seconds=lifetime_seconds)
    issued_at = clock.now()
    url = clients.s3_at(public_endpoint).generate_presigned_url(
        "put_object",
        Params={"Bucket": bucket, "Key": key, "ContentType": content_type, "ContentLength": size_bytes},
        ExpiresIn=lifetime_seconds,
        HttpMethod="PUT",
    )
    return Upload(
        method="PUT",
        url=url,
        fields={},
        headers={"Content-Type": content_type, "Content-Length": str(size_bytes)},
        expires_at=issued_at + timedelta(seconds=lifetime_seconds),
    )


def _check(*, key: str, lifetime_seconds: int) -> None:
    if not 0 < lifetime_seconds <= MAX_LIFETIME_SECONDS:
        raise ValueError(f"the lifetime must be 1 to {MAX_LIFETIME_SECONDS} seconds")
    # `${filename}` in a key is filled in by the client: https://docs.aws.amazon.com/AmazonS3/latest/userguide/HTTPPOSTForms.html
    if not key or "${" in key:
        raise ValueError("the key must be exact")
