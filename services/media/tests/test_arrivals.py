"""What S3 tells of arrivals: doubled, reordered, lost, early, late; and workers that die."""

import hashlib
import random
from datetime import timedelta
from typing import Any

import pytest

from muster_media.imaging.errors import DecoderUnavailable
from muster_media.processing import use_cases
from muster_media.processing.notices import arrived_keys
from muster_media.processing.pipeline import Pipeline
from muster_media.storage.objects import Bucket
from muster_media.storage.use_cases import delete_unwanted
from muster_shared import clock
from services.media.tests import images
from services.media.tests.support import Floor, Stage, key_of, sent

DATA = images.jpeg(gps=True)


def record(key: str, *, event: str = "ObjectCreated:Post", bucket: str = "up") -> dict[str, Any]:
    return {"Records": [{"eventName": event, "s3": {"bucket": {"name": bucket}, "object": {"key": key}}}]}


class TestNotices:
    """Every event of S3's, and what is none."""

    @pytest.mark.parametrize(
        "body",
        [
            {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "up"},
            {},
            {"Records": None},
            {"Records": ["x", None, {}, {"eventName": "ObjectCreated:Put"}]},
            {"Records": [{"eventName": "ObjectCreated:Put", "s3": {"bucket": None, "object": {}}}]},
            {
                "Records": [
                    {
                        "eventName": "ObjectRemoved:Delete",
                        "s3": {"bucket": {"name": "up"}, "object": {"key": "quarantine/a"}},
                    }
                ]
            },
            {
                "Records": [
                    {
                        "eventName": "ObjectCreated:Put",
                        "s3": {"bucket": {"name": "no"}, "object": {"key": "quarantine/a"}},
                    }
                ]
            },
            {
                "Records": [
                    {
                        "eventName": "ObjectCreated:Put",
                        "s3": {"bucket": {"name": "up"}, "object": {"key": "index.html"}},
                    }
                ]
            },
        ],
    )
    def test_nothing_is_named_when_it_tells_of_no_arrival(self, body: dict[str, Any]) -> None:
        assert arrived_keys(body, bucket="up") == []

    def test_each_key_is_named_once_when_several_records_come(self) -> None:
        bodies = [record(key) for key in ("quarantine/a", "quarantine%2Fb", "quarantine/a")]
        body = {"Records": [each for body in bodies for each in body["Records"]]}
        assert arrived_keys(body, bucket="up") == ["quarantine/a", "quarantine/b"]


class TestEvents:
    """Doubled, reordered, lost, early, late."""

    def test_photo_is_settled_once_when_events_come_twice_and_shuffled(self, stage: Stage, floor: Floor) -> None:
        ids = [sent(stage, floor, images.jpeg(64 + n, 64)) for n in range(5)]
        bodies = floor.arrivals() * 2
        random.Random(7).shuffle(bodies)
        for body in bodies:
            floor.worker.uploads_arrived(stage.database, body, None)  # type: ignore[arg-type]  # not used
        assert {photo["status"] for photo in stage.photos()} == {"ready"}
        assert sorted(message["photo_id"] for message in stage.messages()) == sorted(ids)
        assert len(floor.keys(Bucket.MEDIA)) == 15
        assert floor.versions() == 0

    def test_nothing_happens_when_an_event_names_an_upload_that_nobody_asked_for(
        self, stage: Stage, floor: Floor
    ) -> None:
        floor.clients.s3.put_object(Bucket=floor.bucket_uploads, Key="quarantine/stray", Body=DATA)
        floor.drain()
        assert floor.versions() == 0
        assert stage.messages() == []

    def test_first_version_wins_when_another_is_sent_to_the_same_key(self, stage: Stage, floor: Floor) -> None:
        asked = stage.ask(DATA).json
        other = images.jpeg(100, 100)
        floor.send(asked["upload"], other)
        floor.send(asked["upload"], DATA)
        floor.drain()
        photo = stage.photo(asked["photo"]["id"])
        assert photo["sha256"] == hashlib.sha256(other).hexdigest()
        # Nor after it is settled.
        assert floor.send(asked["upload"], DATA).status_code == 201
        floor.drain()
        assert stage.photo(asked["photo"]["id"]) == photo
        assert floor.versions() == 0

    def test_photo_gets_ready_when_its_event_was_lost(self, stage: Stage, floor: Floor) -> None:
        photo_id = sent(stage, floor, DATA)
        floor.arrivals()
        assert floor.worker.reconciler.reconcile() == 0
        with clock.frozen(clock.now() + timedelta(seconds=61)):
            assert floor.worker.reconciler.reconcile() == 1
        assert stage.photo(photo_id)["status"] == "ready"

    def test_photo_is_rejected_when_it_never_came(self, stage: Stage, floor: Floor) -> None:
        photo_id = str(stage.ask(DATA).json["photo"]["id"])
        with clock.frozen(clock.now() + timedelta(minutes=2)):
            assert floor.worker.reconciler.reconcile() == 1
        assert stage.photo(photo_id)["status"] == "pending"
        with clock.frozen(clock.now() + timedelta(minutes=31)):
            assert floor.worker.reconciler.reconcile() == 1
        photo = stage.photo(photo_id)
        assert (photo["status"], photo["reason"]) == ("rejected", use_cases.NEVER_ARRIVED)
        assert stage.count("SELECT sum(photos) FROM usage") == 0

    def test_photo_is_taken_over_when_its_worker_died(self, stage: Stage, floor: Floor) -> None:
        photo_id = sent(stage, floor, DATA)
        with stage.database.transaction() as session:
            dead = use_cases.take_up(session, key=key_of(stage, photo_id))
        assert dead is not None
        left_behind = f"p/{photo_id}/{dead.lease.hex}/web.jpg"
        floor.clients.s3.put_object(Bucket=floor.bucket_media, Key=left_behind, Body=b"x")
        floor.drain()
        assert stage.photo(photo_id)["status"] == "processing"
        with clock.frozen(clock.now() + use_cases.LEASE + timedelta(seconds=1)):
            assert floor.worker.reconciler.reconcile() == 1
        assert stage.photo(photo_id)["status"] == "ready"
        assert left_behind not in floor.keys(Bucket.MEDIA)
        # The dead one comes back to life: too late.
        with stage.database.transaction() as session:
            finished = use_cases.Finished(1, 1, 1, "0" * 64, "o/x", "p/x", "p/y", None, None, clock.now())
            assert not use_cases.settle_ready(session, dead, finished)
            assert not use_cases.settle_rejected(session, photo=dead.photo, lease=dead.lease, reason="x")
        assert len(stage.messages()) == 1

    def test_photo_is_rejected_when_every_attempt_dies(self, stage: Stage, floor: Floor) -> None:
        photo_id, now = sent(stage, floor, DATA), clock.now()
        floor.arrivals()
        for attempt in range(use_cases.MAX_ATTEMPTS):
            with clock.frozen(now + attempt * 2 * use_cases.LEASE), stage.database.transaction() as session:
                assert use_cases.take_up(session, key=key_of(stage, photo_id)) is not None
        with clock.frozen(now + 10 * use_cases.LEASE):
            floor.worker.reconciler.reconcile()
        assert stage.photo(photo_id)["reason"] == use_cases.UNREADABLE

    def test_photo_waits_for_another_attempt_when_storage_fails(
        self, stage: Stage, floor: Floor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        photo_id = sent(stage, floor, DATA)
        calls = []

        def refuse(*_: object, **__: object) -> None:
            calls.append(1)
            raise DecoderUnavailable

        monkeypatch.setattr(floor.objects, "put", refuse)
        with pytest.raises(DecoderUnavailable):
            floor.drain()
        assert calls
        assert stage.photo(photo_id)["status"] == "pending"
        monkeypatch.undo()
        floor.worker.pipeline.process(key_of(stage, photo_id))
        assert stage.photo(photo_id)["status"] == "ready"

    def test_nothing_is_left_when_the_photo_is_deleted_while_it_is_worked_on(
        self, stage: Stage, floor: Floor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        photo_id = sent(stage, floor, DATA)
        work = Pipeline._work

        def delete_meanwhile(self: Pipeline, *arguments: Any) -> Any:
            done = work(self, *arguments)
            assert stage.client.delete(f"/api/media/photos/{photo_id}", headers=stage.owner).status_code == 204
            return done

        monkeypatch.setattr(Pipeline, "_work", delete_meanwhile)
        floor.drain()
        while delete_unwanted(stage.database, floor.objects):
            pass
        assert stage.photos() == []
        assert (floor.keys(Bucket.MEDIA), floor.versions()) == ([], 0)
        assert [message["status"] for message in stage.messages()] == ["deleted"]
