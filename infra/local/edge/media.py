"""The media role: photos, banners and albums, for a signed URL only."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

from werkzeug.wrappers import Request, Response

from local.edge.signing import Refused, Verifier
from local.edge.storage import Storage

# Originals (o/) are never served, signed or not.
_SERVED = ("p/", "z/", "b/")


@dataclass(frozen=True)
class Media:
    """The bucket, and whose signatures open it."""

    storage: Storage
    bucket: str
    public_origin: str
    verifier: Verifier
    clock: Callable[[], float] = time.time

    def answer(self, request: Request, target: str) -> Response:
        """GET or HEAD of `target`, the raw path and query. Raises `StorageDown`."""
        if request.method not in ("GET", "HEAD"):
            return self._protected(Response(status=405, headers={"Allow": "GET, HEAD"}))
        now = self.clock()
        try:
            expires = self.verifier.check(target, now_seconds=now)
        except Refused:
            return self._denied()
        key = unquote(target.partition("?")[0]).removeprefix("/")
        if not key.startswith(_SERVED):
            return self._denied()
        found = self.storage.read(
            self.bucket,
            key,
            etag=request.headers.get("If-None-Match"),
            span=request.headers.get("Range"),
        )
        headers = dict(found.headers) | {
            "Cache-Control": f"private, max-age={max(0, int(expires - now))}",
            "Accept-Ranges": "bytes",
        }
        chunks = iter(()) if request.method == "HEAD" else found.chunks
        return self._protected(Response(chunks, status=found.status, headers=headers, direct_passthrough=True))

    def _denied(self) -> Response:
        body = "<?xml version='1.0' encoding='UTF-8'?><Error><Code>AccessDenied</Code></Error>"
        response = Response(body, status=403, content_type="application/xml")
        response.headers["Cache-Control"] = "no-store"
        return self._protected(response)

    def _protected(self, response: Response) -> Response:
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
        response.headers["Cross-Origin-Resource-Policy"] = "same-site"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Access-Control-Allow-Origin"] = self.public_origin
        response.headers.add("Vary", "Origin")
        return response
