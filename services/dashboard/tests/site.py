"""A site for browser tests: the built dashboard under its real policy, and services that answer what a test sets."""

from __future__ import annotations

import gzip
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

DIST = Path(__file__).resolve().parents[1] / "dist"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}


@dataclass(frozen=True)
class Call:
    """A request as a service would see it."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]  # named as in If-None-Match, however they were written
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """What to answer; a body that is no bytes goes out as JSON."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


Handler = Callable[..., Reply]


def problem(
    status: int, detail: str, *, kind: str = "about:blank", errors: list[dict[str, str]] | None = None
) -> Reply:
    """An RFC 9457 answer."""
    body = {"type": kind, "title": detail, "status": status, "detail": detail, "errors": errors or []}
    return Reply(body, status=status, headers={"Content-Type": "application/problem+json"})


class Site:
    """One public origin and one media origin on loopback, with routes set by the test."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        # While it is away, connections end without an answer.
        self.is_away = False
        self._routes: list[tuple[str, re.Pattern[str], Handler]] = []
        self._servers = [ThreadingHTTPServer(("127.0.0.1", 0), _handler(self, media=media)) for media in (False, True)]
        public, media = (server.server_address[1] for server in self._servers)
        self.origin = f"http://127.0.0.1:{public}"
        self.media_origin = f"http://127.0.0.1:{media}"
        for server in self._servers:
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def policy(self) -> str:
        """The policy that the edge sends with every page."""
        media = self.media_origin
        return (
            f"default-src 'self'; img-src 'self' data: blob: {media}; connect-src 'self' {media}; object-src 'none'; "
            "base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
        )

    def on(self, method: str, pattern: str, handler: Handler | Reply) -> None:
        """Answers `method pattern` (a regular expression over the path); the newest route goes first."""
        answer = (lambda call, **_: handler) if isinstance(handler, Reply) else handler
        self._routes.insert(0, (method, re.compile(pattern), answer))

    def reset(self) -> None:
        self.calls.clear()
        self.is_away = False
        self._routes.clear()

    def asked(self, method: str, path: str) -> list[Call]:
        return [call for call in self.calls if call.method == method and call.path == path]

    def answer(self, call: Call) -> Reply | None:
        self.calls.append(call)
        for method, pattern, handler in self._routes:
            found = pattern.fullmatch(call.path)
            if method == call.method and found is not None:
                return handler(call, **found.groupdict())
        return None

    def close(self) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()


@cache
def _built() -> dict[str, bytes]:
    """The build, read once: it may be built anew while tests run."""
    return {file.relative_to(DIST).as_posix(): file.read_bytes() for file in DIST.rglob("*") if file.is_file()}


def _static(path: str) -> Reply:
    """A built file; an address without one is the dashboard's own."""
    files = _built()
    name = "mailbox.html" if path == "/mailbox" else path.lstrip("/")
    if name not in files:
        name = "index.html"
    return Reply(files[name], headers={"Content-Type": TYPES[Path(name).suffix]})


def _compressed(reply: Reply, call: Call) -> Reply:
    """Text as the edge sends it to who takes gzip."""
    kind = reply.headers.get("Content-Type", "")
    plain = not isinstance(reply.body, bytes) or not kind.startswith(("text/", "image/svg"))
    if plain or "gzip" not in call.headers.get("Accept-Encoding", ""):
        return reply
    return Reply(gzip.compress(reply.body, mtime=0), reply.status, reply.headers | {"Content-Encoding": "gzip"})


def _handler(site: Site, *, media: bool) -> type[BaseHTTPRequestHandler]:
    class Answering(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            parts = urlsplit(self.path)
            size = int(self.headers.get("Content-Length") or 0)
            call = Call(
                self.command,
                parts.path,
                parse_qs(parts.query),
                {name.title(): value for name, value in self.headers.items()},
                self.rfile.read(size),
            )
            if site.is_away:
                self.close_connection = True
                return
            preflight = media and self.command == "OPTIONS"
            reply = Reply(b"", status=204) if preflight else site.answer(call)
            if reply is None:
                api = parts.path.startswith("/api/") or media
                reply = problem(404, "There is nothing at this address.") if api else _static(parts.path)
            self._send(_compressed(reply, call))

        def _send(self, reply: Reply) -> None:
            body = (
                reply.body
                if isinstance(reply.body, bytes)
                else b""
                if reply.status in {204, 304}
                else json.dumps(reply.body).encode()
            )
            headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), **reply.headers}
            if headers["Content-Type"].startswith("text/html"):
                headers["Content-Security-Policy"] = site.policy
            if media:
                headers["Access-Control-Allow-Origin"] = site.origin
                headers["Access-Control-Allow-Methods"] = "GET, POST, PUT"
                headers["Access-Control-Allow-Headers"] = "*"
            self.send_response(reply.status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _serve  # noqa: N815  # http.server's names

        def log_message(self, *_: object) -> None:
            """Keeps test output quiet."""

    return Answering
