"""Presigned uploads against a stand-in that enforces policies."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import requests

from muster_shared import clock
from muster_shared.aws.clients import Clients
from muster_shared.aws.presign import Upload, presigned_post, presigned_put
from muster_shared.testing.aws import AwsStandIn

KEY = "quarantine/5Jd8xQz"
JPEG = b"\xff\xd8\xff\xe0" + b"x" * 400


@pytest.fixture(scope="module")
def clients(aws_stand_in: AwsStandIn) -> Clients:
    return aws_stand_in.clients()


@pytest.fixture
def bucket(clients: Clients) -> str:
    name = f"uploads-{uuid4().hex[:12]}"
    clients.s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return name


def _post(clients: Clients, bucket: str, **options: Any) -> Upload:
    options = {"content_type": "image/jpeg", "max_bytes": 1000, **options}
    return presigned_post(clients, bucket=bucket, key=KEY, **options)


def _send(upload: Upload, body: bytes = JPEG, *, url: str | None = None, **changes: str) -> int:
    fields = {**upload.fields, **changes}
    answer = requests.post(url or upload.url, data=fields, files={"file": ("my holiday.jpg", body)}, timeout=10)
    return answer.status_code


def _keys(clients: Clients, bucket: str) -> list[str]:
    return [item["Key"] for item in clients.s3.list_objects_v2(Bucket=bucket).get("Contents", [])]


def test_an_upload_is_stored_when_it_is_what_was_signed(clients: Clients, bucket: str) -> None:
    assert _send(_post(clients, bucket)) == 201
    stored = clients.s3.get_object(Bucket=bucket, Key=KEY)
    assert (stored["Body"].read(), stored["ContentType"]) == (JPEG, "image/jpeg")


@pytest.mark.parametrize(
    "changes",
    [
        {"key": "quarantine/other"},
        {"key": "p/served/web.jpg"},
        {"Content-Type": "text/html"},
        {"Content-Type": "image/svg+xml"},
        {"success_action_status": "200"},
        {"x-amz-meta-owner": "me"},
        {"acl": "public-read"},
        {"policy": "e30="},
        {"x-amz-signature": "0" * 64},
        {"x-amz-date": "20200101T000000Z"},
    ],
)
def test_nothing_is_stored_when_a_field_is_changed_or_added(
    clients: Clients, bucket: str, changes: dict[str, str]
) -> None:
    assert 400 <= _send(_post(clients, bucket), **changes) < 500
    assert _keys(clients, bucket) == []


def test_nothing_is_stored_when_the_size_is_out_of_range(clients: Clients, bucket: str) -> None:
    upload = _post(clients, bucket, max_bytes=300, min_bytes=10)
    assert 400 <= _send(upload, b"x" * 301) < 500
    assert 400 <= _send(upload, b"x" * 9) < 500
    assert _keys(clients, bucket) == []
    assert _send(upload, b"x" * 300) == 201


def test_nothing_is_stored_when_it_goes_to_another_bucket(clients: Clients, bucket: str) -> None:
    other = f"{bucket}-other"
    clients.s3.create_bucket(Bucket=other, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    upload = _post(clients, bucket)
    assert 400 <= _send(upload, url=upload.url.replace(bucket, other)) < 500
    assert _keys(clients, other) == []


def test_nothing_is_stored_when_the_policy_has_expired(clients: Clients, bucket: str) -> None:
    with clock.frozen(datetime.now(UTC) - timedelta(minutes=16)):
        expired = _post(clients, bucket)
    assert 400 <= _send(expired) < 500
    assert _keys(clients, bucket) == []
    with clock.frozen(datetime.now(UTC) - timedelta(minutes=14)):
        still_good = _post(clients, bucket)
    assert _send(still_good) == 201


def test_the_url_is_the_public_endpoints_when_one_is_given(clients: Clients, bucket: str) -> None:
    upload = _post(clients, bucket, public_endpoint="http://localhost:8081")
    assert upload.url == f"http://localhost:8081/{bucket}"


@pytest.mark.parametrize("lifetime", [0, -1, 901])
def test_signing_is_refused_when_the_lifetime_is_not_up_to_fifteen_minutes(clients: Clients, lifetime: int) -> None:
    with pytest.raises(ValueError, match="lifetime"):
        _post(clients, "b", lifetime_seconds=lifetime)
    with pytest.raises(ValueError, match="lifetime"):
        presigned_put(clients, bucket="b", key=KEY, content_type="image/png", size_bytes=1, lifetime_seconds=lifetime)


@pytest.mark.parametrize("key", ["", "quarantine/${filename}"])
def test_signing_is_refused_when_the_key_is_not_exact(clients: Clients, key: str) -> None:
    with pytest.raises(ValueError, match="exact"):
        presigned_post(clients, bucket="b", key=key, content_type="image/png", max_bytes=1)


def test_expiry_is_said_as_it_was_signed(clients: Clients) -> None:
    at = datetime(2026, 5, 1, 12, tzinfo=UTC)
    with clock.frozen(at):
        assert _post(clients, "b", lifetime_seconds=600).expires_at == at + timedelta(minutes=10)


def test_a_put_is_stored_when_its_headers_are_what_was_signed(clients: Clients, bucket: str) -> None:
    upload = presigned_put(clients, bucket=bucket, key=KEY, content_type="image/jpeg", size_bytes=len(JPEG))
    assert requests.put(upload.url, data=JPEG, headers=upload.headers, timeout=10).status_code == 200
    assert _keys(clients, bucket) == [KEY]


@pytest.mark.parametrize(
    ("body", "content_type"), [(JPEG, "text/html"), (JPEG + b"x", "image/jpeg"), (JPEG[:-1], "image/jpeg")]
)
def test_a_put_is_refused_when_type_or_size_is_another(
    clients: Clients, bucket: str, body: bytes, content_type: str
) -> None:
    upload = presigned_put(clients, bucket=bucket, key=KEY, content_type="image/jpeg", size_bytes=len(JPEG))
    answer = requests.put(upload.url, data=body, headers={"Content-Type": content_type}, timeout=10)
    assert 400 <= answer.status_code < 500
    assert _keys(clients, bucket) == []
