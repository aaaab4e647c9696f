"""The edge as a WSGI application; nginx says in a header which role a request has."""

import importlib
import os
import re
import socket
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
from werkzeug.wrappers import Request, Response

from local.edge.mailbox import LocalStackMailbox, Mailbox, MailDirectory
from local.edge.media import Media
from local.edge.site import Site
from local.edge.storage import S3Storage, StorageDown
from muster_shared.aws.cloudfront import load_public_key

ROLE_HEADER = "X-Muster-Edge"
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}", re.ASCII)
_MOST_MAILS = 200

StartResponse = Callable[..., Any]


class Edge:
    """Chooses the role of a request and answers 503 while the buckets cannot be read."""

    def __init__(self, site: Site, media: Media, mailbox: Mailbox) -> None:
        self._site = site
        self._media = media
        self._mailbox = mailbox

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """WSGI."""
        request = Request(environ)
        try:
            response = self._answer(request, _raw_target(environ))
        except StorageDown:
            response = Response("Temporarily unavailable\n", status=503, headers={"Retry-After": "2"})
        given = request.headers.get("X-Request-Id", "")
        if _REQUEST_ID.fullmatch(given):
            response.headers["X-Request-Id"] = given
        return response(environ, start_response)

    def _answer(self, request: Request, target: str) -> Response:
        role = request.headers.get(ROLE_HEADER)
        if role == "site":
            return self._site.answer(request)
        if role == "media":
            return self._media.answer(request, target)
        # Only processes of the stack itself come without a role: nginx sets one on all that it passes.
        if request.path == "/_local/mails":
            return self._mails(request)
        if request.path in ("/livez", "/readyz"):
            return Response("ok\n")
        return Response(status=404)

    def _mails(self, request: Request) -> Response:
        limit = request.args.get("limit", 20, type=int)
        items = self._mailbox.newest(to=request.args.get("to") or None, limit=max(1, min(limit, _MOST_MAILS)))
        return Response(orjson.dumps({"items": items}), content_type="application/json")


def _raw_target(environ: Mapping[str, Any]) -> str:
    """The request target as it was sent, which is what a signature covers."""
    target = str(environ.get("RAW_URI") or environ.get("REQUEST_URI") or "")
    if target.startswith("/"):
        return target
    parts = urlsplit(target)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def create_app() -> Edge:
    """The edge as the environment describes it. Raises `KeyError` for a missing setting."""
    media_origin = os.environ["MUSTER_MEDIA_ORIGIN"]
    public_origin = os.environ["MUSTER_PUBLIC_ORIGIN"]
    key = load_public_key(Path(os.environ["MUSTER_CDN_PUBLIC_KEY_FILE"]).read_text(encoding="utf-8"))
    storage = S3Storage(
        endpoint=os.environ["AWS_ENDPOINT_URL"],
        region=os.environ.get("AWS_REGION", "eu-west-1"),
        access_key=os.environ["AWS_ACCESS_KEY_ID"],
        secret_key=os.environ["AWS_SECRET_ACCESS_KEY"],
    )
    return Edge(
        Site(
            storage=storage,
            bucket=os.environ.get("MUSTER_BUCKET_SITE", "muster-site"),
            public_origin=public_origin,
            media_origin=media_origin,
        ),
        Media(
            storage=storage,
            bucket=os.environ.get("MUSTER_BUCKET_MEDIA", "muster-media"),
            public_origin=public_origin,
            media_origin=media_origin,
            keys={os.environ["MUSTER_CDN_KEY_ID"]: key},
        ),
        _mailbox(),
    )


def _mailbox() -> Mailbox:
    directory = os.environ.get("MUSTER_MAILBOX_DIRECTORY")
    if directory:
        mails = MailDirectory(Path(directory))
        importlib.import_module("local.edge.sink").start(socket.socket(fileno=int(os.environ["MUSTER_SMTP_FD"])), mails)
        return mails
    return LocalStackMailbox(os.environ["MUSTER_MAILBOX_URL"])
