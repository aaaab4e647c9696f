"""The one link of a mail, made when it is sent and kept nowhere."""

from datetime import datetime, timedelta
from urllib.parse import quote
from uuid import UUID

from muster_notifications.sending.claims import Claimed
from muster_notifications.templates.registry import TEMPLATES, Link
from muster_shared import clock
from muster_shared.auth import links
from muster_shared.auth.internal import InternalClient
from muster_shared.messages.events import EventFacts

# A call sheet serves until the work is over and a little longer, for hours and photos; a ticket is a keepsake.
_CALL_SHEET_OUTLIVES = timedelta(days=3)
_REGISTRATION_OUTLIVES = timedelta(days=30)
_UNSUBSCRIBE_LASTS = timedelta(days=400)
_ACTION_PATHS = {
    Link.VERIFY_EMAIL: "/verify-email",
    Link.RESET_PASSWORD: "/reset-password",
    Link.INVITATION: "/invitations",
}
_PAGES = {Link.SIGN_IN: "/sign-in", Link.FORGOT_PASSWORD: "/forgot-password"}


class NoLongerValid(Exception):
    """What the link would be for has been used, withdrawn or has expired."""


class Links:
    """Makes links at the public origin."""

    def __init__(self, *, origin: str, secret: str, auth: InternalClient | None) -> None:
        self._origin = origin
        self._secret = secret
        self._auth = auth

    def of(self, mail: Claimed) -> str | None:
        """The address a mail's button leads to; None for one without. Raises `NoLongerValid`.

        Raises `InternalUnavailable` when auth, which makes the tokens of account mails, does not answer.
        """
        kind = TEMPLATES[mail.template].link
        if kind is Link.NONE:
            return None
        if kind is Link.CALL_SHEET:
            return self._capability("/c/", "crew-link", mail.assignment_id, mail, _CALL_SHEET_OUTLIVES)
        if kind is Link.REGISTRATION:
            return self._capability(
                "/registrations/", "registration-link", mail.registration_id, mail, _REGISTRATION_OUTLIVES
            )
        if kind is Link.DASHBOARD_EVENT:
            return f"{self._origin}/events/{mail.event_id}"
        if kind in _PAGES:
            return self._origin + _PAGES[kind]
        return f"{self._origin}{_ACTION_PATHS[kind]}?token={quote(self._action_token(mail.action_id))}"

    def unsubscribe(self, delivery_id: UUID) -> str:
        """The one-click address of a delivery's kind of mail (RFC 8058)."""
        token = links.mint(
            secret=self._secret,
            audience="unsubscribe",
            subject=delivery_id,
            version=1,
            expires_at=clock.now() + _UNSUBSCRIBE_LASTS,
        )
        return f"{self._origin}/u/{token}"

    def _capability(self, path: str, audience: str, subject: UUID | None, mail: Claimed, outlives: timedelta) -> str:
        if subject is None or mail.link_version is None:
            raise NoLongerValid
        token = links.mint(
            secret=self._secret,
            audience=audience,
            subject=subject,
            version=mail.link_version,
            expires_at=_ends_at(mail) + outlives,
        )
        return self._origin + path + token

    def _action_token(self, action_id: UUID | None) -> str:
        if action_id is None or self._auth is None:
            raise NoLongerValid
        made = self._auth.post(f"/internal/action-tokens/{action_id}/mint", {})
        if made is None:
            raise NoLongerValid
        return str(made["token"])


def _ends_at(mail: Claimed) -> datetime:
    event = EventFacts.model_validate(mail.context["event"])
    return max(event.ends_at, clock.now())
