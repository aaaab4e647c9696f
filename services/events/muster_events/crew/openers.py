"""Telling machines that open links (mail scanners, previews, prefetchers) from people, for the trace only.

Nothing depends on the verdict: opening a link changes nothing, whoever does it.
"""

import re
from collections.abc import Mapping

_MACHINES = re.compile(
    r"bot\b|crawl|spider|scan|preview|prefetch|headless|phantom|puppeteer|playwright|selenium|curl|wget|python|java/"
    r"|okhttp|go-http|libwww|httpclient|axios|node|ruby|perl|safelinks|barracuda|mimecast|proofpoint|urldefense"
    r"|symantec|trendmicro|fortinet|ironport|cisco|google-safety|slack|whatsapp|telegram|facebookexternalhit"
    r"|skypeuri|teams|linkedin|monitor|validator|fetch",
    re.IGNORECASE,
)
_CHROMIUM = re.compile(r"Chrom(e|ium)/(\d+)")
_SENDS_FETCH_METADATA = 80


def looks_like_machine(*, method: str, headers: Mapping[str, str]) -> bool:
    """Whether a GET or HEAD of a call sheet has the marks of a program rather than of a person's browser."""
    if method == "HEAD":
        return True
    agent = headers.get("User-Agent", "")
    if not agent.startswith("Mozilla/") or _MACHINES.search(agent):
        return True
    if "prefetch" in (headers.get("Sec-Purpose", "") + headers.get("Purpose", "") + headers.get("X-Moz", "")):
        return True
    if not headers.get("Accept-Language") or "text/html" not in headers.get("Accept", ""):
        return True
    if headers.get("Sec-Fetch-Dest", "document") not in {"document", "empty"}:
        return True
    chromium = _CHROMIUM.search(agent)
    claims_new = chromium is not None and int(chromium[2]) >= _SENDS_FETCH_METADATA
    return claims_new and "Sec-Fetch-Mode" not in headers
