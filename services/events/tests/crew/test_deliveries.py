"""What became of the mails and photos, as messages tell it: twice, late, in any order."""

from datetime import UTC, datetime
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from muster_events.crew.use_cases.deliveries import delivery_changed, photo_changed
from muster_shared.ids import new_id
from muster_shared.messages.media import PhotoChanged
from muster_shared.messages.notifications import DeliveryChanged
from services.events.tests.crew.support import CrewWorld


def _delivery(assignment: dict[str, Any], **values: Any) -> DeliveryChanged:
    given: dict[str, Any] = {
        "delivery_id": new_id(),
        "version": 1,
        "org_id": new_id(),
        "event_id": UUID(assignment["event_id"]),
        "assignment_id": UUID(assignment["id"]),
        "link_version": 1,
        "template": "crew_assigned",
        "status": "sent",
        "occurred_at": datetime.now(UTC),
    }
    return DeliveryChanged(**{**given, **values})


def _handle(crew: CrewWorld, *messages: DeliveryChanged) -> None:
    for message in messages:
        with crew.database.transaction() as session:
            delivery_changed(session, message)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_newest_state_is_shown_when_messages_come_in_any_order(crew: CrewWorld, order: tuple[int, ...]) -> None:
    assignment = crew.assign(crew.event(), crew.member())
    delivery_id = new_id()
    told = [
        _delivery(assignment, delivery_id=delivery_id, version=number + 1, status=status)
        for number, status in enumerate(("sending", "sent", "delivered"))
    ]
    _handle(crew, *(told[index] for index in order), *told)
    assert crew.assignment(assignment)["delivery"] == "delivered"


def test_newest_mail_is_shown_when_there_are_several(crew: CrewWorld) -> None:
    assignment = crew.assign(crew.event(), crew.member())
    first, second = new_id(), new_id()
    _handle(
        crew,
        _delivery(assignment, delivery_id=second, status="sent"),
        _delivery(assignment, delivery_id=first, version=9, status="delivered"),
    )
    assert crew.assignment(assignment)["delivery"] == "sent"


def test_message_is_passed_over_when_it_is_of_a_former_link(crew: CrewWorld) -> None:
    assignment = crew.assign(crew.event(), crew.member())
    crew.patch(assignment, crew_member_id=crew.member()["id"])
    _handle(crew, _delivery(assignment, link_version=1, status="bounced"))
    assert crew.assignment(assignment)["delivery"] == "queued"
    assert crew.messages("planner.alerted.v1") == []
    _handle(crew, _delivery(assignment, link_version=2, status="delivered"))
    assert crew.assignment(assignment)["delivery"] == "delivered"


def test_planner_is_told_once_when_a_mail_bounces(crew: CrewWorld) -> None:
    assignment = crew.assign(crew.event(), crew.member("Kostas"))
    bounced = _delivery(assignment, status="bounced", reason="mailbox full")
    _handle(crew, bounced, bounced, bounced.model_copy(update={"version": 2}))
    assert crew.assignment(assignment)["delivery"] == "bounced"
    alerts = crew.messages("planner.alerted.v1")
    assert [(m["alert"], m["crew_name"], m["reason"]) for m in alerts] == [("bounced", "Kostas", "mailbox full")]


@pytest.mark.parametrize("reason", ["no_longer_needed", "unsubscribed"])
def test_nothing_is_lost_when_a_reminder_was_not_to_be_sent(crew: CrewWorld, reason: str) -> None:
    assignment = crew.assign(crew.event(), crew.member())
    _handle(
        crew,
        _delivery(assignment, status="delivered"),
        _delivery(assignment, delivery_id=new_id(), status="suppressed", reason=reason),
    )
    assert crew.assignment(assignment)["delivery"] == "delivered"
    assert crew.messages("planner.alerted.v1") == []


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        ("queued", "queued"),
        ("sending", "queued"),
        ("sent", "sent"),
        ("delivered", "delivered"),
        ("complained", "delivered"),
        ("bounced", "bounced"),
        ("failed", "bounced"),
        ("suppressed", "suppressed"),
    ],
)
def test_every_state_of_a_delivery_is_shown_when_told(crew: CrewWorld, status: str, shown: str) -> None:
    assignment = crew.assign(crew.event(), crew.member())
    _handle(crew, _delivery(assignment, status=status))
    assert crew.assignment(assignment)["delivery"] == shown


def test_nothing_happens_when_the_mail_is_of_nobody_known(crew: CrewWorld) -> None:
    nobody = {"id": str(new_id()), "event_id": str(new_id())}
    _handle(crew, _delivery(nobody, status="bounced"), _delivery(nobody, assignment_id=None, link_version=None))
    assert crew.messages("planner.alerted.v1") == []


def test_photo_counts_by_its_highest_version_when_told_in_any_order(crew: CrewWorld) -> None:
    photo_id = new_id()

    def photo(version: int, status: str, purpose: str = "job_before") -> PhotoChanged:
        return PhotoChanged(
            photo_id=photo_id,
            event_id=new_id(),
            org_id=new_id(),
            version=version,
            purpose=purpose,  # type: ignore[arg-type]
            status=status,  # type: ignore[arg-type]
            occurred_at=datetime.now(UTC),
        )

    for message in (photo(2, "deleted"), photo(1, "ready"), photo(2, "deleted"), photo(3, "ready", "banner")):
        with crew.database.transaction() as session:
            photo_changed(session, message)
    with crew.database.read() as connection:
        rows = connection.execute(text("SELECT status, version FROM crew_job_photos")).all()
    assert [tuple(row) for row in rows] == [("deleted", 2)]
