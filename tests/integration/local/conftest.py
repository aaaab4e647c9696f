"""nginx as the stack runs it, in front of servers that tell what reached them."""

import json
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.client import HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests

from local import web_server
from local.catalogue import services
from local.layout import Addresses, Home
from local.ports import unused_port

PATIENCE_SECONDS = 10.0


def until(condition: Callable[[], bool], *, seconds: float = PATIENCE_SECONDS) -> None:
    """Waits for `condition`; fails when it does not come true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.01)


@dataclass
class Upstream:
    """An HTTP server that answers with what it was asked, and `answers` with these headers."""

    name: str
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 200
    text: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    server: ThreadingHTTPServer | None = None

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self.server is not None
        return int(self.server.server_address[1])

    def start(self) -> None:
        """Serves until `stop`."""
        self.gate.set()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def stop(self) -> None:
        """Ends it."""
        assert self.server is not None
        self.server.shutdown()
        self.server.server_close()


def _handler(upstream: Upstream) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            asked = {
                "upstream": upstream.name,
                "method": self.command,
                "target": self.path,
                "headers": {name.lower(): value for name, value in self.headers.items()},
                "bytes": len(self.rfile.read(length)),
            }
            upstream.asked.append(asked)
            upstream.gate.wait(PATIENCE_SECONDS)
            body = (upstream.text or json.dumps(asked)).encode()
            self.send_response(upstream.status)
            for name, value in upstream.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = do_PATCH = answer  # noqa: N815  # http.server's names

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    return Handler


@dataclass
class Front:
    """A running nginx and what is behind it."""

    home: Home
    public: int
    media: int
    upstreams: dict[str, Upstream]

    def url(self, path: str) -> str:
        """An address at the public origin."""
        return f"http://127.0.0.1:{self.public}{path}"

    def media_url(self, path: str) -> str:
        """An address at the media origin."""
        return f"http://127.0.0.1:{self.media}{path}"

    def raw(self, target: str, *, port: int | None = None, method: str = "GET") -> tuple[int, bytes]:
        """Status and body for a target sent as it is, which a client library would tidy up."""
        with socket.create_connection(("127.0.0.1", port or self.public), timeout=5) as connection:
            connection.sendall(f"{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            response = HTTPResponse(connection)
            response.begin()
            return response.status, response.read()

    def log(self) -> str:
        """The access log so far."""
        return (self.home.nginx / "access").read_text()


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Front]:
    upstreams = {name: Upstream(name) for name in ("edge", "s3", *(service.name for service in services()))}
    for upstream in upstreams.values():
        upstream.start()
    home = Home(tmp_path)
    addresses = Addresses(
        public=unused_port(),
        media=unused_port(),
        postgres=0,
        aws=upstreams["s3"].port,
        edge=upstreams["edge"].port,
        smtp=0,
        apis={service.name: upstreams[service.name].port for service in services()},
    )
    web_server.prepare(home, addresses, services())
    assert web_server.check(home) == ""
    made = Front(home=home, public=addresses.public, media=addresses.media, upstreams=upstreams)
    with (home.nginx / "access").open("ab") as log:
        nginx = subprocess.Popen(web_server.command(home), stdout=log, stderr=log)
    try:
        until(lambda: _answers(made))
        for upstream in upstreams.values():
            upstream.asked.clear()
        yield made
    finally:
        for upstream in upstreams.values():
            upstream.gate.set()
        nginx.send_signal(signal.SIGTERM)
        nginx.wait(PATIENCE_SECONDS)
        for upstream in upstreams.values():
            upstream.stop()


def _answers(front: Front) -> bool:
    try:
        return requests.get(front.url("/livez"), timeout=1).status_code == 404
    except requests.ConnectionError:
        return False
