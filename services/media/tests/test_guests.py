"""What guests may do by a page's link."""

from datetime import timedelta
from typing import Any

import pytest

from muster_shared import clock
from muster_shared.auth.internal import InternalUnavailable
from muster_shared.ids import new_id
from muster_shared.messages.auth import OrganizationChanged
from services.media.tests import images
from services.media.tests.conftest import NobodyKnows
from services.media.tests.support import Floor, Stage, make_facts, make_ready, sent

DATA = images.jpeg()


def test_page_tells_what_a_guest_may_do_when_it_is_open(stage: Stage) -> None:
    answer = stage.client.get(stage.guest)
    assert answer.status_code == 200
    page = answer.json
    assert (page["uploads_open"], page["gallery_visible"], page["moderated"]) == (True, True, False)
    assert page["limits"]["max_bytes"] == 25 * 1024 * 1024
    assert "image/heic" in page["limits"]["content_types"]
    assert page["album"] == {"status": "none"}
    again = stage.client.get(stage.guest, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("code", ["NOSUCHCODE", "a b", "..%2f", "é", "x" * 200, "-"])
def test_page_is_not_found_when_the_code_is_unknown(stage: Stage, code: str) -> None:
    assert stage.client.get(f"/api/media/guest/{code}").status_code == 404


def test_page_is_not_found_when_it_is_switched_off(stage: Stage) -> None:
    stage.change_event(guest_enabled=False)
    body = {"filename": "a.jpg", "content_type": "image/jpeg", "size": 5}
    assert stage.client.get(stage.guest).status_code == 404
    assert stage.client.get(f"{stage.guest}/photos").status_code == 404
    assert stage.client.post(f"{stage.guest}/uploads", json=body).status_code == 404


def test_page_is_found_by_its_friendly_name_when_it_has_one(stage: Stage) -> None:
    stage.change_event(guest_slug="sunset-2026")
    assert stage.client.get("/api/media/guest/sunset-2026").json["title"] == "Sunset charter"
    stage.change_event(guest_slug="other-name")
    assert stage.client.get("/api/media/guest/sunset-2026").status_code == 404


def test_page_made_a_moment_ago_is_found_when_no_message_has_come_yet(stage: Stage, events: NobodyKnows) -> None:
    facts = make_facts()
    path = f"/internal/guest-pages/{facts.guest_code}"
    events.answers[path] = {"event": facts.model_dump(mode="json"), "was_slug": None, "org_name": "x"}
    assert stage.client.get(f"/api/media/guest/{facts.guest_code}").status_code == 200
    assert stage.client.get(f"/api/media/guest/{facts.guest_code}").status_code == 200
    assert events.asked.count(path) == 1


def test_events_is_asked_once_when_an_unknown_code_is_tried_again(stage: Stage, events: NobodyKnows) -> None:
    for _ in range(5):
        assert stage.client.get("/api/media/guest/GUESSED").status_code == 404
    assert events.asked == ["/internal/guest-pages/GUESSED"]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, 201),
        ({"photos": {"uploads_open_at": clock.now() + timedelta(hours=1)}}, 409),
        ({"photos": {"uploads_close_at": clock.now() - timedelta(hours=1)}}, 409),
        ({"status": "cancelled"}, 409),
        ({"photos": {"guest_quota": 0}}, 409),
    ],
)
def test_guest_may_add_photos_when_the_window_is_open(stage: Stage, change: dict[str, Any], status: int) -> None:
    stage.change_event(**change)
    assert stage.ask_as_guest(DATA).status_code == status
    assert stage.client.get(stage.guest).json["uploads_open"] is (status == 201 or "guest_quota" in repr(change))


def test_guest_sees_nothing_of_others_when_the_gallery_opens_later(stage: Stage, floor: Floor) -> None:
    stage.change_event(photos={"reveal_at": clock.now() + timedelta(hours=1)})
    asked = stage.ask_as_guest(DATA).json
    floor.send(asked["upload"], DATA)
    floor.drain()
    assert stage.client.get(stage.guest).json["gallery_visible"] is False
    assert stage.gallery() == []
    assert stage.client.get(f"{stage.guest}/album").json["status"] == "none"
    photo_id = asked["photo"]["id"]
    report = stage.client.post(f"{stage.guest}/photos/{photo_id}/report", json={"reason": "other"})
    assert report.status_code == 404
    # Their own they may follow, and see.
    (own,) = stage.gallery(f"?receipt={asked['receipt']}")
    assert own["status"] == "ready"
    assert own["url"] is not None
    with clock.frozen(clock.now() + timedelta(hours=2)):
        assert [photo["id"] for photo in stage.gallery()] == [photo_id]


def test_photo_waits_for_a_look_when_the_page_is_moderated(stage: Stage, floor: Floor) -> None:
    stage.change_event(photos={"moderated": True})
    asked = stage.ask_as_guest(DATA).json
    floor.send(asked["upload"], DATA)
    by_member = stage.ask(images.jpeg(80, 80)).json
    floor.send(by_member["upload"], images.jpeg(80, 80))
    floor.drain()
    assert [photo["id"] for photo in stage.gallery()] == [by_member["photo"]["id"]]
    assert stage.gallery(f"?receipt={asked['receipt']}")[0]["status"] == "hidden"
    photo = stage.photo(asked["photo"]["id"])
    assert (photo["status"], photo["hidden_reason"]) == ("hidden", "moderation")
    path = f"/api/media/photos/{photo['id']}"
    assert stage.client.patch(path, json={"hidden": False}, headers=stage.owner).status_code == 200
    assert len(stage.gallery()) == 2


def set_moderation(stage: Stage, floor: Floor, *, wanted: bool | None, version: int) -> None:
    """Auth's message of the organisation's settings, as the worker takes it."""
    settings = {} if wanted is None else {"moderate_photos": wanted}
    message = OrganizationChanged(org_id=stage.org_id, version=version, name="Quay", slug="quay", settings=settings)
    handler: Any = floor.worker.spec().handlers[OrganizationChanged]
    with stage.database.transaction() as session:
        handler(session, message, None)


class TestModerationByTheOrganisation:
    """The organisation's setting `moderate_photos` holds for all of its events."""

    def send(self, stage: Stage, floor: Floor) -> str:
        data = images.jpeg(60 + 2 * len(stage.photos()), 60)
        asked = stage.ask_as_guest(data).json
        floor.send(asked["upload"], data)
        floor.drain()
        return str(asked["photo"]["id"])

    def test_guests_photos_wait_until_somebody_lets_them_be_seen(self, stage: Stage, floor: Floor) -> None:
        before = self.send(stage, floor)
        set_moderation(stage, floor, wanted=True, version=2)
        assert stage.client.get(stage.guest).json["moderated"] is True
        photo_id = self.send(stage, floor)
        assert [photo["id"] for photo in stage.gallery()] == [before]
        assert [photo["hidden_reason"] for photo in stage.photos()] == ["moderation", None]
        path = f"/api/media/photos/{photo_id}"
        assert stage.client.patch(path, json={"hidden": False}, headers=stage.owner).status_code == 200
        assert {photo["id"] for photo in stage.gallery()} == {before, photo_id}

    def test_nothing_waits_when_it_is_taken_back_but_what_waits_already(self, stage: Stage, floor: Floor) -> None:
        set_moderation(stage, floor, wanted=True, version=2)
        self.send(stage, floor)
        set_moderation(stage, floor, wanted=None, version=3)
        assert stage.client.get(stage.guest).json["moderated"] is False
        photo_id = self.send(stage, floor)
        assert [photo["id"] for photo in stage.gallery()] == [photo_id]

    def test_an_event_waits_by_itself_when_the_organisation_does_not(self, stage: Stage, floor: Floor) -> None:
        set_moderation(stage, floor, wanted=False, version=2)
        stage.change_event(photos={"moderated": True})
        self.send(stage, floor)
        assert stage.gallery() == []

    def test_members_photos_do_not_wait(self, stage: Stage, floor: Floor) -> None:
        set_moderation(stage, floor, wanted=True, version=2)
        photo_id = sent(stage, floor, DATA)
        floor.drain()
        assert [photo["id"] for photo in stage.gallery()] == [photo_id]

    def test_auth_is_asked_when_the_organisation_is_not_known_here_yet(
        self, stage: Stage, floor: Floor, auth: NobodyKnows
    ) -> None:
        auth.answers[f"/internal/organizations/{stage.org_id}"] = {"settings": {"moderate_photos": True}}
        self.send(stage, floor)
        assert stage.gallery() == []

    def test_a_photo_waits_when_nobody_can_say(
        self, stage: Stage, floor: Floor, auth: NobodyKnows, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def away(_path: str) -> None:
            raise InternalUnavailable

        monkeypatch.setattr(auth, "get", away)
        self.send(stage, floor)
        assert [photo["hidden_reason"] for photo in stage.photos()] == ["moderation"]


@pytest.mark.parametrize(("kind", "purposes"), [("charter", {"photo"}), ("job", {"photo", "job_before", "job_after"})])
def test_gallery_holds_what_belongs_on_the_page_when_there_are_other_photos(
    stage: Stage, kind: str, purposes: set[str]
) -> None:
    stage.change_event(kind=kind)
    for purpose in ("photo", "banner", "job_before", "job_after"):
        make_ready(stage, purpose=purpose)
    assert {photo["purpose"] for photo in stage.gallery()} == purposes
    assert len(stage.photos()) == 4


def test_guest_learns_no_file_name_when_looking_at_the_gallery(stage: Stage) -> None:
    make_ready(stage, name="Maria-Papadopoulou.jpg", uploader_type="member", uploader_name="Alice")
    (photo,) = stage.gallery()
    assert "Papadopoulou" not in repr(photo)
    assert "Alice" not in repr(photo)
    assert "sha256" not in photo
    assert "Papadopoulou" in repr(stage.photos())


class TestReceipts:
    """A guest's own photos."""

    def test_photo_is_taken_down_when_its_uploader_asks(self, stage: Stage, floor: Floor) -> None:
        asked = stage.ask_as_guest(DATA).json
        floor.send(asked["upload"], DATA)
        floor.drain()
        assert len(stage.gallery()) == 1
        path = f"{stage.guest}/photos/{asked['receipt']}"
        assert stage.client.delete(path).status_code == 204
        assert stage.client.delete(path).status_code == 204
        assert stage.gallery() == []
        assert stage.gallery(f"?receipt={asked['receipt']}") == []
        assert [message["status"] for message in stage.messages()] == ["ready", "deleted"]

    def test_photo_stays_when_the_receipt_is_another(self, stage: Stage) -> None:
        asked, photo_id = stage.ask_as_guest(DATA).json, make_ready(stage)
        other = make_facts()
        stage.keep(other)
        for path in (
            f"{stage.guest}/photos/{asked['receipt'][:-1]}x",
            f"{stage.guest}/photos/{photo_id}",
            f"/api/media/guest/{other.guest_code}/photos/{asked['receipt']}",
        ):
            assert stage.client.delete(path).status_code == 404
        assert len(stage.photos()) == 2

    def test_only_ones_own_are_listed_when_receipts_are_given(self, stage: Stage) -> None:
        receipts = [stage.ask_as_guest(DATA).json["receipt"] for _ in range(3)]
        query = f"?receipt={receipts[0]}&receipt={receipts[2]}&receipt={'x' * 43}"
        assert [photo["status"] for photo in stage.gallery(query)] == ["pending"] * 2

    @pytest.mark.parametrize("receipt", ["", "short", "a" * 65, "%00" * 30])
    def test_list_is_refused_when_a_receipt_is_none(self, stage: Stage, receipt: str) -> None:
        assert stage.client.get(f"{stage.guest}/photos?receipt={receipt}").status_code == 422


class TestReports:
    """ "I'm in this photo"."""

    def test_photo_is_hidden_until_a_member_has_looked_when_reported(self, stage: Stage) -> None:
        photo_id = make_ready(stage)
        path = f"{stage.guest}/photos/{photo_id}/report"
        assert stage.client.post(path, json={"reason": "in_photo", "message": "please"}).status_code == 204
        assert stage.gallery() == []
        assert stage.photo(photo_id)["hidden_reason"] == "reported"
        assert stage.client.post(path, json={"reason": "other"}).status_code == 204
        stage.client.patch(f"/api/media/photos/{photo_id}", json={"hidden": False}, headers=stage.owner)
        # Somebody has looked and shown it again: another report is noted, and hides nothing.
        assert stage.client.post(path, json={"reason": "other"}).status_code == 204
        assert len(stage.gallery()) == 1
        assert stage.count("SELECT count(*) FROM photo_reports") == 3

    @pytest.mark.parametrize("body", [{}, {"reason": "ugly"}, {"reason": "other", "message": "x" * 1001}])
    def test_report_is_refused_when_it_is_wrong(self, stage: Stage, body: dict[str, str]) -> None:
        path = f"{stage.guest}/photos/{make_ready(stage)}/report"
        assert stage.client.post(path, json=body).status_code == 422

    def test_photo_stays_when_it_is_not_of_this_page(self, stage: Stage) -> None:
        other = make_facts()
        stage.keep(other)
        photo_id, banner = make_ready(stage), make_ready(stage, purpose="banner")
        hidden = make_ready(stage, status="hidden", hidden_reason="operator")
        for path in (
            f"/api/media/guest/{other.guest_code}/photos/{photo_id}/report",
            f"{stage.guest}/photos/{new_id()}/report",
            f"{stage.guest}/photos/{banner}/report",
            f"{stage.guest}/photos/{hidden}/report",
        ):
            assert stage.client.post(path, json={"reason": "other"}).status_code == 404
        assert stage.count("SELECT count(*) FROM photos WHERE status = 'ready'") == 2

    def test_guest_is_slowed_when_reporting_everything(self, stage: Stage) -> None:
        answers = [
            stage.client.post(f"{stage.guest}/photos/{make_ready(stage)}/report", json={"reason": "other"})
            for _ in range(21)
        ]
        assert [answer.status_code for answer in answers] == [204] * 20 + [429]
        assert len(stage.gallery()) == 1
