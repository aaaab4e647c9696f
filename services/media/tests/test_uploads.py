"""Asking for uploads, and what storage takes with what was signed."""

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from muster_media.app import build_app
from muster_media.config import MediaSettings
from muster_media.limits import MAX_UPLOAD_BYTES
from muster_shared import clock
from muster_shared.ids import new_id
from muster_shared.testing.aws import AwsStandIn
from muster_shared.wiring import Wiring
from services.media.tests import images
from services.media.tests.conftest import NobodyKnows
from services.media.tests.support import Stage, at, make_facts

DATA = images.jpeg()


def test_upload_is_signed_for_one_object_when_a_member_asks(stage: Stage) -> None:
    answer = stage.ask(DATA)
    assert answer.status_code == 201
    upload = answer.json["upload"]
    assert answer.json["photo"]["status"] == "pending"
    assert upload["method"] == "POST"
    assert upload["fields"]["key"].startswith("quarantine/")
    assert "IMG" not in upload["fields"]["key"]
    policy = json.loads(base64.b64decode(upload["fields"]["policy"]))
    assert ["content-length-range", 1, len(DATA)] in policy["conditions"]
    left = at(answer.json["expires_at"]) - clock.now()
    assert timedelta(minutes=14) < left <= timedelta(minutes=15)
    assert stage.photo(answer.json["photo"]["id"])["url"] is None


def test_upload_goes_to_the_public_endpoint_when_one_is_set(
    make_media_settings: Callable[..., MediaSettings], wiring: Wiring, aws_stand_in: AwsStandIn, stage: Stage
) -> None:
    config = make_media_settings(s3_public_endpoint="http://localhost:8081")
    stage.client = build_app(config, wiring, clients=aws_stand_in.clients()).test_client()
    assert stage.ask(DATA).json["upload"]["url"].startswith("http://localhost:8081/")


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"size": 0}, "/size"),
        ({"size": MAX_UPLOAD_BYTES + 1}, "/size"),
        ({"size": "12"}, "/size"),
        ({"content_type": "image/svg+xml"}, "/content_type"),
        ({"content_type": "text/html"}, "/content_type"),
        ({"content_type": "image/jpeg\r\nX: y"}, "/content_type"),
        ({"filename": ""}, "/filename"),
        ({"filename": "a\nb.jpg"}, "/filename"),
        ({"filename": "x" * 256}, "/filename"),
        ({"sha256": "ABC"}, "/sha256"),
        ({"purpose": "avatar"}, "/purpose"),
        ({"method": "DELETE"}, "/method"),
        ({"event_id": "7"}, "/event_id"),
        ({"bucket": "other"}, "/bucket"),
    ],
)
def test_upload_is_refused_when_the_request_is_wrong(stage: Stage, change: dict[str, Any], pointer: str) -> None:
    answer = stage.ask(DATA, **change)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json["errors"]] == [pointer]
    assert stage.count("SELECT count(*) FROM photos") == 0


def test_upload_is_not_found_when_the_event_is_another_organisations(stage: Stage) -> None:
    strange = stage.ask(DATA, headers=stage.stranger)
    missing = stage.ask(DATA, event_id=str(new_id()))
    assert (strange.status_code, missing.status_code) == (404, 404)
    told = [{name: answer.json[name] for name in answer.json if name != "request_id"} for answer in (strange, missing)]
    assert told[0] == told[1]
    foreign_key = stage.key("media:write", org_id=new_id())
    assert stage.ask(DATA, headers=foreign_key).status_code == 404
    assert stage.ask(DATA, headers=stage.key("media:read")).status_code == 403
    assert stage.ask(DATA, headers=stage.key("media:write")).status_code == 201


def test_event_made_a_moment_ago_is_found_when_no_message_has_come_yet(stage: Stage, events: NobodyKnows) -> None:
    facts = make_facts(org_id=stage.org_id)
    events.answers[f"/internal/events/{facts.event_id}"] = {"event": facts.model_dump(mode="json")}
    assert stage.ask(DATA, event_id=str(facts.event_id)).status_code == 201
    assert stage.ask(DATA, event_id=str(facts.event_id)).status_code == 201
    assert len(events.asked) == 1


def test_same_answer_comes_when_the_key_is_sent_twice(stage: Stage) -> None:
    headers = {**stage.owner, "Idempotency-Key": "once"}
    first, second = stage.ask(DATA, headers=headers), stage.ask(DATA, headers=headers)
    assert first.json == second.json
    assert second.headers["Idempotency-Replayed"] == "true"
    assert stage.count("SELECT count(*) FROM photos") == 1
    assert stage.ask(DATA, headers=headers, size=5).status_code == 422


def test_receipt_rests_nowhere_in_clear_when_a_guest_was_given_one(stage: Stage) -> None:
    body = {"filename": "a.jpg", "content_type": "image/jpeg", "size": 5}
    answer = stage.client.post(f"{stage.guest}/uploads", json=body, headers={"Idempotency-Key": "k"})
    receipt = answer.json["receipt"]
    row = stage.row(answer.json["photo"]["id"])
    assert receipt not in repr(row)
    assert stage.count("SELECT count(*) FROM idempotency_keys WHERE position(:r in body) > 0", r=receipt.encode()) == 0
    assert stage.count("SELECT count(*) FROM idempotency_keys") == 1
