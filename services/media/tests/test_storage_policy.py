"""What the store takes with what was signed: the good upload is the control of each forged one."""

import base64
from datetime import timedelta
from typing import Any

import pytest

from muster_shared import clock
from muster_shared.aws.presign import presigned_post
from muster_shared.testing.aws import AwsStandIn
from services.media.tests import images
from services.media.tests.support import Floor, Stage

DATA = images.jpeg()


class TestStorage:
    """What the store takes: the good upload is the control of each forged one."""

    def test_upload_is_taken_when_it_is_what_was_signed(self, stage: Stage, floor: Floor) -> None:
        for method in ("POST", "PUT"):
            upload = stage.ask(DATA, method=method).json["upload"]
            assert floor.send(upload, DATA).status_code in {200, 201}
        assert floor.versions() == 2

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("key", "quarantine/other"),
            ("key", "index.html"),
            ("key", "quarantine/${filename}"),
            ("Content-Type", "text/html"),
            ("policy", base64.b64encode(b'{"expiration": "2099-01-01T00:00:00Z", "conditions": []}').decode()),
            ("x-amz-signature", "0" * 64),
            ("x-amz-credential", "someone/20260101/eu-west-1/s3/aws4_request"),
            ("acl", "public-read"),
            ("success_action_redirect", "https://example.org"),
        ],
    )
    def test_upload_is_refused_when_a_field_was_forged(
        self, stage: Stage, floor: Floor, field: str, value: str
    ) -> None:
        upload = stage.ask(DATA).json["upload"]
        upload["fields"][field] = value
        assert floor.send(upload, DATA).status_code in {400, 403}
        assert floor.versions() == 0

    @pytest.mark.parametrize("method", ["POST", "PUT"])
    def test_upload_is_refused_when_it_is_larger_than_signed(self, stage: Stage, floor: Floor, method: str) -> None:
        upload = stage.ask(DATA, method=method).json["upload"]
        assert floor.send(upload, DATA + b"x").status_code in {400, 403}
        assert floor.versions() == 0

    def test_upload_is_refused_when_it_is_empty(self, stage: Stage, floor: Floor) -> None:
        upload = stage.ask(DATA).json["upload"]
        assert floor.send(upload, b"").status_code == 400
        assert floor.versions() == 0

    def test_put_is_refused_when_the_type_is_another(self, stage: Stage, floor: Floor) -> None:
        upload = stage.ask(DATA, method="PUT").json["upload"]
        upload["headers"]["Content-Type"] = "text/html"
        assert floor.send(upload, DATA).status_code == 403
        assert floor.versions() == 0

    def test_upload_is_refused_when_it_comes_too_late(self, floor: Floor, aws_stand_in: AwsStandIn) -> None:
        def sign() -> dict[str, Any]:
            signed = presigned_post(
                aws_stand_in.clients(),
                bucket=floor.bucket_uploads,
                key="quarantine/late",
                content_type="image/jpeg",
                max_bytes=len(DATA),
            )
            return vars(signed)

        assert floor.send(sign(), DATA).status_code == 201
        with clock.frozen(clock.now() - timedelta(minutes=16)):
            late = sign()
        assert floor.send(late, DATA).status_code == 403
        assert floor.versions() == 1
