"""The call sheet on a real socket with its styles and script, for tests that drive a browser."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from mimetypes import guess_type
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

_BUILT = Path(__file__).resolve().parents[3] / "dashboard" / "dist"
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Quiet(WSGIRequestHandler):
    """Says nothing of each request."""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002  # werkzeug's name
        pass


class Recorder:
    """A WSGI app in front of another: serves the built assets, and keeps each other request's method and path."""

    def __init__(self, app: Wsgi) -> None:
        self._app = app
        self.seen: list[tuple[str, str]] = []

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        file = _BUILT / path.lstrip("/")
        if path.startswith(("/pages/", "/favicon")):
            if not file.is_file():
                start_response("404 Not Found", [])
                return [b""]
            kind = guess_type(file.name)[0] or "application/octet-stream"
            start_response("200 OK", [("Content-Type", kind)])
            return [file.read_bytes()]
        self.seen.append((environ["REQUEST_METHOD"], path))
        return self._app(environ, start_response)


@contextmanager
def serving(app: Flask) -> Iterator[tuple[str, Recorder]]:
    """Serves `app` on a free port of this machine; yields its origin and what was asked of it."""
    recorder = Recorder(app.wsgi_app)
    server = make_server("127.0.0.1", 0, recorder, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", recorder
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
