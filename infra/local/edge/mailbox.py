"""The mails of a local stack, in one shape whichever stand-in took them."""

import json
import os
import re
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

KEPT_MAILS = 5000
_PRUNE_EVERY = 200
_COMPLETE = re.compile(r"[0-9]{20}-[0-9]+\.eml")
_ENVELOPE_HEADER = "X-Muster-Envelope-To"
_FETCH_TIMEOUT_SECONDS = 5

Mail = dict[str, Any]


class Mailbox(Protocol):
    """Where sent mails can be read."""

    def newest(self, *, to: str | None, limit: int) -> list[Mail]:
        """At most `limit` mails, newest first; `to` is one address."""


class MailDirectory:
    """One file per mail, named by the time it came. Keeps the newest `KEPT_MAILS`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._directory.mkdir(parents=True, exist_ok=True)
        self._stored = 0

    def store(self, content: bytes, recipients: list[str]) -> None:
        """Keeps a mail as it came over SMTP, with the addresses of its envelope."""
        name = f"{time.time_ns():020d}-{self._stored:06d}.eml"
        partial = self._directory / f".{name}"
        partial.write_bytes(f"{_ENVELOPE_HEADER}: {', '.join(recipients)}\r\n".encode() + content)
        partial.replace(self._directory / name)
        self._stored += 1
        if self._stored % _PRUNE_EVERY == 0:
            self._prune()

    def _prune(self) -> None:
        for name in self._names()[KEPT_MAILS:]:
            (self._directory / name).unlink(missing_ok=True)

    def _names(self) -> list[str]:
        """Newest first."""
        return sorted(
            (entry.name for entry in os.scandir(self._directory) if _COMPLETE.fullmatch(entry.name)),
            reverse=True,
        )

    def newest(self, *, to: str | None, limit: int) -> list[Mail]:
        """See `Mailbox.newest`."""
        return list(_first(self._matching(to), limit))

    def _matching(self, to: str | None) -> Iterator[Mail]:
        for name in self._names():
            path = str(self._directory / name)
            if to is None or to.casefold() in _recipients(path):
                mail = parsed(Path(path).read_bytes())
                sent_at = datetime.fromtimestamp(int(name[:20]) / 1e9, tz=UTC)
                yield {"id": _id(mail, fallback=name.removesuffix(".eml")), **_shape(mail), "sent_at": _utc(sent_at)}


@dataclass(frozen=True)
class LocalStackMailbox:
    """LocalStack's own memory of what SES took; gone when LocalStack stops."""

    url: str

    def newest(self, *, to: str | None, limit: int) -> list[Mail]:
        """See `Mailbox.newest`. Raises `OSError` when LocalStack does not answer."""
        with urllib.request.urlopen(self.url, timeout=_FETCH_TIMEOUT_SECONDS) as answer:
            records = json.load(answer)["messages"]
        # Its timestamps are whole seconds; within one, later records are newer.
        ordered = sorted(enumerate(records), key=lambda pair: (pair[1]["Timestamp"], pair[0]), reverse=True)
        matching = (
            mail for _, record in ordered if (mail := _from_localstack(record)) and (to is None or _is_for(mail, to))
        )
        return list(_first(matching, limit))


def _from_localstack(record: dict[str, Any]) -> Mail | None:
    if "RawData" not in record:
        return None
    mail = _shape(parsed(record["RawData"].encode()))
    sent_at = datetime.fromisoformat(record["Timestamp"])
    return {"id": record["Id"], **mail, "sent_at": _utc(sent_at if sent_at.tzinfo else sent_at.replace(tzinfo=UTC))}


def _is_for(mail: Mail, to: str) -> bool:
    return to.casefold() in {address.casefold() for address in mail["to"]}


def _first(mails: Iterator[Mail], limit: int) -> Iterator[Mail]:
    for _, mail in zip(range(limit), mails, strict=False):
        yield mail


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@lru_cache(maxsize=KEPT_MAILS)
def _recipients(path: str) -> frozenset[str]:
    """The addresses of one stored mail, in lower case; a stored mail never changes."""
    with Path(path).open("rb") as file:
        head = file.readline(16 * 1024).decode("utf-8", "replace")
    value = head.partition(":")[2]
    return frozenset(address.casefold() for _, address in getaddresses([value]) if address)


def parsed(raw: bytes) -> EmailMessage:
    """The mail, its headers decoded."""
    return message_from_bytes(raw, policy=policy.default)


def _id(mail: EmailMessage, *, fallback: str) -> str:
    return str(mail.get("Message-ID", "")).strip().strip("<>") or fallback


def _shape(mail: EmailMessage) -> Mail:
    envelope = mail.get(_ENVELOPE_HEADER)
    del mail[_ENVELOPE_HEADER]
    named = [str(value) for name in ("To", "Cc") for value in mail.get_all(name, [])]
    recipients = [address for _, address in getaddresses([str(envelope)] if envelope else named) if address]
    return {
        "to": recipients,
        "subject": str(mail.get("Subject", "")),
        "text": _part(mail, "plain"),
        "html": _part(mail, "html"),
        "headers": {name: str(value) for name, value in reversed(mail.items())},
    }


def _part(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body(preferencelist=(kind,))
    return str(body.get_content()) if body is not None else ""
