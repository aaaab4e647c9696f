"""Media's door for crew photos, as a small server that answers what a test says."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, request
from werkzeug.serving import make_server

from services.events.tests.crew.serving import Quiet


@dataclass
class MediaDouble:
    """Keeps what it was asked, and answers `status` with `body`."""

    asked: list[dict[str, Any]] = field(default_factory=list)
    authorizations: list[str] = field(default_factory=list)
    status: int = 201
    body: dict[str, Any] = field(
        default_factory=lambda: {
            "photo": {"id": "01890000-0000-7000-8000-000000000001", "status": "pending"},
            "upload": {"method": "POST", "url": "http://media.example/uploads", "fields": {"key": "quarantine/x"}},
            "expires_at": "2026-06-01T00:00:00Z",
        }
    )
    headers: dict[str, str] = field(default_factory=dict)
    url: str = ""


@contextmanager
def media_double() -> Iterator[MediaDouble]:
    """Such a server on a free port."""
    double = MediaDouble()
    app = Flask("media")

    @app.post("/internal/uploads")
    def uploads() -> Response:
        double.asked.append(request.get_json())
        double.authorizations.append(request.headers.get("Authorization", ""))
        answer = app.json.response(double.body)
        answer.status_code = double.status
        answer.headers.update(double.headers)
        return answer

    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    double.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield double
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
