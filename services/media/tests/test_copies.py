"""The same bytes, sent again: shown once."""

from services.media.tests import images
from services.media.tests.support import Floor, Stage, make_facts, sent

DATA = images.jpeg(gps=True)


class TestCopies:
    """The same bytes, sent again."""

    def test_photo_is_shown_once_when_it_was_sent_twice(self, stage: Stage, floor: Floor) -> None:
        first, second = sent(stage, floor, DATA), sent(stage, floor, DATA)
        other = sent(stage, floor, images.jpeg(70, 70))
        floor.drain()
        rows = {photo_id: stage.row(photo_id) for photo_id in (first, second)}
        assert {row.status for row in rows.values()} == {"ready"}
        assert [row.duplicate_of is None for row in rows.values()].count(True) == 1
        shown = [photo["id"] for photo in stage.photos()]
        assert len(shown) == 2
        assert other in shown

    def test_copy_of_another_event_is_no_copy(self, stage: Stage, floor: Floor) -> None:
        sent(stage, floor, DATA)
        elsewhere = make_facts(org_id=stage.org_id)
        stage.keep(elsewhere)
        sent(stage, floor, DATA, event_id=str(elsewhere.event_id))
        floor.drain()
        assert stage.count("SELECT count(*) FROM photos WHERE duplicate_of IS NULL") == 2

    def test_copies_share_its_fate_when_a_photo_is_hidden_or_deleted(self, stage: Stage, floor: Floor) -> None:
        first = sent(stage, floor, DATA)
        floor.drain()
        sent(stage, floor, DATA)
        floor.drain()
        path = f"/api/media/photos/{first}"
        assert stage.client.patch(path, json={"hidden": True}, headers=stage.owner).status_code == 200
        third = sent(stage, floor, DATA)
        floor.drain()
        assert stage.count("SELECT count(*) FROM photos WHERE status = 'hidden'") == 3
        assert stage.row(third).hidden_reason == "operator"
        assert stage.client.delete(path, headers=stage.owner).status_code == 204
        assert stage.photos() == []

    def test_copy_takes_its_place_when_a_guest_takes_theirs_down(self, stage: Stage, floor: Floor) -> None:
        asked = [stage.ask_as_guest(DATA).json for _ in range(2)]
        for each in asked:
            floor.send(each["upload"], DATA)
            floor.drain()
        (shown,) = stage.gallery()
        mine = next(each for each in asked if each["photo"]["id"] == shown["id"])
        other = next(each for each in asked if each["photo"]["id"] != shown["id"])
        stage.client.delete(f"{stage.guest}/photos/{mine['receipt']}")
        assert [photo["id"] for photo in stage.gallery()] == [other["photo"]["id"]]
