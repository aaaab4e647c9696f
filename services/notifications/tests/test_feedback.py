"""SES's events: in both shapes, twice, early, late and in any order, and what they make of a delivery."""

import itertools
from datetime import timedelta
from typing import Any

import pytest

from muster_notifications.deliveries.states import TRANSITIONS, Status, sources
from muster_notifications.feedback.handler import ses_events
from muster_notifications.sending.provider import OutcomeUnknown
from muster_shared import clock
from muster_shared.messaging.errors import Permanent
from services.notifications.tests.support import PERMANENT, TRANSIENT, Desk, Sent, assigned, ses


def one_sent(desk: Desk) -> Sent:
    desk.organization()
    desk.handle(assigned())
    (sent,) = desk.send()
    return sent


@pytest.mark.parametrize("format_", ["eventType", "notificationType"])
@pytest.mark.parametrize("tagged", [True, False])
def test_a_delivery_is_matched_when_told_in_either_shape(desk: Desk, *, format_: str, tagged: bool) -> None:
    sent = one_sent(desk)
    desk.event(ses("delivery", sent, format_=format_, tagged=tagged))
    delivery = desk.only()
    assert delivery.status == "delivered"
    assert delivery.delivered_at is not None
    assert desk.rows("SELECT count(*) AS n FROM ses_events WHERE delivery_id IS NULL")[0].n == 0


def test_an_attempt_is_matched_when_only_its_header_comes_back(desk: Desk) -> None:
    sent = one_sent(desk)
    event = ses("delivery", sent, tagged=False, message_id="another-id")
    event["mail"]["headers"] = [{"name": "X-Muster-Attempt", "value": sent.attempt_id}]
    desk.event(event)
    assert desk.only().status == "delivered"


@pytest.mark.parametrize("tagged", [True, False])
def test_an_event_is_applied_when_it_comes_before_the_answer(desk: Desk, *, tagged: bool) -> None:
    desk.organization()
    desk.handle(assigned())
    desk.provider.before = lambda mail: desk.event(ses("delivery", mail, tagged=tagged))
    desk.send()
    assert desk.only().status == "delivered"
    versions = [told["version"] for told in desk.told()]
    assert versions == sorted(set(versions))


def test_every_order_ends_alike_when_events_are_shuffled_and_doubled(desk: Desk) -> None:
    desk.organization()
    orders = list(itertools.permutations(["send", "delivery", "complaint"]))
    desk.handle(*(assigned(email=f"ana{number}@crew.test") for number in range(len(orders))))
    by_recipient = {sent.recipient: sent for sent in desk.send()}
    for number, order in enumerate(orders):
        for kind in (*order, *order):
            section: dict[str, Any] = {"feedbackId": "f"} if kind == "complaint" else {}
            desk.event(ses(kind, by_recipient[f"ana{number}@crew.test"], **section))
    assert set(desk.statuses()) == {"complained"}
    assert all(delivery.delivered_at for delivery in desk.deliveries())


def test_each_mail_ends_as_it_does_alone_when_events_are_applied_together(desk: Desk) -> None:
    desk.organization()
    desk.handle(*(assigned(email=f"ana{number}@crew.test") for number in range(5)))
    mails = sorted(desk.send(), key=lambda sent: sent.recipient)
    told = [
        ses("delivery", mails[0]),
        ses("send", mails[0]),
        ses("delivery", mails[0]),
        ses("bounce", mails[1], **PERMANENT),
        ses("delivery", mails[2], tagged=False),
        ses("complaint", mails[2], feedbackId="f"),
        ses("reject", mails[3]),
        ses("delivery", message_id="somebody-elses"),
    ]
    desk.handle_together(ses_events, *told)
    assert sorted(delivery.status for delivery in desk.deliveries()) == [
        "bounced", "complained", "delivered", "failed", "sent",
    ]  # fmt: skip
    arrived = {delivery.recipient for delivery in desk.deliveries() if delivery.delivered_at}
    assert arrived == {"ana0@crew.test", "ana2@crew.test"}
    assert {row.recipient for row in desk.rows("SELECT recipient FROM suppressions")} == {
        "ana1@crew.test", "ana2@crew.test",
    }  # fmt: skip
    assert desk.rows("SELECT count(*) AS n FROM ses_events WHERE delivery_id IS NULL")[0].n == 1
    before = len(desk.told())
    desk.handle_together(ses_events, *told)
    assert len(desk.told()) == before


def test_nothing_happens_twice_when_the_queue_delivers_a_message_again(desk: Desk) -> None:
    sent = one_sent(desk)
    event = ses("delivery", sent)
    desk.event(event, message_id="same")
    told = len(desk.told())
    desk.event(event, message_id="same")
    desk.event(event)
    assert len(desk.told()) == told
    assert desk.rows("SELECT count(*) AS n FROM ses_events")[0].n == 1


def test_an_attempt_without_an_answer_is_settled_when_ses_tells_of_it(desk: Desk) -> None:
    desk.organization()
    desk.handle(assigned())
    taken: list[Sent] = []
    desk.provider.before = taken.append
    desk.provider.script = [OutcomeUnknown("ReadTimeoutError")]
    assert desk.send() == []
    assert desk.only().status == "sending"
    desk.event(ses("send", taken[0]))
    assert desk.only().status == "sent"
    desk.run("UPDATE deliveries SET claimed_until = now() - interval '1 hour'")
    assert desk.sweep() == 0
    assert desk.send() == []


def test_a_call_without_an_answer_waits_longer_when_events_come_late(desk: Desk) -> None:
    desk.organization()
    desk.handle(assigned(), assigned(email="ben@crew.test"))
    desk.provider.script = [None, OutcomeUnknown("ReadTimeoutError")]
    (sent,) = desk.send()
    ten_minutes_ago = clock.now() - timedelta(minutes=10)
    desk.event(ses("send", sent, at=ten_minutes_ago.isoformat()))
    desk.run("UPDATE deliveries SET claimed_until = now() - interval '9 minutes' WHERE status = 'sending'")
    assert desk.sweep() == 0
    desk.run("UPDATE deliveries SET claimed_until = now() - interval '11 minutes' WHERE status = 'sending'")
    assert desk.sweep() == 1


def test_the_second_try_is_called_off_when_ses_tells_late_of_the_first(desk: Desk) -> None:
    desk.organization()
    desk.handle(assigned())
    taken: list[Sent] = []
    desk.provider.before = taken.append
    desk.provider.script = [OutcomeUnknown("ReadTimeoutError")]
    desk.send()
    desk.run("UPDATE deliveries SET claimed_until = now() - interval '1 second'")
    assert desk.sweep() == 1
    assert desk.only().status == "queued"
    desk.event(ses("delivery", taken[0]))
    assert desk.only().status == "delivered"
    assert desk.send() == []


def test_the_address_gets_no_more_mail_when_it_bounced_for_good(desk: Desk) -> None:
    sent = one_sent(desk)
    desk.event(ses("bounce", sent, **PERMANENT))
    delivery = desk.only()
    assert (delivery.status, delivery.reason) == ("bounced", "permanent_general")
    desk.handle(assigned(email="ANA@crew.test"))
    assert desk.send() == []
    assert (desk.deliveries()[1].status, desk.deliveries()[1].reason) == ("suppressed", "bounced_before")


def test_the_address_still_gets_mail_when_a_mailbox_was_only_full(desk: Desk) -> None:
    sent = one_sent(desk)
    desk.event(ses("bounce", sent, **TRANSIENT))
    assert desk.only().status == "bounced"
    desk.handle(assigned())
    assert len(desk.send()) == 1


def test_a_stranger_s_event_is_kept_apart_when_the_mail_is_not_ours(desk: Desk) -> None:
    one_sent(desk)
    desk.event(ses("bounce", message_id="somebody-elses", **PERMANENT))
    assert desk.statuses() == ["sent"]
    assert desk.rows("SELECT count(*) AS n FROM ses_events WHERE delivery_id IS NULL")[0].n == 1


def test_an_unknown_kind_of_event_changes_nothing_when_ses_invents_one(desk: Desk) -> None:
    sent = one_sent(desk)
    desk.event(ses("Subscription", sent))
    assert desk.statuses() == ["sent"]


@pytest.mark.parametrize("body", [{}, {"eventType": "Send"}, {"eventType": "Send", "mail": {}}, {"mail": {}}])
def test_it_is_for_the_dead_letter_queue_when_a_body_is_no_event(desk: Desk, body: dict[str, Any]) -> None:
    with pytest.raises(Permanent):
        desk.event(body)


def test_the_greeting_of_a_new_topic_is_let_pass(desk: Desk) -> None:
    desk.event({"notificationType": "AmazonSnsSubscriptionSucceeded", "message": "hello"})
    assert desk.rows("SELECT count(*) AS n FROM ses_events")[0].n == 0


def test_a_state_never_falls_back_whatever_follows() -> None:
    ranks = [Status.SENT, Status.DELIVERED, Status.BOUNCED, Status.COMPLAINED]
    for earlier, later in itertools.combinations(ranks, 2):
        assert later in TRANSITIONS[earlier]
        assert earlier not in TRANSITIONS[later]
    assert set(sources(Status.SENDING)) == {"queued"}
    assert not TRANSITIONS[Status.SUPPRESSED]
