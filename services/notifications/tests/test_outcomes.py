"""What SES may answer, and what becomes of the mail."""

import socket
from typing import Any

import pytest
from urllib3.util import connection

from muster_notifications.sending.provider import (
    OutcomeUnknown,
    PermanentlyRefused,
    Retryable,
    Ses,
    Throttled,
)
from muster_shared.aws.clients import Clients
from muster_shared.testing.ses import Mood, ses_stand_in
from services.notifications.tests.support import Desk, assigned, mail_requested


def send(clients: Clients, *, raw: bytes = b"Subject: x\n\nx", configuration_set: str = "muster") -> str:
    ses = Ses(clients, configuration_set=configuration_set)
    return ses.send(sender="a@muster.test", recipient="b+c@x.test", raw=raw)


@pytest.mark.parametrize(
    ("mood", "expected"),
    [
        (Mood.THROTTLE, Throttled),
        (Mood.FAIL, Retryable),
        (Mood.REFUSE, PermanentlyRefused),
        (Mood.DROP, OutcomeUnknown),
    ],
)
def test_an_answer_is_typed_when_ses_has_a_bad_day(mood: Mood, expected: type[Exception]) -> None:
    with ses_stand_in(mood=mood) as stand_in:
        with pytest.raises(expected):
            send(stand_in.clients())
        assert stand_in.calls == 1
        assert len(stand_in.taken) == (1 if mood is Mood.DROP else 0)


def test_nothing_was_sent_when_nobody_listens() -> None:
    with ses_stand_in() as stand_in:
        clients = stand_in.clients()
        assert clients.ses
    with pytest.raises(Retryable):
        send(clients)


def test_the_message_id_is_given_when_ses_takes_the_mail() -> None:
    with ses_stand_in() as stand_in:
        given = send(stand_in.clients())
        assert given == stand_in.taken[0].message_id


def test_the_mail_arrives_as_it_was_written_when_it_has_every_byte() -> None:
    raw = b"Subject: x\r\n\r\n" + bytes(range(256)) * 3
    with ses_stand_in() as stand_in:
        send(stand_in.clients(), raw=raw)
        (taken,) = stand_in.taken
    assert (taken.raw, taken.recipient) == (raw, "b+c@x.test")


def test_a_mail_does_not_wait_for_an_acknowledgement_of_its_headers(monkeypatch: pytest.MonkeyPatch) -> None:
    options: list[object] = []
    connect = connection.create_connection

    def create_connection(*arguments: Any, **named: Any) -> socket.socket:
        made = connect(*arguments, **named)
        options.append(made.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        return made

    monkeypatch.setattr(connection, "create_connection", create_connection)
    with ses_stand_in() as stand_in:
        send(stand_in.clients())
    assert options
    assert all(options)


def test_the_call_itself_names_the_configuration_set_whose_events_come_back() -> None:
    with ses_stand_in() as stand_in:
        send(stand_in.clients(), configuration_set="harbour")
        assert stand_in.taken[0].configuration_set == "harbour"


@pytest.mark.parametrize(("problem", "outcome"), [(Throttled("T"), "throttled"), (Retryable("R"), "retryable")])
def test_a_mail_waits_and_goes_when_ses_would_not_have_it_at_first(
    desk: Desk, problem: Exception, outcome: str
) -> None:
    desk.organization()
    desk.handle(assigned())
    desk.provider.script = [problem]
    assert desk.send() == []
    delivery = desk.only()
    assert delivery.status == "queued"
    assert delivery.due_at > delivery.created_at
    desk.run("UPDATE deliveries SET due_at = now(); DELETE FROM send_rate")
    assert len(desk.send()) == 1
    rows = desk.rows("SELECT outcome FROM attempts ORDER BY number")
    assert [row.outcome for row in rows] == [outcome, "accepted"]


def test_a_mail_fails_when_ses_refuses_it_for_good(desk: Desk) -> None:
    desk.handle(mail_requested())
    desk.provider.script = [PermanentlyRefused("MessageRejected")]
    desk.send()
    assert (desk.only().status, desk.only().reason) == ("failed", "refused_by_ses")


def test_a_mail_is_sent_again_when_nothing_is_heard_of_the_first(desk: Desk) -> None:
    desk.handle(mail_requested())
    desk.provider.script = [OutcomeUnknown("ReadTimeoutError")]
    desk.send()
    assert desk.sweep() == 0, "SES's events have time to speak"
    desk.run("UPDATE deliveries SET claimed_until = now() - interval '1 second'")
    assert desk.sweep() == 1
    assert len(desk.send()) == 1


def test_somebody_has_to_look_when_five_outcomes_are_unknown(desk: Desk) -> None:
    desk.handle(mail_requested())
    desk.provider.script = [OutcomeUnknown("X")] * 7
    for _ in range(7):
        desk.send()
        desk.run("UPDATE deliveries SET claimed_until = now() - interval '1 second'")
        desk.sweep()
    assert (desk.only().status, desk.only().reason) == ("failed", "outcome_unknown")
    assert len(desk.provider.script) == 2


def test_a_mail_is_given_up_when_it_was_refused_for_two_days(desk: Desk) -> None:
    desk.handle(mail_requested())
    desk.run("UPDATE deliveries SET created_at = created_at - interval '49 hours'")
    desk.provider.script = [Retryable("ServiceUnavailable")]
    desk.send()
    assert (desk.only().status, desk.only().reason) == ("failed", "not_accepted")


def test_a_claimed_mail_goes_at_once_when_its_worker_died_before_calling_ses(desk: Desk) -> None:
    desk.handle(mail_requested())
    (held,) = desk.claims.claim(10)
    assert desk.only().status == "sending"
    assert desk.send() == []
    desk.run("UPDATE deliveries SET claimed_until = now() - interval '1 second'")
    assert desk.sweep() == 1
    assert len(desk.send()) == 1
    assert desk.claims.calling(held, template_version="x") is False, "the first holder may not send any more"


def test_two_workers_never_hold_the_same_mail_when_both_claim(desk: Desk) -> None:
    desk.handle(*(mail_requested(recipient=f"r{number}@example.test") for number in range(10)))
    first, second = desk.claims.claim(6), desk.claims.claim(6)
    assert (len(first), len(second)) == (6, 4)
    assert not {mail.id for mail in first} & {mail.id for mail in second}


def test_no_connection_is_held_while_ses_is_called(desk: Desk) -> None:
    seen: list[Any] = []
    pool: Any = desk.wiring.database.engine.pool
    desk.provider.before = lambda _mail: seen.append(pool.checkedout())
    desk.handle(mail_requested())
    desk.send()
    assert seen == [0]
