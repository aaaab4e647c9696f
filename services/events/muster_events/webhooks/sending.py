"""One attempt at a webhook: signed (Standard Webhooks), to the address that was judged, with short timeouts."""

import contextlib
import http.client
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from standardwebhooks.webhooks import Webhook

from muster_events.webhooks.addresses import AddressRefused, Target, resolve

_CONNECT_SECONDS = 3.0
_ANSWER_SECONDS = 10.0
_TOTAL_SECONDS = 15.0
_MOST_ANSWER_BYTES = 64 * 1024


@dataclass(frozen=True)
class Outcome:
    """What an attempt came to: a status, or why there was none. `retry_after_seconds` is the receiver's wish."""

    status: int | None
    error: str | None
    milliseconds: int
    retry_after_seconds: int | None = None

    @property
    def is_delivered(self) -> bool:
        """Whether the receiver took it: any 2xx. A redirect is none: it might lead anywhere."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        """Whether the receiver says never to call again (410)."""
        return self.status == http.HTTPStatus.GONE


class _PinnedConnection(http.client.HTTPSConnection):
    """TLS to a given IP address, checked for the name."""

    def __init__(self, target: Target, context: ssl.SSLContext) -> None:
        super().__init__(target.host, target.port, timeout=_CONNECT_SECONDS, context=context)
        self._target = target
        self._tls = context

    def connect(self) -> None:
        """Connects to the address that was judged, whatever the name says by now."""
        plain = socket.create_connection((self._target.ip, self._target.port), _CONNECT_SECONDS)
        self.sock = self._tls.wrap_socket(plain, server_hostname=self._target.host)


def signed_headers(secret: str, *, message_id: UUID, at: datetime, body: bytes) -> dict[str, str]:
    """`webhook-id`, `webhook-timestamp` and `webhook-signature` of a delivery."""
    signature = Webhook(secret).sign(str(message_id), at, body.decode())
    return {
        "webhook-id": str(message_id),
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signature,
        "content-type": "application/json",
        "user-agent": "Muster-Webhooks/1",
    }


def send(url: str, body: bytes, headers: dict[str, str], *, allow_private: bool = False) -> Outcome:
    """Posts `body` to `url` once. Never raises for what the receiver or the network does."""
    began = time.monotonic()
    try:
        target = resolve(url, allow_private=allow_private)
        status, retry_after = _post(target, body, headers)
    except AddressRefused as refused:
        return Outcome(None, f"refused: {refused}", _since(began))
    except (OSError, http.client.HTTPException) as error:
        return Outcome(None, type(error).__name__, _since(began))
    return Outcome(status, None, _since(began), retry_after)


def _post(target: Target, body: bytes, headers: dict[str, str]) -> tuple[int, int | None]:
    connection: http.client.HTTPConnection
    if target.is_tls:
        connection = _PinnedConnection(target, ssl.create_default_context())
    else:
        connection = http.client.HTTPConnection(target.ip, target.port, timeout=_CONNECT_SECONDS)
    # A receiver that sends a byte now and then would never run into the socket's own timeout.
    watchdog = threading.Timer(_TOTAL_SECONDS, lambda: _cut(connection))
    watchdog.daemon = True
    watchdog.start()
    try:
        connection.connect()
        if connection.sock is not None:
            connection.sock.settimeout(_ANSWER_SECONDS)
        connection.request("POST", target.path, body=body, headers={"host": _host(target), **headers})
        answer = connection.getresponse()
        answer.read(_MOST_ANSWER_BYTES)
        wish = answer.headers.get("retry-after", "")
        return answer.status, int(wish) if wish.isascii() and wish.isdigit() and len(wish) < 6 else None
    finally:
        watchdog.cancel()
        connection.close()


def _cut(connection: http.client.HTTPConnection) -> None:
    if connection.sock is not None:
        with contextlib.suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)


def _host(target: Target) -> str:
    is_usual = target.port == (443 if target.is_tls else 80)
    name = f"[{target.host}]" if ":" in target.host else target.host
    return name if is_usual else f"{name}:{target.port}"


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
