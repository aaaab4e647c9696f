"""The media role: photos, banners and albums, for a signed URL only."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from werkzeug.wrappers import Request, Response

from local.edge.storage import Storage
from muster_shared import clock
from muster_shared.aws.cloudfront import Refused, verify

# Originals (o/) are never served, signed or not.
_SERVED = ("/p/", "/z/", "/b/")
_EXPIRES = re.compile(r"\?Expires=([0-9]+)&")


@dataclass(frozen=True)
class Media:
    """The bucket, and whose signatures open it."""

    storage: Storage
    bucket: str
    public_origin: str
    media_origin: str
    keys: Mapping[str, EllipticCurvePublicKey]

    def answer(self, request: Request, target: str) -> Response:
        """GET or HEAD of `target`, the raw path and query. Raises `StorageDown`."""
        if request.method not in ("GET", "HEAD"):
            return self._protected(Response(status=405, headers={"Allow": "GET, HEAD"}))
        now = clock.now()
        try:
            path = verify(target, origin=self.media_origin, keys=self.keys, now=now)
        except Refused:
            return self._denied()
        expires = _EXPIRES.search(target)
        if expires is None or not path.startswith(_SERVED):
            return self._denied()
        found = self.storage.read(
            self.bucket,
            path.removeprefix("/"),
            etag=request.headers.get("If-None-Match"),
            span=request.headers.get("Range"),
        )
        left_seconds = max(0, int(int(expires[1]) - now.timestamp()))
        headers = {**found.headers, "Cache-Control": f"private, max-age={left_seconds}", "Accept-Ranges": "bytes"}
        if request.method == "HEAD":
            found = found.without_body()
        return self._protected(Response(found.chunks, status=found.status, headers=headers, direct_passthrough=True))

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
