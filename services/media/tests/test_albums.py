"""Albums: built ahead, built anew, withdrawn; and the evidence pack."""

import hashlib
import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import pytest

from muster_media.albums import building
from muster_media.albums.models import AlbumKind
from muster_media.albums.use_cases import MAX_FAILURES
from muster_media.storage.objects import Bucket, Objects
from muster_shared import clock
from services.media.tests import images
from services.media.tests.support import Floor, Stage, make_facts, make_ready, sent

GPS = images.jpeg(800, 600, gps=True)


def build(stage: Stage, floor: Floor) -> None:
    """Builds all that is due or will be."""
    stage.execute("UPDATE albums SET build_after = now() WHERE build_after IS NOT NULL")
    while floor.worker.builder.build_next():
        pass


def unzip(floor: Floor, answer: dict[str, Any]) -> dict[str, bytes]:
    key = answer["url"].partition("?")[0].removeprefix("http://localhost:8081/")
    with zipfile.ZipFile(io.BytesIO(floor.read(key))) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def album(stage: Stage) -> dict[str, Any]:
    return dict(stage.client.get(f"{stage.guest}/album").json)


def test_album_is_there_when_a_guest_asks_and_photos_came_before(stage: Stage, floor: Floor) -> None:
    for number in range(3):
        sent(stage, floor, images.jpeg(200 + number, 100, gps=True))
    floor.drain()
    assert album(stage)["status"] == "building"
    build(stage, floor)
    answer = album(stage)
    assert (answer["status"], answer["photo_count"]) == ("ready", 3)
    files = unzip(floor, answer)
    assert len(files) == 3
    assert all(name.endswith("-2026-07-18-153000.jpg") for name in files)
    assert all(images.SECRET_MAKER.encode() not in data for data in files.values())
    assert answer["size"] == len(floor.read(floor.keys_under("z/")[0]))


def test_album_follows_when_photos_are_added(stage: Stage, floor: Floor) -> None:
    sent(stage, floor, images.jpeg())
    floor.drain()
    build(stage, floor)
    first = album(stage)
    sent(stage, floor, images.png())
    floor.drain()
    # The old one is good until the new one is there.
    assert album(stage)["photo_count"] == 1
    build(stage, floor)
    second = album(stage)
    assert second["photo_count"] == 2
    assert second["url"] != first["url"]
    floor.run_job("delete-unwanted")
    assert len(floor.keys_under("z/")) == 1


@pytest.mark.parametrize("how", ["hide", "delete", "report", "take_down"])
def test_album_is_withdrawn_when_a_photo_may_no_longer_be_given_away(stage: Stage, floor: Floor, how: str) -> None:
    asked = stage.ask_as_guest(GPS).json
    floor.send(asked["upload"], GPS)
    sent(stage, floor, images.png())
    floor.drain()
    stage.client.post(f"/api/media/albums/{stage.event.event_id}?evidence=true", headers=stage.owner)
    build(stage, floor)
    assert len(floor.keys_under("z/")) == 2
    path = f"/api/media/photos/{asked['photo']['id']}"
    {
        "hide": lambda: stage.client.patch(path, json={"hidden": True}, headers=stage.owner),
        "delete": lambda: stage.client.delete(path, headers=stage.owner),
        "report": lambda: stage.client.post(
            f"{stage.guest}/photos/{asked['photo']['id']}/report", json={"reason": "in_photo"}
        ),
        "take_down": lambda: stage.client.delete(f"{stage.guest}/photos/{asked['receipt']}"),
    }[how]()
    assert album(stage)["url"] is None
    floor.run_job("delete-unwanted")
    assert floor.keys_under("z/") == []
    build(stage, floor)
    assert album(stage)["photo_count"] == 1


def test_album_is_not_given_out_when_a_photo_was_hidden_while_it_was_built(
    stage: Stage, floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo_id = sent(stage, floor, GPS)
    sent(stage, floor, images.png())
    floor.drain()
    zip_of = building.zip_of

    def hide_meanwhile(*arguments: Any) -> Any:
        yield from zip_of(*arguments)
        monkeypatch.undo()
        stage.client.patch(f"/api/media/photos/{photo_id}", json={"hidden": True}, headers=stage.owner)

    monkeypatch.setattr(building, "zip_of", hide_meanwhile)
    stage.execute("UPDATE albums SET build_after = now()")
    assert floor.worker.builder.build_next()
    assert album(stage)["url"] is None
    build(stage, floor)
    answer = album(stage)
    assert answer["photo_count"] == 1
    floor.run_job("delete-unwanted")
    assert len(floor.keys_under("z/")) == 1


def test_no_album_is_built_when_there_is_nothing_to_put_in(stage: Stage, floor: Floor) -> None:
    path = f"/api/media/albums/{stage.event.event_id}"
    assert stage.client.post(path, headers=stage.owner).status_code == 409
    assert stage.client.get(path, headers=stage.owner).json["status"] == "none"
    assert album(stage)["status"] == "none"
    make_ready(stage, status="hidden", hidden_reason="operator")
    assert stage.client.post(path, headers=stage.owner).status_code == 202
    build(stage, floor)
    assert stage.client.get(path, headers=stage.owner).json["status"] == "none"


def test_evidence_holds_originals_and_their_hashes_when_asked_for(stage: Stage, floor: Floor) -> None:
    first = sent(stage, floor, GPS, purpose="job_before", filename="../../etc/passwd")
    second = sent(stage, floor, images.png(), purpose="job_after", filename="Müll.png")
    sent(stage, floor, images.jpeg(), purpose="banner")
    floor.drain()
    stage.client.patch(f"/api/media/photos/{second}", json={"hidden": True}, headers=stage.owner)
    path = f"/api/media/albums/{stage.event.event_id}?evidence=true"
    assert stage.client.get(path, headers=stage.owner).json["status"] == "none"
    assert stage.client.post(path, headers=stage.owner).json["status"] == "building"
    build(stage, floor)
    files = unzip(floor, stage.client.get(path, headers=stage.owner).json)

    manifest = json.loads(files.pop("manifest.json"))
    sums = files.pop("SHA256SUMS").decode()
    assert set(files.values()) == {GPS, images.png()}
    assert not any(".." in name or name.startswith("/") for name in files)
    assert {photo["photo_id"] for photo in manifest["photos"]} == {first, second}
    for photo in manifest["photos"]:
        digest = hashlib.sha256(files[photo["file"]]).hexdigest()
        assert photo["sha256"] == digest
        assert f"{digest}  {photo['file']}\n" in sums
        assert photo["received_at"].endswith("Z")
    captured = {photo["photo_id"]: photo["captured_at"] for photo in manifest["photos"]}
    assert captured == {first: "2026-07-18T15:30:00Z", second: None}


def test_evidence_is_not_made_when_an_original_is_no_longer_the_same(stage: Stage, floor: Floor) -> None:
    photo_id = sent(stage, floor, GPS)
    floor.drain()
    floor.clients.s3.put_object(
        Bucket=floor.bucket_media, Key=stage.row(photo_id).original_key, Body=images.jpeg(50, 50)
    )
    path = f"/api/media/albums/{stage.event.event_id}?evidence=true"
    stage.client.post(path, headers=stage.owner)
    for _ in range(MAX_FAILURES):
        build(stage, floor)
    assert stage.client.get(path, headers=stage.owner).json["status"] == "failed"
    assert floor.keys_under(f"z/{stage.event.event_id}") == [
        key for key in floor.keys_under("z/") if key in guest_albums(stage)
    ]


def guest_albums(stage: Stage) -> set[str]:
    with stage.database.read() as connection:
        rows = connection.exec_driver_sql("SELECT object_key FROM albums WHERE kind = 'guest'")
        return {row.object_key for row in rows}


def test_album_is_built_by_one_when_two_builders_are_at_it(stage: Stage, floor: Floor) -> None:
    from muster_media.albums import use_cases

    sent(stage, floor, GPS)
    floor.drain()
    stage.execute("UPDATE albums SET build_after = now()")
    with stage.database.transaction() as session:
        taken = use_cases.take_up(session)
    assert taken is not None
    assert taken.kind is AlbumKind.GUEST
    assert not floor.worker.builder.build_next()
    # The first one died: once its lease has run out, it is done by the next.
    stage.execute("UPDATE albums SET leased_until = now()")
    assert floor.worker.builder.build_next()
    assert album(stage)["status"] == "ready"
    with stage.database.transaction() as session:
        assert not use_cases.finish(session, taken, None)
    assert album(stage)["status"] == "ready"


def test_parts_are_bounded_when_the_album_is_large(stage: Stage, floor: Floor) -> None:
    sizes: list[int] = []
    upload_part = floor.clients.s3.upload_part

    class Client:
        def __getattr__(self, name: str) -> Any:
            return getattr(floor.clients.s3, name)

        def upload_part(self, **values: Any) -> Any:
            sizes.append(len(values["Body"]))
            return upload_part(**values)

    class Watched(Objects):
        @property
        def s3(self) -> Any:
            return Client()

    watched = Watched(clients=floor.clients, settings=floor.worker.config)
    chunk = b"x" * 250_000
    total = watched.put_stream("z/large", (chunk for _ in range(100)), content_type="x/y", disposition="attachment")
    assert total == 25_000_000
    assert len(floor.read("z/large")) == total
    assert sum(sizes) == total
    assert max(sizes) < 9 * 1024 * 1024
    assert all(size >= 5 * 1024 * 1024 for size in sizes[:-1])


def test_nothing_is_left_when_the_stream_breaks_off(stage: Stage, floor: Floor) -> None:
    def broken() -> Any:
        yield b"x" * 10_000_000
        raise building.ChangedObject

    with pytest.raises(building.ChangedObject):
        floor.objects.put_stream("z/broken", broken(), content_type="x/y", disposition="attachment")
    assert floor.keys(Bucket.MEDIA) == []
    uploads = floor.clients.s3.list_multipart_uploads(Bucket=floor.bucket_media)
    assert not uploads.get("Uploads")


def test_strangers_get_no_album_when_they_ask(stage: Stage, floor: Floor) -> None:
    make_ready(stage)
    path = f"/api/media/albums/{stage.event.event_id}?evidence=true"
    assert stage.client.post(path, headers=stage.stranger).status_code == 404
    assert stage.client.get(path, headers=stage.stranger).status_code == 404
    assert stage.client.post(path, headers=stage.key("media:read")).status_code == 403
    assert stage.client.get(path).status_code == 401
    assert stage.count("SELECT count(*) FROM albums") == 0


def test_album_of_another_page_stays_when_one_is_withdrawn(stage: Stage, floor: Floor) -> None:
    elsewhere = make_facts(org_id=stage.org_id)
    stage.keep(elsewhere)
    photo_id = sent(stage, floor, GPS)
    sent(stage, floor, GPS, event_id=str(elsewhere.event_id))
    floor.drain()
    build(stage, floor)
    stage.client.delete(f"/api/media/photos/{photo_id}", headers=stage.owner)
    assert stage.client.get(f"/api/media/guest/{elsewhere.guest_code}/album").json["status"] == "ready"
    with clock.frozen(clock.now() + timedelta(hours=1)):
        assert album(stage)["url"] is None
