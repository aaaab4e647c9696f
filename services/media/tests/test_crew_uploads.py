"""Crew members' uploads, asked for by events."""

import threading

from flask import Flask

from muster_shared.ids import new_id
from services.media.tests import images
from services.media.tests.support import Floor, Stage, ask_as_crew

DATA = images.jpeg()


class TestCrew:
    """By way of events, which holds the links."""

    def test_photo_tells_its_assignment_when_a_crew_member_sent_it(self, stage: Stage, floor: Floor) -> None:
        assignment = str(new_id())
        answer = ask_as_crew(stage.client, stage, assignment=assignment, request_key="r1", size=len(DATA))
        assert answer.status_code == 201
        floor.send(answer.json["upload"], DATA)
        floor.drain()
        (message,) = stage.messages()
        assert message["assignment_id"] == assignment
        assert message["purpose"] == "job_before"
        assert stage.photos()[0]["uploaded_by"] == {"type": "crew", "name": "Kostas"}

    def test_same_photo_comes_when_the_request_is_repeated(self, stage: Stage) -> None:
        assignment = str(new_id())
        first = ask_as_crew(stage.client, stage, assignment=assignment, request_key="r1")
        again = ask_as_crew(stage.client, stage, assignment=assignment, request_key="r1")
        other = ask_as_crew(stage.client, stage, assignment=str(new_id()), request_key="r1")
        assert (first.status_code, again.status_code, other.status_code) == (201, 200, 201)
        assert first.json["photo"]["id"] == again.json["photo"]["id"] != other.json["photo"]["id"]
        assert first.json["upload"]["fields"]["key"] == again.json["upload"]["fields"]["key"]

    def test_one_photo_is_made_when_the_request_comes_many_times_at_once(self, stage: Stage, app: Flask) -> None:
        assignment, gate, ids = str(new_id()), threading.Barrier(8), set()

        def ask() -> None:
            gate.wait()
            answer = ask_as_crew(app.test_client(), stage, assignment=assignment, request_key="r")
            ids.add(answer.json["photo"]["id"])

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(ids) == 1
        assert stage.count("SELECT count(*) FROM photos") == 1

    def test_request_is_refused_when_it_does_not_come_from_a_service(self, stage: Stage) -> None:
        assert stage.client.post("/internal/uploads", json={}, headers=stage.owner).status_code == 401
        assert stage.client.post("/internal/uploads", json={}).status_code == 401

    def test_request_is_not_found_when_the_organisation_is_another(self, stage: Stage) -> None:
        answer = ask_as_crew(stage.client, stage, assignment=str(new_id()), request_key="r", org_id=str(new_id()))
        assert answer.status_code == 404
