"""Stored mails: newest first, by recipient, bounded; and LocalStack's in the same shape."""

import io
import json
import urllib.request
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from local.edge import mailbox
from local.edge.mailbox import LocalStackMailbox, MailDirectory


def _mail(subject: str, *, to: str = "Ann <ann@crew.example>", html: str = "<p>Hé</p>") -> bytes:
    mail = EmailMessage()
    mail["From"] = "Muster <muster@muster.example>"
    mail["To"] = to
    mail["Subject"] = subject
    mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail["Message-ID"] = f"<{subject}@email.example>"
    mail.set_content("Come at 8 €", cte="quoted-printable")
    mail.add_alternative(html, subtype="html", cte="quoted-printable")
    return mail.as_bytes()


@pytest.fixture
def mails(tmp_path: Path) -> MailDirectory:
    return MailDirectory(tmp_path / "mails")


def test_mail_is_given_with_all_its_parts_when_it_was_stored(mails: MailDirectory) -> None:
    mails.store(_mail("Charter"), ["ann@crew.example", "bcc@crew.example"])
    (item,) = mails.newest(to=None, limit=10)
    assert item["id"] == "Charter@email.example"
    assert item["to"] == ["ann@crew.example", "bcc@crew.example"]
    assert (item["subject"], item["text"].strip(), item["html"].strip()) == ("Charter", "Come at 8 €", "<p>Hé</p>")
    assert item["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert not any("envelope" in name.lower() for name in item["headers"])
    assert item["sent_at"].endswith("Z")


def test_mails_come_newest_first_when_there_are_several(mails: MailDirectory) -> None:
    for number in range(5):
        mails.store(_mail(f"s{number}"), ["ann@crew.example"])
    assert [item["subject"] for item in mails.newest(to=None, limit=3)] == ["s4", "s3", "s2"]


def test_mails_of_others_are_left_out_when_an_address_is_asked(mails: MailDirectory) -> None:
    mails.store(_mail("hers"), ["Ann@crew.example"])
    mails.store(_mail("his"), ["bob@crew.example"])
    mails.store(_mail("joann's"), ["joann@crew.example"])
    assert [item["subject"] for item in mails.newest(to="ann@CREW.example", limit=10)] == ["hers"]


def test_oldest_mails_go_when_there_are_too_many(mails: MailDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailbox, "KEPT_MAILS", 10)
    for number in range(mailbox._PRUNE_EVERY):
        mails.store(_mail(f"s{number}"), ["ann@crew.example"])
    kept = [item["subject"] for item in mails.newest(to=None, limit=100)]
    assert kept == [f"s{number}" for number in range(mailbox._PRUNE_EVERY - 1, mailbox._PRUNE_EVERY - 11, -1)]


def test_mail_is_given_when_it_has_only_text(mails: MailDirectory) -> None:
    mails.store(b"From: a@b.example\r\nTo: c@d.example\r\nSubject: s\r\n\r\nplain\r\n", ["c@d.example"])
    (item,) = mails.newest(to=None, limit=1)
    assert (item["text"].strip(), item["html"]) == ("plain", "")


def test_half_written_mail_is_not_given_when_the_writer_was_cut_off(mails: MailDirectory, tmp_path: Path) -> None:
    (tmp_path / "mails" / ".00000000000000000001-000000.eml").write_bytes(b"half")
    assert mails.newest(to=None, limit=10) == []


def _localstack(monkeypatch: pytest.MonkeyPatch, records: list[dict[str, Any]]) -> LocalStackMailbox:
    answer = io.BytesIO(json.dumps({"messages": records}).encode())
    monkeypatch.setattr(urllib.request, "urlopen", lambda _url, timeout: answer)
    return LocalStackMailbox("http://aws.example/_aws/ses")


def test_localstack_mails_have_the_same_shape_when_read(monkeypatch: pytest.MonkeyPatch, mails: MailDirectory) -> None:
    raw = _mail("Charter")
    mails.store(raw, ["ann@crew.example"])
    (expected,) = mails.newest(to=None, limit=1)
    record = {"Id": "m1", "RawData": raw.decode(), "Timestamp": "2026-11-21T01:02:03"}
    (item,) = _localstack(monkeypatch, [record]).newest(to="ann@crew.example", limit=5)
    assert item == expected | {"id": "m1", "sent_at": "2026-11-21T01:02:03.000Z"}


def test_localstack_mails_come_newest_first_when_two_share_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    records = [
        {"Id": name, "RawData": _mail(name).decode(), "Timestamp": f"2026-11-21T01:02:{second:02d}"}
        for name, second in (("a", 3), ("b", 3), ("c", 1))
    ]
    found = _localstack(monkeypatch, records).newest(to=None, limit=2)
    assert [item["id"] for item in found] == ["b", "a"]
