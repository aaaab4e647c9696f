"""Turns between organisations, and the rate all of them share."""

from muster_notifications.sending.rate import SendRate
from services.notifications.tests.support import ORG, OTHER_ORG, Desk, assigned, event_facts, mail_requested


def test_the_small_one_is_not_behind_the_big_one_when_both_have_mails(desk: Desk) -> None:
    desk.handle(*(assigned(email=f"a{number}@x.test") for number in range(60)))
    other = event_facts(org_id=OTHER_ORG)
    desk.handle(*(assigned(event=other, email=f"b{number}@x.test") for number in range(5)))
    desk.handle(mail_requested())
    first = desk.claims.claim(12)
    lanes = [mail.org_id for mail in first]
    assert lanes.count(OTHER_ORG) >= 4
    assert lanes.count(None) == 1
    assert lanes.count(ORG) >= 4


def test_every_organisation_has_its_turn_when_there_are_more_than_fit_a_claim(desk: Desk) -> None:
    for number in range(6):
        org_id = ORG.__class__(int=ORG.int + number)
        desk.handle(*(assigned(event=event_facts(org_id=org_id), email=f"{number}-{i}@x.test") for i in range(3)))
    served = [mail.org_id for _ in range(3) for mail in desk.claims.claim(2)]
    assert len(set(served)) == 6


def test_no_more_go_than_the_rate_allows_when_many_are_wanted(desk: Desk) -> None:
    rate = SendRate(desk.database, per_second=10)
    assert rate.take(25) == 10
    assert rate.take(25) == 0
    rate.give_back(4)
    assert rate.take(25) == 4


def test_one_still_goes_when_the_rate_is_slow(desk: Desk) -> None:
    rate = SendRate(desk.database, per_second=0.1)
    assert rate.take(5) == 1
    assert rate.take(5) == 0


def test_nobody_sends_for_a_while_when_ses_said_it_is_too_much(desk: Desk) -> None:
    rate = SendRate(desk.database, per_second=1000)
    rate.pause(30)
    assert rate.take(1) == 0


def test_an_idle_sender_writes_nothing_when_there_is_nothing_to_send(desk: Desk) -> None:
    desk.run("DELETE FROM send_rate")
    desk.send()
    assert desk.rows("SELECT count(*) AS n FROM send_rate")[0].n == 0
    desk.handle(mail_requested())
    assert len(desk.send()) == 1, "the control"
    assert desk.rows("SELECT count(*) AS n FROM send_rate")[0].n == 1
