"""The one-click unsubscribe address (RFC 8058), for mail programs and for people."""

from http import HTTPStatus
from importlib import resources
from uuid import UUID

from flask import Response
from jinja2 import Environment
from sqlalchemy.orm import Session

from muster_notifications.parts import NotificationsParts
from muster_notifications.suppressions.use_cases import unsubscribe
from muster_shared.auth.guards import public
from muster_shared.auth.links import LinkRefused, verify
from muster_shared.web import Routes
from muster_shared.web.app import part
from muster_shared.web.html import html_response

routes = Routes("unsubscribe", prefix="/u", tag="unsubscribe")
_PAGES = Environment(autoescape=True)


@routes.page("/<token>", guard=public(), summary="The page behind an unsubscribe link")
def unsubscribe_page(*, token: str) -> Response:
    """A page with a button. Opening it, by whatever program, changes nothing."""
    return _page("confirm" if _subject(token) is not None else "invalid")


@routes.post("/<token>", guard=public(), hidden=True, summary="Unsubscribe in one click")
def unsubscribe_now(*, token: str, session: Session) -> Response:
    """What a mail program or the page's button posts. The token alone says who and what; the body is not read."""
    claims = _subject(token)
    if claims is None or not unsubscribe(session, claims):
        return _page("invalid")
    return _page("done")


def _subject(token: str) -> UUID | None:
    secret = part(NotificationsParts).settings.link_secret.get_secret_value()
    try:
        return verify(secret=secret, audience="unsubscribe", token=token).subject
    except LinkRefused:
        return None


def _page(state: str) -> Response:
    source = resources.files(__package__).joinpath("page.html").read_text(encoding="utf-8")
    status = HTTPStatus.NOT_FOUND if state == "invalid" else HTTPStatus.OK
    return html_response(_PAGES.from_string(source).render(state=state), status=status)
