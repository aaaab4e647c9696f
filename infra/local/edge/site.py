"""The site role: dashboard, published pages, and what they load, out of the private site bucket."""

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from werkzeug.wrappers import Request, Response

from local.edge.storage import Found, Storage, close

_NOT_FOUND_PAGE = (
    "<!doctype html><html lang=en><head><meta charset=utf-8><meta name=viewport content='width=device-width'>"
    "<meta name=color-scheme content='light dark'><title>Nothing here</title>"
    "<link rel=icon href=/favicon.svg type=image/svg+xml><link rel=stylesheet href=/pages/crew.css></head><body>"
    "<main class='m-page m-page-small'><section class=m-card><h1>There is no such page</h1>"
    "<p>The address may be mistyped, or the page was taken down.</p></section></main></body></html>"
)
_FOLDERS = ("assets/", "banners/", "pages/")
_SECRET_PAGES = ("/g/", "/registrations", "/invitations", "/verify-email", "/reset-password")


@dataclass(frozen=True)
class Site:
    """The bucket, and the two origins that its pages may talk to."""

    storage: Storage
    bucket: str
    public_origin: str
    media_origin: str

    def answer(self, request: Request) -> Response:
        """GET or HEAD of one path. Raises `StorageDown`."""
        if request.method not in ("GET", "HEAD"):
            return Response(status=405, headers={"Allow": "GET, HEAD"})
        key = self._key(request.path)
        found = self._read(request, key)
        if found.status == 404 and self._falls_back(key):
            found = self._read(request, "index.html")
        return self._respond(request, found)

    def _key(self, path: str) -> str:
        key = path.removeprefix("/")
        if key == "mailbox":
            return "mailbox.html"
        if key.startswith(("g/", *_FOLDERS)) or "." in key.rpartition("/")[2]:
            return key
        return "index.html"

    def _falls_back(self, key: str) -> bool:
        """A published page or a script that is missing is missing; any other path is the dashboard's own."""
        return not key.startswith(("g/", *_FOLDERS)) and key != "index.html"

    def _read(self, request: Request, key: str) -> Found:
        etag = request.headers.get("If-None-Match")
        # nginx weakens the tag of what it compresses; the object is the same.
        return self.storage.read(self.bucket, key, etag=etag.removeprefix("W/") if etag else None)

    def _respond(self, request: Request, found: Found) -> Response:
        if found.status == 404:
            response = Response(_NOT_FOUND_PAGE, status=404, content_type="text/html; charset=utf-8")
            response.headers["Cache-Control"] = "no-store"
        else:
            response = _streamed(request, found)
        self._protect(request, response)
        return response

    def _protect(self, request: Request, response: Response) -> None:
        headers = response.headers
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Content-Security-Policy"] = self._policy(request.path)
        secret = request.path.startswith(_SECRET_PAGES)
        headers["Referrer-Policy"] = "no-referrer" if secret else "strict-origin-when-cross-origin"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Permissions-Policy"] = "geolocation=(), microphone=(), payment=(), usb=()"
        headers.add("Vary", "Accept-Encoding")
        if urlsplit(self.public_origin).scheme == "https":
            headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"

    def _policy(self, path: str) -> str:
        # Mails bring their own styles; the mailbox shows them in a sandboxed frame, on a local stack only.
        styles = "'self' 'unsafe-inline'" if path == "/mailbox" else "'self'"
        return (
            "default-src 'self'; script-src 'self'; "
            f"style-src {styles}; img-src 'self' data: blob: {self.media_origin}; "
            f"connect-src 'self' {self.media_origin}; object-src 'none'; base-uri 'none'; "
            "form-action 'self'; frame-ancestors 'none'"
        )


def _streamed(request: Request, found: Found) -> Response:
    if request.method == "HEAD":
        found = found.without_body()
    headers = dict(found.headers)
    chunks = found.chunks
    if headers.get("Content-Encoding") == "gzip" and not request.accept_encodings.quality("gzip"):
        del headers["Content-Encoding"], headers["Content-Length"]
        headers["ETag"] = f"W/{headers['ETag']}"
        chunks = _gunzipped(chunks)
    return Response(chunks, status=found.status, headers=headers, direct_passthrough=True)


def _gunzipped(chunks: Iterable[bytes]) -> Iterator[bytes]:
    inflate = zlib.decompressobj(wbits=31)
    try:
        for chunk in chunks:
            yield inflate.decompress(chunk)
        yield inflate.flush()
    finally:
        close(chunks)
