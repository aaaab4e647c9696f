"""Traces and metrics over OTLP when an endpoint is set; nothing at all otherwise.

Nothing of OpenTelemetry is imported unless `OTEL_EXPORTER_OTLP_ENDPOINT` is set, and then only on first use
in the process that works: its exporters are threads, which do not live through a fork.
"""

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

_ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
_METRICS_EVERY_MS = 15_000

Attributes = Mapping[str, str | int | float | bool]


class _State:
    """What is initialised in this process; `pid` tells a forked child that it has to begin anew."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.pid = 0
        self.service = "muster"
        self.tracer: Any = None
        self.meter: Any = None
        self.instruments: dict[str, Any] = {}
        self.shutdowns: list[Callable[[], Any]] = []


_state = _State()


def enabled() -> bool:
    """Whether telemetry goes anywhere."""
    return bool(os.environ.get(_ENDPOINT))


def start(service: str) -> None:
    """Says under which name this process reports. Costs nothing: exporters start with the first span."""
    _state.service = service


def stop() -> None:
    """Sends what is still held; for the end of a process."""
    for shutdown in _state.shutdowns:
        shutdown()
    _state.shutdowns.clear()
    _state.pid = 0


def _ready() -> bool:
    if not enabled():
        return False
    if _state.pid == os.getpid():
        return True
    with _state.lock:
        if _state.pid != os.getpid():
            _initialise()
            _state.pid = os.getpid()
    return True


def _initialise() -> None:
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    resource = Resource.create({"service.name": f"muster-{_state.service}", "service.namespace": "muster"})
    traces = TracerProvider(resource=resource)
    traces.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    reader = PeriodicExportingMetricReader(OTLPMetricExporter(), export_interval_millis=_METRICS_EVERY_MS)
    metrics = MeterProvider(resource=resource, metric_readers=[reader])
    _state.tracer = traces.get_tracer("muster")
    _state.meter = metrics.get_meter("muster")
    _state.instruments = {}
    _state.shutdowns = [traces.shutdown, metrics.shutdown]


def current_traceparent() -> str | None:
    """The running span as a W3C `traceparent`, or None."""
    if not enabled():
        return None
    from opentelemetry import trace

    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{int(context.trace_flags):02x}"


def current_trace_id() -> str | None:
    """The trace's id for logs, or None."""
    header = current_traceparent()
    return header.split("-")[1] if header else None


def log_fields() -> dict[str, str]:
    """`trace_id` for the logs of a request or message, when there is a trace."""
    trace_id = current_trace_id()
    return {"trace_id": trace_id} if trace_id else {}


@contextmanager
def span(
    name: str, *, kind: str = "internal", traceparent: str | None = None, attributes: Attributes | None = None
) -> Iterator[Any]:
    """A span around the block, child of `traceparent` if given; yields it, or None when telemetry is off.

    `kind` is internal, server, client, producer or consumer. An exception marks the span with its type alone.
    """
    if not _ready():
        yield None
        return
    from opentelemetry.trace import SpanKind, Status, StatusCode
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    parent = TraceContextTextMapPropagator().extract({"traceparent": traceparent}) if traceparent else None
    with _state.tracer.start_as_current_span(
        name,
        context=parent,
        kind=SpanKind[kind.upper()],
        attributes=dict(attributes or {}),
        record_exception=False,
        set_status_on_exception=False,
    ) as running:
        try:
            yield running
        except BaseException as error:
            # The text of an exception may hold what nobody may log.
            running.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise


def count(name: str, amount: int = 1, *, attributes: Attributes | None = None) -> None:
    """Adds to the counter `name`."""
    if _ready():
        _instrument(name, "create_counter", "1").add(amount, dict(attributes or {}))


def observe(name: str, value: float, *, unit: str = "s", attributes: Attributes | None = None) -> None:
    """Adds a value to the histogram `name`."""
    if _ready():
        _instrument(name, "create_histogram", unit).record(value, dict(attributes or {}))


def _instrument(name: str, factory: str, unit: str) -> Any:
    made = _state.instruments.get(name)
    if made is None:
        made = _state.instruments.setdefault(name, getattr(_state.meter, factory)(name, unit=unit))
    return made


WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def traced(application: WsgiApp, *, service: str) -> WsgiApp:
    """`application` with a server span and a duration per request; itself when telemetry is off."""
    if not enabled():
        return application
    start(service)

    def with_span(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        method = environ.get("REQUEST_METHOD", "")
        with span(
            method,
            kind="server",
            traceparent=environ.get("HTTP_TRACEPARENT"),
            attributes={"http.request.method": method},
        ) as running:

            def observed(status: str, *rest: Any) -> Any:
                running.set_attribute("http.response.status_code", int(status[:3]))
                # Set by the web layer: the route's pattern. A path would carry tokens and ids.
                route = environ.get("muster.route")
                if route:
                    running.update_name(f"{method} {route}")
                    running.set_attribute("http.route", route)
                return start_response(status, *rest)

            return application(environ, observed)

    return with_span
