"""The last look before a mail goes: answers, releases, cancellations, quiet hours, expiry, suppression."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from muster_notifications.deliveries import quiet
from muster_shared import clock
from muster_shared.messages.events import (
    AssignmentFacts,
    CrewAnswered,
    CrewDetailsChanged,
    CrewFacts,
    CrewReleased,
    CrewReminderDue,
    EventChanged,
    EventFacts,
    VenueFacts,
)
from services.notifications.tests.support import FUTURE, ORG, Desk, assigned, event_facts, mail_requested

ASSIGNMENT = uuid4()


def facts(link_version: int = 1) -> AssignmentFacts:
    return AssignmentFacts(assignment_id=ASSIGNMENT, link_version=link_version, role="captain")


CREW = CrewFacts(crew_member_id=uuid4(), name="Ana", email="ana@crew.test")


def reminder(event: EventFacts, *, link_version: int = 1, reason: str = "no_answer") -> CrewReminderDue:
    return CrewReminderDue(
        event=event, assignment=facts(link_version), crew=CREW, reason=reason, request_key=f"r-{reason}"
    )


def answered(answer: str = "confirmed", *, link_version: int = 1) -> CrewAnswered:
    return CrewAnswered(
        event_id=uuid4(),
        org_id=ORG,
        assignment_id=ASSIGNMENT,
        link_version=link_version,
        answer=answer,
        answered_at=clock.now(),
    )


@pytest.mark.parametrize(
    ("answer", "reason", "goes"),
    [
        ("confirmed", "no_answer", False),
        ("declined", "no_answer", False),
        ("confirmed", "upcoming", True),
        ("declined", "upcoming", False),
        (None, "no_answer", True),
    ],
)
def test_a_reminder_goes_only_when_it_is_still_of_use(
    desk: Desk, *, answer: str | None, reason: str, goes: bool
) -> None:
    desk.organization()
    event = event_facts()
    desk.handle(reminder(event, reason=reason))
    if answer is not None:
        desk.handle(answered(answer))
    assert len(desk.send()) == (1 if goes else 0)
    assert (desk.only().status, desk.only().reason) == (("sent", None) if goes else ("suppressed", "no_longer_needed"))


def test_a_request_is_dropped_when_its_link_died_while_it_waited(desk: Desk) -> None:
    desk.organization()
    event = event_facts()
    desk.handle(assigned(event=event, assignment_id=ASSIGNMENT))
    desk.handle(CrewReleased(event=event, assignment=facts(2), crew=CREW, reason="replaced"))
    (sent,) = desk.send()
    assert sent.mail["Subject"].startswith("No longer needed")
    assert desk.statuses() == ["suppressed", "sent"]


def test_a_late_request_does_not_wake_the_dead_when_messages_come_in_the_wrong_order(desk: Desk) -> None:
    desk.organization()
    event = event_facts()
    desk.handle(CrewReleased(event=event, assignment=facts(2), crew=CREW, reason="removed"))
    desk.handle(assigned(event=event, assignment_id=ASSIGNMENT))
    assert [sent.mail["Subject"][:9] for sent in desk.send()] == ["No longer"]


def test_a_request_is_dropped_when_the_event_was_cancelled_meanwhile(desk: Desk) -> None:
    desk.organization()
    event = event_facts()
    desk.handle(assigned(event=event))
    desk.handle(EventChanged(event=event.model_copy(update={"version": 2, "status": "cancelled"})))
    assert desk.send() == []
    assert desk.only().reason == "no_longer_needed"


def test_the_newest_place_is_told_when_it_changed_while_the_mail_waited(desk: Desk) -> None:
    desk.organization()
    event = event_facts()
    desk.handle(assigned(event=event))
    moved = event.model_copy(update={"version": 2, "venue": VenueFacts(name="Pier 9", address="Cascais")})
    desk.handle(EventChanged(event=moved), EventChanged(event=event))
    (sent,) = desk.send()
    assert "Pier 9" in sent.text
    assert "Pier 4" not in sent.text


def test_a_change_says_what_was_and_what_is(desk: Desk) -> None:
    desk.organization()
    before = event_facts()
    after = before.model_copy(
        update={"version": 2, "starts_at": FUTURE + timedelta(hours=2), "ends_at": FUTURE + timedelta(hours=6)}
    )
    desk.handle(CrewDetailsChanged(event=after, before=before, assignment=facts(2), crew=CREW, asks_again=True))
    (sent,) = desk.send()
    assert "08:00 – 12:00" in sent.text
    assert "10:00 – 14:00" in sent.text
    assert "line-through" in sent.html


def test_an_account_mail_is_dropped_when_its_link_has_expired(desk: Desk) -> None:
    desk.handle(mail_requested(expires_at=clock.now() - timedelta(minutes=1)))
    assert desk.send() == []
    assert (desk.only().status, desk.only().reason) == ("suppressed", "expired")


def test_a_person_without_an_address_is_shown_as_such(desk: Desk) -> None:
    desk.organization()
    desk.handle(assigned(email=""))
    assert desk.send() == []
    assert (desk.only().status, desk.only().reason) == ("suppressed", "no_address")


def test_a_mail_waits_when_its_organisation_sleeps(desk: Desk) -> None:
    desk.organization(quiet_from="00:00", quiet_to="23:59")
    desk.handle(assigned())
    assert desk.send() == []
    delivery = desk.only()
    assert delivery.status == "queued"
    assert delivery.due_at > clock.now()


def test_quiet_hours_are_looked_at_again_when_the_mail_goes(desk: Desk) -> None:
    desk.handle(assigned())
    desk.organization(quiet_from="00:00", quiet_to="23:59")
    assert desk.send() == []
    assert desk.only().status == "queued"
    assert [row.kind for row in desk.rows("SELECT kind FROM delivery_steps ORDER BY id")] == ["queued", "postponed"]


def test_a_mail_passes_quiet_hours_when_the_event_is_near(desk: Desk) -> None:
    desk.organization(quiet_from="00:00", quiet_to="23:59")
    desk.handle(assigned(event=event_facts(starts_at=clock.now() + timedelta(hours=5))))
    assert len(desk.send()) == 1


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2030-06-05T21:30:00+00:00", "2030-06-06T06:00:00+00:00"),
        ("2030-06-06T04:00:00+00:00", "2030-06-06T06:00:00+00:00"),
        ("2030-06-06T06:00:00+00:00", "2030-06-06T06:00:00+00:00"),
        ("2030-06-06T12:00:00+00:00", "2030-06-06T12:00:00+00:00"),
    ],
)
def test_quiet_hours_end_in_the_events_zone_when_the_organisation_names_none(at: str, expected: str) -> None:
    settings = {"quiet_from": "22:00", "quiet_to": "07:00"}
    moment = datetime.fromisoformat(at)
    assert quiet.due_at(moment, settings=settings, zone="Europe/Lisbon") == datetime.fromisoformat(expected)


@pytest.mark.parametrize("settings", [{}, {"quiet_from": "x", "quiet_to": "07:00"}, {"quiet_from": 5, "quiet_to": 6}])
def test_there_are_no_quiet_hours_when_they_are_not_said(settings: dict[str, object]) -> None:
    moment = datetime(2030, 1, 1, 23, 0, tzinfo=UTC)
    assert quiet.due_at(moment, settings=settings, zone="no/such") == moment
