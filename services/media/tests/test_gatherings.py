"""Copies of events: fed by messages, filled on a miss."""

from datetime import UTC, datetime

import pytest

from muster_media.gatherings.queries import EventCopies
from muster_media.gatherings.use_cases import event_changed
from muster_shared.auth.internal import InternalClient, InternalUnavailable
from muster_shared.db import Database
from muster_shared.ids import new_id
from muster_shared.messages.events import EventChanged
from muster_shared.messaging.routing import routing
from muster_shared.problems import Unavailable
from services.media.tests import images
from services.media.tests.support import Floor, Stage, make_facts, make_ready


def test_newest_version_stays_when_messages_come_in_any_order(database: Database) -> None:
    first = make_facts()
    versions = [first.model_copy(update={"version": n, "title": f"Version {n}"}) for n in (2, 5, 5, 1, 3)]
    for facts in versions:
        with database.transaction() as session:
            event_changed(session, EventChanged(event=facts))
    found = EventCopies(database=database, events=None).get(first.event_id)
    assert (found.version, found.title) == (5, "Version 5")


def test_photos_go_when_their_event_was_deleted(stage: Stage) -> None:
    photo_id = make_ready(stage)
    gone = stage.event.model_copy(update={"version": 9, "deleted": True, "guest_enabled": False})
    for facts in (gone, gone):
        with stage.database.transaction() as session:
            event_changed(session, EventChanged(event=facts))
    assert stage.row(photo_id).status == "deleted"
    assert [message["status"] for message in stage.messages()] == ["deleted"]
    path = f"/api/media/photos?event_id={stage.event.event_id}"
    assert stage.client.get(path, headers=stage.owner).status_code == 404
    assert stage.ask(images.jpeg()).status_code == 404


def test_answer_is_unavailable_when_events_does_not_answer(database: Database) -> None:
    class Away(InternalClient):
        def get(self, path: str) -> None:
            raise InternalUnavailable(path)

    away = Away(base_url="http://127.0.0.1:9", secret="x" * 32, service="media")
    copies = EventCopies(database=database, events=away)
    with pytest.raises(Unavailable):
        copies.get(new_id())
    with pytest.raises(Unavailable):
        copies.by_page("CODE")


def test_window_is_bounded_when_the_event_says_nothing_of_it(stage: Stage) -> None:
    ends_at = datetime(2026, 1, 1, tzinfo=UTC)
    stage.event = stage.event.model_copy(update={"photos": None})
    stage.change_event(ends_at=ends_at)
    page = stage.client.get(stage.guest).json
    assert (page["opens_at"], page["closes_at"]) == (None, "2026-01-31T00:00:00Z")
    assert page["uploads_open"] is False


def test_every_message_that_is_sent_here_has_a_handler(floor: Floor) -> None:
    assert floor.worker.spec().unhandled_types() == []
    assert "media" in routing()["event.changed.v1"]
