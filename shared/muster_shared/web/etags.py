"""ETags: by content for what clients poll, by version for what they edit (RFC 9110, section 13)."""

import hashlib
import re

from flask import Request, Response

from muster_shared.problems import FieldError, Invalid, PreconditionFailed, PreconditionRequired

# Of more at once hashlib lets other threads run meanwhile, which under load costs several times the hash.
_AT_ONCE_BYTES = 2047
_VERSION_TAG = re.compile(r'(?:W/)?"v(\d{1,18})(?:-[0-9a-f]{1,64})?"\Z')


def version_etag(version: int, *, content: bytes | None = None) -> str:
    """The ETag of a row's version.

    `content` is the answer where that holds more than the row, so that a poll sees the rest change too; for
    `If-Match` the version alone counts.
    """
    if content is None:
        return f'"v{version}"'
    return f'"v{version}-{_digest(content)}"'


def content_etag(content: bytes) -> str:
    """The ETag of an answer's bytes."""
    return f'"{_digest(content)}"'


def _digest(content: bytes) -> str:
    found = hashlib.blake2b(digest_size=12)
    for start in range(0, len(content), _AT_ONCE_BYTES):
        found.update(content[start : start + _AT_ONCE_BYTES])
    return found.hexdigest()


def required_version(request: Request) -> int:
    """The version that `If-Match` names. Raises `PreconditionRequired` without one, `Invalid` for another form."""
    version = wanted_version(request)
    if version is None:
        raise PreconditionRequired("send If-Match with the ETag that was read")
    return version


def wanted_version(request: Request) -> int | None:
    """The version that `If-Match` names; None without one or with `*`."""
    header = request.headers.get("If-Match")
    if header is None or header.strip() == "*":
        return None
    match = _VERSION_TAG.match(header.strip())
    if match is None:
        raise Invalid(errors=[FieldError(pointer="If-Match", detail="must be the ETag that was read")])
    return int(match[1])


def check_version(request: Request, version: int) -> None:
    """Raises `PreconditionFailed` when `If-Match` names another version than the row's."""
    wanted = wanted_version(request)
    if wanted is not None and wanted != version:
        raise PreconditionFailed


def answer_conditionally(request: Request, response: Response) -> Response:
    """Gives a JSON read an ETag, and answers 304 to a client that has the same already."""
    if request.method not in {"GET", "HEAD"} or response.status_code != 200 or response.is_streamed:
        return response
    headers = response.headers
    etag = headers.get("ETag")
    if etag is None:
        if response.mimetype != "application/json":
            return response
        etag = headers["ETag"] = content_etag(response.get_data())
    if headers.get("Cache-Control") is None:
        headers["Cache-Control"] = "private, no-cache"
    if _matches(request.environ.get("HTTP_IF_NONE_MATCH"), etag):
        response.status_code = 304
        response.response = []
        headers.remove("Content-Type")
        headers.remove("Content-Length")
    return response


def _matches(header: str | None, etag: str) -> bool:
    if not header:
        return False
    plain = etag.removeprefix("W/")
    return any(tag.strip().removeprefix("W/") in {plain, "*"} for tag in header.split(","))
