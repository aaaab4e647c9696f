"""Quotas and limits: exact, whoever comes at once."""

import threading
from collections.abc import Callable

import pytest
from flask import Flask

from muster_media.app import build_app
from muster_media.config import MediaSettings
from muster_shared.ids import new_id
from muster_shared.testing.aws import AwsStandIn
from muster_shared.wiring import Wiring
from services.media.tests import images
from services.media.tests.support import Floor, Stage, ask_as_crew

DATA = images.jpeg()


class TestQuotas:
    """Counted exactly, whoever comes at once."""

    @pytest.mark.parametrize("scope", ["guest_page", "event", "organization", "assignment"])
    def test_exactly_the_quota_is_taken_when_fifty_ask_at_once(
        self,
        make_media_settings: Callable[..., MediaSettings],
        wiring: Wiring,
        aws_stand_in: AwsStandIn,
        stage: Stage,
        scope: str,
    ) -> None:
        limits = {} if scope == "guest_page" else {f"{scope}_photo_limit": 20}
        app = build_app(make_media_settings(**limits), wiring, clients=aws_stand_in.clients())
        stage.change_event(photos={"guest_quota": 20})
        assignment = str(new_id())
        gate, statuses, lock = threading.Barrier(50), [], threading.Lock()

        def ask(number: int) -> None:
            gate.wait()
            status = one_request(app, stage, scope=scope, assignment=assignment, number=number)
            with lock:
                statuses.append(status)

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(statuses) == [201] * 20 + [409] * 30
        assert stage.count("SELECT count(*) FROM photos") == 20
        assert stage.count("SELECT photos FROM usage WHERE kind = :kind", kind=scope) == 20
        # What was refused by one counter was counted by none.
        assert stage.count("SELECT max(photos) FROM usage") == 20
        assert stage.count("SELECT max(bytes) FROM usage") == 20 * 1000

    def test_upload_is_refused_when_the_bytes_would_be_too_many(
        self, make_media_settings: Callable[..., MediaSettings], wiring: Wiring, aws_stand_in: AwsStandIn, stage: Stage
    ) -> None:
        config = make_media_settings(event_byte_limit=2500)
        stage.client = build_app(config, wiring, clients=aws_stand_in.clients()).test_client()
        assert [stage.ask(b"x" * 1000).status_code for _ in range(3)] == [201, 201, 409]
        assert stage.ask(b"x" * 500).status_code == 201

    def test_room_is_given_back_when_a_photo_is_deleted_or_rejected(self, stage: Stage, floor: Floor) -> None:
        stage.change_event(photos={"guest_quota": 2})
        first = stage.ask_as_guest(DATA).json
        second = stage.ask_as_guest(images.HTML).json
        assert stage.ask_as_guest(DATA).status_code == 409
        assert stage.client.delete(f"{stage.guest}/photos/{first['receipt']}").status_code == 204
        floor.send(second["upload"], images.HTML)
        floor.drain()
        assert stage.row(second["photo"]["id"]).status == "rejected"
        assert stage.count("SELECT sum(photos) FROM usage") == 0
        assert stage.count("SELECT sum(bytes) FROM usage") == 0
        # A rejected one that is deleted is not given back twice.
        stage.client.delete(f"/api/media/photos/{second['photo']['id']}", headers=stage.owner)
        assert stage.count("SELECT sum(photos) FROM usage") == 0
        assert [stage.ask_as_guest(DATA).status_code for _ in range(3)] == [201, 201, 409]

    def test_guest_is_slowed_when_flooding(
        self, make_media_settings: Callable[..., MediaSettings], wiring: Wiring, aws_stand_in: AwsStandIn, stage: Stage
    ) -> None:
        config = make_media_settings(guest_uploads_per_minute=5)
        stage.client = build_app(config, wiring, clients=aws_stand_in.clients()).test_client()
        answers = [stage.ask_as_guest(DATA) for _ in range(6)]
        assert [answer.status_code for answer in answers] == [201] * 5 + [429]
        assert int(answers[-1].headers["Retry-After"]) >= 1


def one_request(app: Flask, stage: Stage, *, scope: str, assignment: str, number: int) -> int:
    client, body = app.test_client(), {"filename": "a.jpg", "content_type": "image/jpeg", "size": 1000}
    if scope == "guest_page":
        return client.post(f"{stage.guest}/uploads", json=body).status_code
    if scope == "assignment":
        return ask_as_crew(client, stage, assignment=assignment, request_key=str(number), **body).status_code
    body["event_id"] = str(stage.event.event_id)
    return client.post("/api/media/uploads", json=body, headers=stage.owner).status_code
