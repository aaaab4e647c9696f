"""Presigned uploads: the browser sends straight to S3, within what was signed and nothing beside it."""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import orjson

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
    expires_at = issued_at + timedelta(seconds=lifetime_seconds)
    credentials, region = clients.credentials()
    date, day = issued_at.strftime("%Y%m%dT%H%M%SZ"), issued_at.strftime("%Y%m%d")
    scope = f"{day}/{region}/s3/aws4_request"
    fields = {
        "Content-Type": content_type,
        "success_action_status": "201",
        "key": key,
        "x-amz-algorithm": "AWS4-HMAC-SHA256",
        "x-amz-credential": f"{credentials.access_key}/{scope}",
        "x-amz-date": date,
    }
    if credentials.token:
        fields["x-amz-security-token"] = credentials.token
    conditions: list[Any] = [
        ["content-length-range", min_bytes, max_bytes],
        {"bucket": bucket},
        *(["eq", f"${name}", value] for name, value in fields.items()),
    ]
    expiration = expires_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    policy = base64.b64encode(orjson.dumps({"expiration": expiration, "conditions": conditions})).decode()
    signing_key = _signing_key(credentials.secret_key, day, region)
    fields["policy"] = policy
    fields["x-amz-signature"] = hmac.new(signing_key, policy.encode(), hashlib.sha256).hexdigest()
    url = clients.post_url(bucket, endpoint=public_endpoint)
    return Upload(method="POST", url=url, fields=fields, headers={}, expires_at=expires_at)


@lru_cache(maxsize=4)
def _signing_key(secret: str, day: str, region: str) -> bytes:
    """The key of a day. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html"""
    key = b"AWS4" + secret.encode()
    for part in (day, region, "s3", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


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
