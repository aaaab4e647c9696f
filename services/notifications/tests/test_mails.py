"""What a mail is made of: headers, calendar file, links, the organisation's name and language."""

import json
import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import icalendar
import pytest

from muster_notifications.sending.links import Links
from muster_shared import clock
from muster_shared.auth import links
from muster_shared.auth.internal import InternalUnavailable
from muster_shared.messages.auth import MembershipChanged, OrganizationChanged
from muster_shared.messages.events import PlannerAlerted, RegistrationChanged
from muster_shared.messaging.errors import Retry
from services.notifications.tests.support import LINK_SECRET, ORG, Desk, Sent, assigned, event_facts, mail_requested


class Auth:
    """Auth's internal address, as far as mails need it."""

    def __init__(self, answer: dict[str, Any] | Exception | None) -> None:
        self.answer = answer
        self.asked: list[str] = []

    def post(self, path: str, _body: dict[str, Any]) -> dict[str, Any] | None:
        self.asked.append(path)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def get(self, path: str) -> dict[str, Any] | None:
        return self.post(path, {})


def with_auth(desk: Desk, auth: Auth) -> None:
    handover = desk._senders[0]._handover
    handover._links = Links(origin="http://localhost:8080", secret=LINK_SECRET, auth=auth)  # type: ignore[arg-type]
    handover._organizations._auth = auth  # type: ignore[assignment]


def registration(**values: Any) -> RegistrationChanged:
    given: dict[str, Any] = {
        "event": event_facts(),
        "registration_id": uuid4(),
        "link_version": 4,
        "name": "Gil",
        "email": "gil@guest.test",
        "status": "confirmed",
        "reason": "registered",
        "request_key": "r1",
        **values,
    }
    return RegistrationChanged(**given)


def calendar_of(sent: Sent) -> icalendar.Calendar:
    (part,) = [part for part in sent.mail.iter_attachments() if part.get_content_type() == "text/calendar"]
    return icalendar.Calendar.from_ical(part.get_payload(decode=True))


def test_the_headers_let_ses_and_people_find_the_mail(desk: Desk) -> None:
    desk.organization(name="Söhne & Co")
    desk.handle(assigned(name="Ana Λ"), request_id="request-4711")
    (sent,) = desk.send()
    delivery, mail = desk.only(), sent.mail
    assert mail["X-Request-Id"] == "request-4711"
    tags = dict(part.strip().split("=") for part in str(mail["X-SES-MESSAGE-TAGS"]).split(","))
    assert tags == {"delivery": str(delivery.id), "attempt": str(delivery.attempt_id), "template": "crew_request"}
    assert mail["Message-ID"] == f"<{delivery.attempt_id}@muster.test>"
    assert mail["From"].addresses[0].display_name == "Söhne & Co"
    assert mail["To"].addresses[0].display_name == "Ana Λ"
    assert mail["List-Unsubscribe"] is None
    assert delivery.template_version


def test_crew_and_attendees_answer_the_organisation(desk: Desk) -> None:
    desk.organization(reply_to="bookings@harbour.test")
    desk.handle(assigned(), registration())
    assert [mail.mail["Reply-To"] for mail in desk.send()] == ["Harbour Charters <bookings@harbour.test>"] * 2


def test_answers_go_to_the_sender_when_the_organisation_says_nothing(desk: Desk) -> None:
    desk.organization()
    desk.handle(assigned())
    (sent,) = desk.send()
    assert sent.mail["Reply-To"] is None


def test_a_changed_address_for_answers_holds_for_the_next_mail(desk: Desk) -> None:
    for version, address in ((1, "old@harbour.test"), (3, "new@harbour.test"), (2, "late@harbour.test")):
        settings = {"reply_to": address}
        desk.handle(OrganizationChanged(org_id=ORG, version=version, name="Quay", slug="quay", settings=settings))
    desk.handle(assigned())
    (sent,) = desk.send()
    assert sent.mail["Reply-To"] == "Quay <new@harbour.test>"


def test_auth_is_asked_for_the_address_for_answers_when_the_organisation_is_brand_new(desk: Desk) -> None:
    with_auth(desk, Auth({"name": "Quay", "settings": {"reply_to": "desk@quay.test"}}))
    desk.handle(assigned())
    (sent,) = desk.send()
    assert sent.mail["Reply-To"] == "Quay <desk@quay.test>"


def test_members_and_accounts_are_not_asked_to_answer_the_organisation(desk: Desk) -> None:
    desk.organization(reply_to="bookings@harbour.test")
    member = MembershipChanged(
        org_id=ORG, user_id=uuid4(), role="owner", version=1, name="Olga", email="olga@harbour.test"
    )
    alert = PlannerAlerted(
        event=event_facts(), alert="declined", assignment_id=uuid4(), crew_name="Ana", role="cook", request_key="k"
    )
    desk.handle(member, alert, mail_requested(org_id=ORG))
    sent = desk.send()
    assert [mail.mail["Reply-To"] for mail in sent] == [None, None]


def test_a_mail_goes_without_an_address_for_answers_that_no_header_can_have(desk: Desk) -> None:
    desk.organization(reply_to="büro@harbour.test")
    desk.handle(assigned())
    (sent,) = desk.send()
    assert sent.mail["Reply-To"] is None


def test_the_link_is_in_the_mail_and_nowhere_else(desk: Desk) -> None:
    desk.organization()
    desk.handle(assigned())
    (sent,) = desk.send()
    (token,) = set(re.findall(r"/c/([\w.-]+)", sent.text))
    for table in ("deliveries", "attempts", "delivery_steps", "ses_events", "outbox", "inbox", "event_copies"):
        for row in desk.rows(f"SELECT row_to_json(t)::text AS all FROM {table} t"):
            assert token not in row.all
            assert "eyJ" not in row.all


def test_a_kind_of_mail_can_be_stopped_in_one_click_when_one_can_do_without(desk: Desk) -> None:
    desk.organization()
    desk.handle(registration(reason="event_changed", request_key="c1"))
    (sent,) = desk.send()
    (address,) = re.findall(r"^<(http://localhost:8080/u/[\w.-]+)>$", str(sent.mail["List-Unsubscribe"]))
    assert sent.mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert address in sent.text
    claims = links.verify(secret=LINK_SECRET, audience="unsubscribe", token=address.rsplit("/", 1)[1])
    assert claims.subject == desk.only().id


def test_the_calendar_file_has_the_event_when_a_registration_is_confirmed(desk: Desk) -> None:
    desk.organization()
    message = registration(event=event_facts(ics_sequence=7))
    desk.handle(message)
    (sent,) = desk.send()
    calendar = calendar_of(sent)
    (entry,) = calendar.events
    assert calendar["METHOD"] == "PUBLISH"
    assert str(entry["UID"]).startswith(str(message.event.event_id))
    assert entry["SEQUENCE"] == 7
    assert message.event.starts_at == entry.DTSTART
    assert [zone["TZID"] for zone in calendar.timezones] == ["Europe/Lisbon"]
    (token,) = set(re.findall(r"/registrations/([\w.-]+)", sent.text))
    claims = links.verify(secret=LINK_SECRET, audience="registration-link", token=token)
    assert (claims.subject, claims.version) == (message.registration_id, 4)


def test_the_calendar_file_takes_the_event_out_when_it_is_cancelled(desk: Desk) -> None:
    desk.organization()
    desk.handle(registration(status="cancelled", reason="event_cancelled", event=event_facts(status="cancelled")))
    (sent,) = desk.send()
    calendar = calendar_of(sent)
    assert calendar["METHOD"] == "CANCEL"
    assert calendar.events[0]["STATUS"] == "CANCELLED"


@pytest.mark.parametrize(
    ("reason", "status", "template"),
    [
        ("registered", "confirmed", "registration_confirmed"),
        ("waitlisted", "waitlisted", "registration_waitlisted"),
        ("promoted", "confirmed", "registration_promoted"),
        ("cancelled", "cancelled", "registration_cancelled"),
        ("resent", "waitlisted", "registration_waitlisted"),
    ],
)
def test_a_registration_gets_the_mail_of_what_happened(desk: Desk, reason: str, status: str, template: str) -> None:
    desk.organization()
    desk.handle(registration(reason=reason, status=status, position=3))
    assert len(desk.send()) == 1
    assert desk.only().template == template


def test_a_reader_gets_their_language(desk: Desk) -> None:
    desk.organization()
    desk.handle(assigned(language="de"))
    (sent,) = desk.send()
    assert sent.mail["Subject"].startswith("Sind Sie dabei?")
    assert "Mittwoch, 5. Juni 2030" in sent.text


def test_a_token_is_minted_by_auth_each_time_when_an_account_mail_goes(desk: Desk) -> None:
    auth = Auth({"token": "abc-def"})
    with_auth(desk, auth)
    action = uuid4()
    desk.handle(mail_requested("verify_email", action_id=action, expires_at=clock.now() + timedelta(minutes=30)))
    (sent,) = desk.send()
    assert auth.asked == [f"/internal/action-tokens/{action}/mint"]
    assert "http://localhost:8080/verify-email?token=abc-def" in sent.text


def test_an_account_mail_is_dropped_when_there_is_nothing_left_to_do(desk: Desk) -> None:
    with_auth(desk, Auth(None))
    desk.handle(mail_requested("reset_password", action_id=uuid4()))
    assert desk.send() == []
    assert (desk.only().status, desk.only().reason) == ("suppressed", "no_longer_needed")


def test_an_account_mail_waits_when_auth_is_away(desk: Desk) -> None:
    with_auth(desk, Auth(InternalUnavailable("x")))
    desk.handle(mail_requested("reset_password", action_id=uuid4()))
    assert desk.send() == []
    assert desk.only().status == "queued"
    with_auth(desk, Auth({"token": "t"}))
    desk.run("UPDATE deliveries SET due_at = now()")
    assert len(desk.send()) == 1


def test_auth_is_asked_for_the_name_when_the_organisation_is_brand_new(desk: Desk) -> None:
    auth = Auth({"name": "Brand New", "slug": "x"})
    with_auth(desk, auth)
    desk.handle(assigned())
    (sent,) = desk.send()
    assert auth.asked == [f"/internal/organizations/{ORG}"]
    assert "Brand New" in sent.text


def test_every_planner_is_alerted_once_when_somebody_declines(desk: Desk) -> None:
    desk.organization()
    for number, role in enumerate(("owner", "manager", None)):
        desk.handle(
            MembershipChanged(
                org_id=ORG, user_id=uuid4(), role=role, version=1, name=f"P{number}", email=f"p{number}@x.test"
            )
        )
    alert = PlannerAlerted(
        event=event_facts(), alert="declined", crew_name="Ana", role="captain", reason="I am ill.", request_key="k"
    )
    desk.handle(alert, alert)
    sent = desk.send()
    assert sorted(mail.recipient for mail in sent) == ["p0@x.test", "p1@x.test"]
    assert "I am ill." in sent[0].text
    assert f"/events/{alert.event.event_id}" in sent[0].text


def test_an_alert_waits_when_its_planners_are_not_known_yet(desk: Desk) -> None:
    alert = PlannerAlerted(event=event_facts(), alert="no_answer", request_key="k")
    with pytest.raises(Retry):
        desk.handle(alert)
    desk.handle(alert, receive_count=10)
    assert desk.deliveries() == []


@pytest.mark.parametrize("address", ["grüße@example.test", "nobody"])
def test_a_mail_fails_with_a_reason_when_ses_cannot_write_the_address(desk: Desk, address: str) -> None:
    desk.handle(mail_requested(recipient=address))
    assert desk.send() == []
    assert (desk.only().status, desk.only().reason) == ("failed", "address_not_supported")


def test_a_domain_goes_as_punycode_when_it_is_not_ascii(desk: Desk) -> None:
    desk.handle(mail_requested(recipient="rui@bücher.example"))
    (sent,) = desk.send()
    assert sent.recipient == "rui@xn--bcher-kva.example"


def test_no_money_can_get_into_a_mail_when_facts_carry_more_than_they_should(desk: Desk) -> None:
    desk.organization()
    message = assigned()
    body = json.loads(message.model_dump_json())
    body["event"]["revenue"] = 9_876_543
    desk.handle(type(message).model_validate(body))
    (sent,) = desk.send()
    assert b"9876543" not in sent.raw
    assert all("9876543" not in row.all for row in desk.rows("SELECT row_to_json(d)::text AS all FROM deliveries d"))
