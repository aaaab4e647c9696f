"""What operators do with photos reaches the audit log."""

from typing import Any

from services.media.tests.support import Stage, make_ready


def told(stage: Stage) -> list[dict[str, Any]]:
    return stage.messages("audit.recorded.v1")


def test_each_act_with_a_photo_is_told_with_its_actor(stage: Stage) -> None:
    photo_id = make_ready(stage)
    path = f"/api/media/photos/{photo_id}"
    for body in ({"caption": "At sea"}, {"hidden": True}, {"hidden": True}, {"hidden": False}, {"hidden": False}):
        assert stage.client.patch(path, json=body, headers=stage.owner).status_code == 200
    assert stage.client.delete(path, headers=stage.owner).status_code == 204
    entries = told(stage)
    assert [entry["action"] for entry in entries] == [
        "photo.captioned",
        "photo.hidden",
        "photo.shown",
        "photo.deleted",
    ]
    assert {(entry["service"], entry["actor_id"]) for entry in entries} == {("media", str(stage.alice))}
    assert {(entry["target_kind"], entry["target_id"]) for entry in entries} == {("photo", photo_id)}
    assert entries[0]["changes"] == {"event_id": str(stage.event.event_id)}
    assert "At sea" not in str(entries)


def test_showing_a_photo_that_waited_for_a_look_is_told_as_approving(stage: Stage) -> None:
    photo_id = make_ready(stage, status="hidden", hidden_reason="moderation")
    stage.client.patch(f"/api/media/photos/{photo_id}", json={"hidden": False}, headers=stage.owner)
    assert [entry["action"] for entry in told(stage)] == ["photo.approved"]


def test_an_album_asked_for_by_an_operator_is_told(stage: Stage) -> None:
    make_ready(stage)
    path = f"/api/media/albums/{stage.event.event_id}?evidence=true"
    assert stage.client.post(path, headers=stage.owner).status_code == 202
    (entry,) = told(stage)
    assert (entry["action"], entry["changes"]) == ("album.requested", {"evidence": True})


def test_what_guests_do_is_no_act_of_the_organisation(stage: Stage) -> None:
    photo_id = make_ready(stage)
    reported = stage.client.post(f"{stage.guest}/photos/{photo_id}/report", json={"reason": "other"})
    receipt = stage.ask_as_guest(b"x" * 10).json["receipt"]
    taken_down = stage.client.delete(f"{stage.guest}/photos/{receipt}")
    assert (reported.status_code, taken_down.status_code) == (204, 204)
    assert told(stage) == []


def test_nothing_is_told_when_a_stranger_tries(stage: Stage) -> None:
    path = f"/api/media/photos/{make_ready(stage)}"
    assert stage.client.delete(path, headers=stage.stranger).status_code == 404
    assert told(stage) == []
