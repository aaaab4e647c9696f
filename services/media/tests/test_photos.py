"""Photos as members and integrations see and change them."""

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import Engine
from sqlalchemy import event as sqlalchemy_event

from muster_media.storage.objects import Bucket
from muster_shared import clock
from muster_shared.aws.cloudfront import Refused, verify
from muster_shared.ids import new_id
from services.media.tests import images
from services.media.tests.support import Floor, Stage, at, make_ready, sent

DATA = images.jpeg()
ORIGIN = "http://localhost:8081"


def test_pages_hold_every_photo_once_when_more_come_meanwhile(stage: Stage) -> None:
    ids = [make_ready(stage) for _ in range(7)]
    path = f"/api/media/photos?event_id={stage.event.event_id}&limit=3"
    found, cursor = [], ""
    while cursor is not None:
        answer = stage.client.get(path + (f"&cursor={cursor}" if cursor else ""), headers=stage.owner).json
        found += [item["id"] for item in answer["items"]]
        cursor = answer["next_cursor"]
        make_ready(stage)
    assert found == ids[::-1]


@pytest.mark.parametrize("cursor", ["x", "AAAA", "%00", "a" * 600])
def test_page_is_refused_when_the_cursor_is_not_ours(stage: Stage, cursor: str) -> None:
    path = f"/api/media/photos?event_id={stage.event.event_id}&cursor={cursor}"
    assert stage.client.get(path, headers=stage.owner).status_code == 422


def test_page_is_refused_when_the_cursor_is_of_another_list(stage: Stage) -> None:
    for _ in range(2):
        make_ready(stage)
    cursor = stage.client.get(f"{stage.guest}/photos?limit=1").json["next_cursor"]
    path = f"/api/media/photos?event_id={stage.event.event_id}"
    assert stage.client.get(f"{path}&cursor={cursor}", headers=stage.owner).status_code == 422
    assert stage.client.get(f"{stage.guest}/photos?cursor={cursor}").status_code == 200


def test_list_takes_a_fixed_number_of_queries_when_it_is_long(stage: Stage) -> None:
    counts = []
    for _ in range(2):
        for _ in range(10):
            make_ready(stage)
        statements: list[str] = []

        def note(_c: object, _cu: object, statement: str, *_: object) -> None:
            statements.append(statement)  # noqa: B023  # taken off before the next round

        stage.photos()
        sqlalchemy_event.listen(Engine, "before_cursor_execute", note)
        stage.photos()
        sqlalchemy_event.remove(Engine, "before_cursor_execute", note)
        counts.append(len(statements))
    assert 1 <= counts[0] == counts[1] <= 4


def test_strangers_learn_nothing_when_they_ask_for_photos(stage: Stage) -> None:
    photo_id = make_ready(stage)
    event_id, path = stage.event.event_id, f"/api/media/photos/{photo_id}"
    for headers in (stage.stranger, stage.key("media:read", "media:write", org_id=new_id())):
        assert stage.client.get(f"/api/media/photos?event_id={event_id}", headers=headers).status_code == 404
        answers = [
            stage.client.get(path, headers=headers),
            stage.client.patch(path, json={"hidden": True}, headers=headers),
            stage.client.delete(path, headers=headers),
            stage.client.get(f"/api/media/photos/{new_id()}", headers=headers),
        ]
        assert {answer.status_code for answer in answers} == {404}
        assert len({answer.json["type"] for answer in answers}) == 1
    assert stage.client.get(path).status_code == 401
    reader = stage.key("media:read")
    assert stage.client.get(path, headers=reader).status_code == 200
    assert stage.client.patch(path, json={"hidden": True}, headers=reader).status_code == 403
    assert stage.client.delete(path, headers=reader).status_code == 403
    assert stage.photo(photo_id)["status"] == "ready"


def test_manager_may_do_what_the_owner_may_when_it_is_about_photos(stage: Stage) -> None:
    photo_id, headers = make_ready(stage), stage.issuer.headers(stage.bob)
    path = f"/api/media/photos/{photo_id}"
    assert stage.client.patch(path, json={"hidden": True}, headers=headers).json["status"] == "hidden"
    assert stage.client.delete(path, headers=headers).status_code == 204


def test_addresses_are_signed_and_expire_when_photos_are_listed(
    stage: Stage, floor: Floor, cdn_key: ec.EllipticCurvePrivateKey
) -> None:
    sent(stage, floor, DATA)
    floor.drain()
    (photo,) = stage.photos()
    keys = {"KTEST": cdn_key.public_key()}
    expires_at = at(photo["urls_expire_at"])
    assert clock.now() + timedelta(minutes=10) < expires_at <= clock.now() + timedelta(minutes=15)
    for name in ("url", "thumbnail_url"):
        target = photo[name].removeprefix(ORIGIN)
        path = verify(target, origin=ORIGIN, keys=keys)
        assert path.removeprefix("/") in floor.keys(Bucket.MEDIA)
        with pytest.raises(Refused):
            verify(target, origin=ORIGIN, keys=keys, now=expires_at + timedelta(seconds=1))
        for forged in (target.replace("/p/", "/o/"), target[:-1], path, target.replace("web", "thumbnail") + "x"):
            with pytest.raises(Refused):
                verify(forged, origin=ORIGIN, keys=keys)
    # The same address for a while, so that caches are of use.
    assert stage.photos() == [photo]


class TestChanges:
    """Hiding, showing, captions, deleting."""

    def test_photo_leaves_the_gallery_and_comes_back_when_hidden_and_shown(self, stage: Stage) -> None:
        photo_id = make_ready(stage)
        path = f"/api/media/photos/{photo_id}"
        hidden = stage.client.patch(path, json={"hidden": True}, headers=stage.owner)
        assert (hidden.json["status"], hidden.json["hidden_reason"]) == ("hidden", "operator")
        assert stage.gallery() == []
        assert [photo["status"] for photo in stage.photos()] == ["hidden"]
        assert stage.client.patch(path, json={"hidden": True}, headers=stage.owner).status_code == 200
        shown = stage.client.patch(path, json={"hidden": False}, headers=stage.owner)
        assert shown.json["status"] == "ready"
        assert len(stage.gallery()) == 1
        told = [(message["status"], message["version"]) for message in stage.messages()]
        assert [status for status, _ in told] == ["hidden", "ready"]
        assert told[0][1] < told[1][1]

    def test_caption_is_kept_when_only_hidden_is_changed(self, stage: Stage) -> None:
        path = f"/api/media/photos/{make_ready(stage)}"
        assert stage.client.patch(path, json={"caption": "At sea"}, headers=stage.owner).json["caption"] == "At sea"
        assert stage.gallery()[0]["caption"] == "At sea"
        assert stage.client.patch(path, json={"hidden": False}, headers=stage.owner).json["caption"] == "At sea"
        assert stage.client.patch(path, json={"caption": None}, headers=stage.owner).json["caption"] is None

    def test_change_is_refused_when_the_photo_is_not_ready(self, stage: Stage) -> None:
        path = f"/api/media/photos/{stage.ask(DATA).json['photo']['id']}"
        for hidden in (True, False):
            assert stage.client.patch(path, json={"hidden": hidden}, headers=stage.owner).status_code == 409

    @pytest.mark.parametrize(
        "body", [{"hidden": "yes"}, {"caption": "x" * 501}, {"caption": "a\u0007"}, {"status": "ready"}]
    )
    def test_change_is_refused_when_it_is_wrong(self, stage: Stage, body: dict[str, object]) -> None:
        path = f"/api/media/photos/{make_ready(stage)}"
        assert stage.client.patch(path, json=body, headers=stage.owner).status_code == 422

    def test_every_object_is_gone_when_a_photo_was_deleted(self, stage: Stage, floor: Floor) -> None:
        photo_id = sent(stage, floor, DATA, purpose="banner")
        floor.drain()
        assert len(floor.keys(Bucket.MEDIA)) == 3
        assert len(floor.keys(Bucket.SITE)) == 1
        path = f"/api/media/photos/{photo_id}"
        assert stage.client.delete(path, headers=stage.owner).status_code == 204
        assert stage.client.delete(path, headers=stage.owner).status_code == 404
        assert stage.client.get(path, headers=stage.owner).status_code == 404
        floor.run_job("delete-unwanted")
        assert floor.keys(Bucket.MEDIA) == floor.keys(Bucket.SITE) == []
        assert stage.messages()[-1]["status"] == "deleted"
        assert stage.count("SELECT count(*) FROM unwanted_objects") == 0
        row = stage.row(photo_id)
        assert (row.name, row.uploader_name) == ("", None)

    def test_object_is_deleted_later_when_storage_was_away(
        self, stage: Stage, floor: Floor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from botocore.exceptions import EndpointConnectionError

        photo_id = sent(stage, floor, DATA)
        floor.drain()
        stage.client.delete(f"/api/media/photos/{photo_id}", headers=stage.owner)

        def refuse(*_: object) -> None:
            raise EndpointConnectionError(endpoint_url="http://s3")

        monkeypatch.setattr(floor.objects, "delete", refuse)
        floor.run_job("delete-unwanted")
        assert len(floor.keys(Bucket.MEDIA)) == 3
        monkeypatch.undo()
        stage.execute("UPDATE unwanted_objects SET not_before = now()")
        floor.run_job("delete-unwanted")
        assert floor.keys(Bucket.MEDIA) == []
