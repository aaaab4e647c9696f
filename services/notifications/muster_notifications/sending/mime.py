"""From a rendered mail to the bytes SES takes."""

from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from muster_notifications.sending.claims import Claimed
from muster_notifications.templates.registry import Calendar
from muster_notifications.templates.rendering import Rendered
from muster_shared import clock

ATTEMPT_HEADER = "X-Muster-Attempt"
DELIVERY_HEADER = "X-Muster-Delivery"


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
    """Builds mails from `mail_from`, counted by the configuration set."""

    mail_from: str
    configuration_set: str

    def envelope(self, mail: Claimed) -> Envelope:
        """Raises `UnsupportedAddress`."""
        return Envelope(sender=parseaddr(self.mail_from)[1], recipient=_ascii(mail.recipient))

    def build(
        self,
        mail: Claimed,
        rendered: Rendered,
        *,
        organization: str | None,
        attachment: Attachment | None,
        unsubscribe: str | None,
    ) -> bytes:
        """The whole mail. SES puts its own Message-ID over ours; the attempt's id is in a header and a tag too."""
        envelope = self.envelope(mail)
        name, sender = parseaddr(self.mail_from)
        message = EmailMessage(policy=SMTP)
        message["Subject"] = _line(rendered.subject)
        message["From"] = _address(organization or name, sender)
        message["To"] = _address(mail.recipient_name, envelope.recipient)
        message["Date"] = format_datetime(clock.now())
        message["Message-ID"] = f"<{mail.attempt_id}@{sender.rpartition('@')[2]}>"
        message[DELIVERY_HEADER] = str(mail.id)
        message[ATTEMPT_HEADER] = str(mail.attempt_id)
        message["X-SES-CONFIGURATION-SET"] = self.configuration_set
        message["X-SES-MESSAGE-TAGS"] = f"delivery={mail.id}, attempt={mail.attempt_id}, template={mail.template}"
        message["Auto-Submitted"] = "auto-generated"
        if mail.request_id:
            message["X-Request-Id"] = _line(mail.request_id)
        if unsubscribe is not None:
            # RFC 8058: both headers, and a POST to the address does it.
            message["List-Unsubscribe"] = f"<{unsubscribe}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message.set_content(rendered.text, cte="quoted-printable")
        message.add_alternative(rendered.html, subtype="html", cte="base64")
        if attachment is not None:
            message.add_attachment(
                attachment.content,
                maintype="text",
                subtype="calendar",
                filename="event.ics",
                params={"charset": "utf-8", "method": attachment.method.value},
            )
        return message.as_bytes()


def _address(name: str, address: str) -> Address:
    local, _, domain = address.rpartition("@")
    return Address(display_name=_line(name), username=local, domain=domain)


def _line(text: str) -> str:
    return " ".join(text.split())


def _ascii(address: str) -> str:
    local, at, domain = address.strip().rpartition("@")
    if not at or not local.isascii() or not local:
        raise UnsupportedAddress
    try:
        return f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError as error:
        raise UnsupportedAddress from error
