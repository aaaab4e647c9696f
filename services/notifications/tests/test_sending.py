"""From a message to a mail: who gets what, once, and how it is handed over."""

import re

from muster_notifications.intake.crew import crew_assigned
from muster_shared.auth import links
from services.notifications.tests.support import LINK_SECRET, ORG, Desk, assigned, mail_requested


def test_a_crew_request_is_mailed_with_a_working_link_when_somebody_is_assigned(desk: Desk) -> None:
    desk.organization()
    message = assigned()
    desk.handle(message)
    (sent,) = desk.send()
    assert sent.recipient == "ana@crew.test"
    assert sent.mail["Subject"].startswith("Can you make it? Sunset charter")
    (token,) = set(re.findall(r"http://localhost:8080/c/([\w.-]+)", sent.text))
    assert f"/c/{token}" in sent.html
    claims = links.verify(secret=LINK_SECRET, audience="crew-link", token=token)
    assert (claims.subject, claims.version) == (message.assignment.assignment_id, 1)
    delivery = desk.only()
    assert (delivery.status, delivery.org_id) == ("sent", ORG)
    assert delivery.sent_at is not None
    assert [told["status"] for told in desk.told()] == ["sent"]


def test_no_second_mail_goes_out_when_the_message_comes_twice(desk: Desk) -> None:
    desk.organization()
    message = assigned()
    desk.handle(message, message)
    assert len(desk.send()) == 1
    assert len(desk.deliveries()) == 1


def test_each_is_asked_once_when_messages_are_taken_in_together(desk: Desk) -> None:
    desk.organization()
    first, second = assigned(), assigned(email="")
    newer = first.model_copy(update={"assignment": first.assignment.model_copy(update={"link_version": 2})})
    desk.handle_together(crew_assigned, first, newer, second, first)
    assert sorted(desk.statuses()) == ["queued", "queued", "suppressed"]
    states = desk.rows("SELECT assignment_id, link_version FROM assignment_states")
    assert {(row.assignment_id, row.link_version) for row in states} == {
        (first.assignment.assignment_id, 2), (second.assignment.assignment_id, 1),
    }  # fmt: skip
    # Nobody is told of mails that wait; of the one without an address everybody is, as for the request that asked.
    (told,) = desk.rows("SELECT payload, headers FROM outbox")
    assert (told.payload["status"], told.payload["reason"]) == ("suppressed", "no_address")
    (delivery,) = [each for each in desk.deliveries() if each.status == "suppressed"]
    assert told.headers == {"key": str(delivery.id)}


def test_an_account_mail_goes_out_when_auth_asks(desk: Desk) -> None:
    desk.handle(mail_requested())
    (sent,) = desk.send()
    assert sent.mail["Subject"] == "Your password was changed"
    assert desk.only().status == "sent"
