"""Crew links: what a token in an address opens."""

from muster_events.crew.errors import DeadLink, UnknownLink
from muster_shared.auth.links import LinkClaims, LinkRefused, verify

AUDIENCE = "crew-link"


def read_link(token: str, *, secret: str) -> LinkClaims:
    """What `token` names. Raises `UnknownLink` for one that is forged or altered, `DeadLink` for an expired one."""
    try:
        return verify(secret=secret, audience=AUDIENCE, token=token)
    except LinkRefused as refused:
        if refused.expired:
            raise DeadLink(extra={"reason": "over"}) from None
        raise UnknownLink from None
