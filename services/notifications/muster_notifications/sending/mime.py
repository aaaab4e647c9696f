"""From a rendered mail to the bytes SES takes (RFC 5322, 2045 to 2047).

Written out here, for the standard library's message classes take four milliseconds of processor time for a mail.
"""

import base64
from dataclasses import dataclass
from email.header import Header
from email.utils import format_datetime, parseaddr
from secrets import token_hex

from muster_notifications.sending.claims import Claimed
from muster_notifications.templates.registry import Calendar
from muster_notifications.templates.rendering import Rendered
from muster_shared import clock

ATTEMPT_HEADER = "X-Muster-Attempt"
DELIVERY_HEADER = "X-Muster-Delivery"
_LONGEST_PLAIN = 200
_FOLD = "\r\n"


class UnsupportedAddress(ValueError):
    """SES cannot take this address (its part before the @ is not ASCII), or it is none."""


@dataclass(frozen=True)
class Attachment:
    """A calendar file and what it does."""

    content: bytes
    method: Calendar


@dataclass(frozen=True)
class Envelope:
    """Whom SES is told the mail is from and to, as plain ASCII."""

    sender: str
    recipient: str


@dataclass(frozen=True)
class MimeBuilder:
    """Builds mails from `mail_from`."""

    mail_from: str

    def envelope(self, mail: Claimed) -> Envelope:
        """Raises `UnsupportedAddress`."""
        return Envelope(sender=parseaddr(self.mail_from)[1], recipient=_ascii(mail.recipient))

    def build(
        self,
        mail: Claimed,
        rendered: Rendered,
        *,
        organization: str | None,
        reply_to: str | None = None,
        attachment: Attachment | None,
        unsubscribe: str | None,
    ) -> bytes:
        """The whole mail. SES puts its own Message-ID over ours; the attempt's id is in a header and a tag too."""
        envelope = self.envelope(mail)
        name, sender = parseaddr(self.mail_from)
        headers = [
            ("Subject", _encoded(rendered.subject)),
            ("From", _mailbox(organization or name, sender)),
            ("To", _mailbox(mail.recipient_name, envelope.recipient)),
            ("Date", format_datetime(clock.now())),
            ("Message-ID", f"<{mail.attempt_id}@{sender.rpartition('@')[2]}>"),
            (DELIVERY_HEADER, str(mail.id)),
            (ATTEMPT_HEADER, str(mail.attempt_id)),
            ("X-SES-MESSAGE-TAGS", f"delivery={mail.id}, attempt={mail.attempt_id}, template={mail.template}"),
            ("Auto-Submitted", "auto-generated"),
        ]
        if reply_to is not None:
            headers += _reply_to(organization or "", reply_to)
        if mail.request_id:
            headers.append(("X-Request-Id", _encoded(mail.request_id)))
        if unsubscribe is not None:
            # RFC 8058: both headers, and a POST to the address does it.
            headers.append(("List-Unsubscribe", f"<{unsubscribe}>"))
            headers.append(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
        words = _multipart(
            "alternative",
            [
                _part("text/plain; charset=utf-8", rendered.text.encode()),
                _part("text/html; charset=utf-8", rendered.html.encode()),
            ],
        )
        if attachment is None:
            body = words
        else:
            kind = f'text/calendar; charset=utf-8; method={attachment.method.value}; name="event.ics"'
            file = _part(kind, attachment.content, extra='Content-Disposition: attachment; filename="event.ics"\r\n')
            body = _multipart("mixed", [words, file])
        lines = "".join(f"{title}: {value}\r\n" for title, value in headers)
        return lines.encode("ascii") + b"MIME-Version: 1.0\r\n" + body


def _reply_to(name: str, address: str) -> list[tuple[str, str]]:
    """The header; none for an address that no header can have in ASCII: the mail goes all the same."""
    try:
        return [("Reply-To", _mailbox(name, _ascii(address)))]
    except UnsupportedAddress:
        return []


def _multipart(kind: str, parts: list[bytes]) -> bytes:
    boundary = token_hex(16)
    head = f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n'.encode()
    mark = f"--{boundary}\r\n".encode()
    return head + b"".join(mark + part + b"\r\n" for part in parts) + f"--{boundary}--\r\n".encode()


def _part(content_type: str, content: bytes, *, extra: str = "") -> bytes:
    # Base64 keeps every line short and every byte as it is, whatever the words are.
    head = f"Content-Type: {content_type}\r\nContent-Transfer-Encoding: base64\r\n{extra}\r\n"
    return head.encode() + base64.encodebytes(content).replace(b"\n", b"\r\n")


def _encoded(text: str) -> str:
    """A header's text: one line, as it is or by RFC 2047."""
    line = _line(text)
    return line if line.isascii() and len(line) < _LONGEST_PLAIN else Header(line, "utf-8").encode(linesep=_FOLD)


def _mailbox(name: str, address: str) -> str:
    """`"Name" <address>` (RFC 5322, 3.4); the name alone is anybody's."""
    line = _line(name)
    if not line:
        return address
    if not line.isascii():
        return f"{Header(line, 'utf-8').encode(linesep=_FOLD)} <{address}>"
    escaped = line.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}" <{address}>'


def _line(text: str) -> str:
    # No line break and no other control character gets into a header.
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _ascii(address: str) -> str:
    local, at, domain = address.strip().rpartition("@")
    if not at or not local.isascii() or not local:
        raise UnsupportedAddress
    try:
        return f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError as error:
        raise UnsupportedAddress from error
