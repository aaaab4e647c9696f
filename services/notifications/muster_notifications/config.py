"""Settings of the notifications service."""

from email.utils import parseaddr
from typing import Annotated

from pydantic import AfterValidator, Field

from muster_shared.settings import Secret, Settings


def _sender(value: str) -> str:
    _, address = parseaddr(value)
    if "@" not in address or not value.isascii():
        raise ValueError("must be an address, as Muster <no-reply@example.org>")
    return value


class NotificationsSettings(Settings):
    """What notifications reads beside what every service does.

    `ses_rate_per_second` is the account's own maximum (`aws ses get-send-quota`), shared by all workers.
    `send_lease_seconds` is how long a claimed mail is left to its worker before SES was called;
    `ses_unknown_seconds` how long after the call without an answer SES's events are waited for before the mail is
    sent again. `resend_after_seconds` is how long an accepted mail may still be on its way.
    """

    link_secret: Secret
    mail_from: Annotated[str, AfterValidator(_sender)] = "Muster <no-reply@muster.example>"
    ses_configuration_set: str = Field(default="muster", pattern=r"^[A-Za-z0-9_-]{1,64}$")
    ses_rate_per_second: float = Field(default=200.0, gt=0, le=100_000)
    send_concurrency: int = Field(default=16, ge=1, le=64)
    send_lease_seconds: float = Field(default=60.0, ge=1, le=3600)
    ses_unknown_seconds: float = Field(default=300.0, ge=1, le=86_400)
    resend_after_seconds: float = Field(default=900.0, ge=0, le=86_400)
    local_mailbox_url: str | None = None
