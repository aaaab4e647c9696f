"""What a POST to the call sheet has to be: a press on our own page, or a program that was given the link.

Whoever holds the link may act, and nobody else: the link is in the address, no cookie or other credential that a
browser would add by itself plays a part. So a nonce in the form would guard nothing more. What is guarded against
is a machine acting in a person's place. Scanners open links by GET and HEAD, run the page's script, and follow
links; none of that reaches a POST, because the page holds no link to one and sends none without a press. A form on
somebody else's page, or one inside a mail, is refused by what browsers say of where a request comes from.
"""

from collections.abc import Mapping

from muster_events.crew.errors import CrossSite

_OURS = frozenset({"same-origin", "none"})


def check_same_site(headers: Mapping[str, str], *, public_origin: str) -> None:
    """Raises `CrossSite` when the browser says that another site's page sent the request.

    Programs that are no browsers say nothing and are let through. `Origin: null` is what a browser sends for a
    form of a page without referrer, which ours is, so there `Sec-Fetch-Site` decides.
    """
    site = headers.get("Sec-Fetch-Site")
    if site is not None:
        if site not in _OURS:
            raise CrossSite
        return
    origin = headers.get("Origin")
    if origin not in {None, "null", public_origin}:
        raise CrossSite
