"""Telemetry: one trace from the request through the queue to the handler; nothing at all without an endpoint."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from structlog.contextvars import get_contextvars

from muster_shared import telemetry
from muster_shared.messaging import outbox
from muster_shared.settings import Settings
from muster_shared.wiring import Wiring
from shared.tests.messaging.conftest import Post, eventually, link_opened, running


class Collector:
    """Takes OTLP over HTTP."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        self.metrics: set[str] = set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                import gzip

                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                if self.path == "/v1/traces":
                    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                        for scope in resource.scope_spans:
                            outer.spans.extend(scope.spans)
                elif self.path == "/v1/metrics":
                    for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                        for scope in resource.scope_metrics:
                            outer.metrics |= {metric.name for metric in scope.metrics}
                self.send_response(200)
                self.send_header("Content-Type", "application/x-protobuf")
                self.end_headers()

            def log_message(self, *_arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def named(self, name: str) -> Any:
        """The one span of that name."""
        (found,) = [span for span in self.spans if span.name == name]
        return found


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    made = Collector()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", made.endpoint)
    telemetry.start("test")
    yield made
    telemetry.stop()
    made.close()


def test_the_handlers_span_continues_the_trace_of_the_request(post: Post, collector: Collector) -> None:
    seen: list[str | None] = []
    logged: list[str | None] = []
    with telemetry.span("POST /things", kind="server") as request, post.database.transaction() as session:
        outbox.emit(session, link_opened())
        trace_id = f"{request.get_span_context().trace_id:032x}"
    post.relay().drain_once()

    def look(session: Any, message: Any, context: Any) -> None:
        seen.append(telemetry.current_trace_id())
        logged.append(get_contextvars().get("trace_id"))

    with running(post.consumer(look)):
        eventually(lambda: seen and post.is_empty())
    assert seen == logged == [trace_id]
    telemetry.stop()
    parent, child = collector.named("POST /things"), collector.named("process crew.link_opened.v1")
    assert child.trace_id == parent.trace_id
    assert child.parent_span_id == parent.span_id
    assert {"muster.outbox.sent", "muster.message.duration"} <= collector.metrics


def test_the_wsgi_span_takes_the_callers_trace_and_names_the_route_not_the_path(collector: Collector) -> None:
    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        environ["muster.route"] = "/c/<token>"
        start_response("200 OK", [])
        return [b""]

    wrapped = telemetry.traced(application, service="test")
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    wrapped(
        {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": "/c/secret-token",
            "HTTP_TRACEPARENT": f"00-{trace_id}-b7ad6b7169203331-01",
        },
        lambda *_arguments: None,
    )
    telemetry.stop()
    span = collector.named("GET /c/<token>")
    assert span.trace_id.hex() == trace_id
    assert "secret-token" not in str(span)


def test_a_span_says_which_error_it_ended_with_and_not_its_text(collector: Collector) -> None:
    with pytest.raises(ValueError, match="hunter2"), telemetry.span("work"):
        raise ValueError("hunter2")
    telemetry.stop()
    span = collector.named("work")
    assert span.status.message == "ValueError"
    assert "hunter2" not in str(span)


def test_nothing_of_opentelemetry_is_imported_when_no_endpoint_is_set() -> None:
    code = (
        "import sys; from muster_shared import telemetry, worker\n"
        "with telemetry.span('x') as s: assert s is None\n"
        "telemetry.count('x'); telemetry.observe('y', 1); assert telemetry.current_traceparent() is None\n"
        "f = lambda e, s: []\n"
        "assert telemetry.traced(f, service='x') is f\n"
        "sys.exit(any(m.startswith(('opentelemetry', 'botocore', 'flask')) for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


def test_a_request_is_a_span_named_by_its_route(collector: Collector, settings: Settings, wiring: Wiring) -> None:
    from sample_app.app import build_app

    client = build_app(settings, wiring).test_client()
    assert client.get("/livez").status_code == 200
    telemetry.stop()
    span = collector.named("GET /livez")
    assert {a.key: a.value.int_value for a in span.attributes}["http.response.status_code"] == 200
