"""A stand-in for SES: takes SendRawEmail over HTTP and does to its callers what SES may do on a bad day.

It can hang, throttle, fail, accept and drop the answer; it tells of what it accepted early (before it answers),
late, twice, out of order, or never. A real SDK client talks to it: `stand_in.clients().ses`.
"""

import base64
import json
import random
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import policy
from email.parser import BytesHeaderParser
from enum import StrEnum
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

from muster_shared import clock
from muster_shared.aws.clients import Clients

_HALF = 0.5
_XML = "http://ses.amazonaws.com/doc/2010-12-01/"


class Mood(StrEnum):
    """What becomes of a call."""

    ACCEPT = "accept"
    THROTTLE = "throttle"
    FAIL = "fail"
    REFUSE = "refuse"
    # Answers nothing for `hang_seconds`, then hangs up; the mail was not taken.
    HANG = "hang"
    # Takes the mail and hangs up.
    DROP = "drop"


class Telling(StrEnum):
    """When it tells of a mail."""

    NEVER = "never"
    EARLY = "early"
    LATE = "late"
    # One event early and the next late, by chance.
    MIXED = "mixed"


@dataclass(frozen=True)
class Taken:
    """A mail as it was accepted."""

    message_id: str
    recipient: str
    configuration_set: str | None
    raw: bytes
    at: float

    @cached_property
    def headers(self) -> dict[str, str]:
        """Its header fields."""
        message = BytesHeaderParser(policy=policy.default).parsebytes(self.raw)
        return {name: str(value) for name, value in message.items()}


@dataclass
class SesStandIn:
    """The stand-in. Set `mood`, `telling` and the rest at any time; `taken` is every mail it accepted.

    `publish` gets each event's JSON: send it to a queue, or hand it to whom it concerns. `chaos` are moods with
    their weights, which replace `mood` while there are any. `bounces` are addresses that bounce.
    """

    publish: Callable[[dict[str, Any]], None] | None = None
    mood: Mood = Mood.ACCEPT
    telling: Telling = Telling.EARLY
    kinds: tuple[str, ...] = ("Send", "Delivery")
    copies: int = 1
    late_seconds: float = 0.2
    hang_seconds: float = 1.0
    answer_seconds: float = 0.0
    chaos: dict[Mood, float] = field(default_factory=dict)
    bounces: frozenset[str] = frozenset()
    complaints: frozenset[str] = frozenset()
    taken: list[Taken] = field(default_factory=list)
    calls: int = 0

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._timers: list[threading.Timer] = []
        self._random = random.Random(7)  # repeatable chaos
        self._server: ThreadingHTTPServer | None = None
        self._closed = threading.Event()

    @property
    def port(self) -> int:
        """Where it listens."""
        if self._server is None:
            raise RuntimeError("the stand-in is not running")
        return int(self._server.server_address[1])

    @property
    def endpoint(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def clients(self) -> Clients:
        """SDK clients that talk to it."""
        return Clients(endpoint_url=self.endpoint, region="eu-west-1", credentials=("test", "test"))

    def recipients(self) -> list[str]:
        """To whom it took mails, in order, each as often as it did."""
        with self._lock:
            return [mail.recipient for mail in self.taken]

    def settle(self) -> None:
        """Waits for the events that are still to be told."""
        for timer in list(self._timers):
            timer.join()

    def _mood(self) -> Mood:
        with self._lock:
            self.calls += 1
            if not self.chaos:
                return self.mood
            return self._random.choices(list(self.chaos), list(self.chaos.values()))[0]

    def _take(self, fields: dict[str, str]) -> Taken:
        mail = Taken(
            message_id=f"{uuid4()}-000000",
            recipient=fields["Destinations.member.1"],
            configuration_set=fields.get("ConfigurationSetName"),
            raw=base64.b64decode(fields["RawMessage.Data"]),
            at=time.monotonic(),
        )
        with self._lock:
            self.taken.append(mail)
        return mail

    def _tell(self, mail: Taken) -> None:
        if self.publish is None or self.telling is Telling.NEVER or mail.configuration_set is None:
            return
        for kind in self._told_of(mail):
            for _ in range(self.copies):
                if self.telling is Telling.EARLY or (self.telling is Telling.MIXED and self._random.random() < _HALF):
                    self.publish(event_of(kind, mail))
                    continue
                wait = self._random.uniform(0, self.late_seconds)
                timer = threading.Timer(wait, self.publish, [event_of(kind, mail)])
                timer.daemon = True
                self._timers.append(timer)
                timer.start()

    def _told_of(self, mail: Taken) -> tuple[str, ...]:
        if mail.recipient in self.bounces:
            return ("Send", "Bounce")
        if mail.recipient in self.complaints:
            return (*self.kinds, "Complaint")
        return self.kinds


def event_of(kind: str, mail: Taken) -> dict[str, Any]:
    """A configuration set's event about a mail, as SES publishes it."""
    moment = clock.rfc3339(clock.now())
    tags = dict(
        part.strip().split("=", 1) for part in mail.headers.get("X-SES-MESSAGE-TAGS", "").split(",") if "=" in part
    )
    section: dict[str, Any] = {"timestamp": moment}
    if kind == "Bounce":
        section |= {"bounceType": "Permanent", "bounceSubType": "General", "feedbackId": mail.message_id}
        section["bouncedRecipients"] = [{"emailAddress": mail.recipient, "status": "5.1.1"}]
    if kind == "Complaint":
        section |= {"complaintFeedbackType": "abuse", "feedbackId": mail.message_id}
    return {
        "eventType": kind,
        "mail": {
            "timestamp": moment,
            "messageId": mail.message_id,
            "destination": [mail.recipient],
            "tags": {name: [value] for name, value in tags.items()},
        },
        kind.lower(): section,
    }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body in one packet: in two, the second waits 40 ms for the first one's acknowledgement.
    wbufsize = -1
    stand_in: SesStandIn

    def do_POST(self) -> None:  # http.server's name
        """One call of the API."""
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        if len(body) < length:
            # The caller died while it spoke.
            self.close_connection = True
            return
        fields = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        self._act(self.stand_in._mood(), fields)

    def _act(self, mood: Mood, fields: dict[str, str]) -> None:
        stand_in = self.stand_in
        if mood is Mood.THROTTLE:
            self._error(400, "Throttling", "Maximum sending rate exceeded.")
        elif mood is Mood.FAIL:
            self._error(500, "InternalFailure", "no")
        elif mood is Mood.REFUSE:
            self._error(400, "MessageRejected", "no")
        elif mood is Mood.HANG:
            stand_in._closed.wait(stand_in.hang_seconds)
            self.close_connection = True
        else:
            mail = stand_in._take(fields)
            stand_in._tell(mail)
            if stand_in.answer_seconds:
                time.sleep(stand_in.answer_seconds)
            if mood is Mood.DROP:
                self.close_connection = True
                return
            self._answer(
                200,
                f'<SendRawEmailResponse xmlns="{_XML}"><SendRawEmailResult><MessageId>{mail.message_id}</MessageId>'
                "</SendRawEmailResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>"
                "</SendRawEmailResponse>",
            )

    def _error(self, status: int, code: str, message: str) -> None:
        kind = "Sender" if status < 500 else "Receiver"
        self._answer(
            status,
            f'<ErrorResponse xmlns="{_XML}"><Error><Type>{kind}</Type><Code>{code}</Code><Message>{message}</Message>'
            "</Error><RequestId>r</RequestId></ErrorResponse>",
        )

    def _answer(self, status: int, text: str) -> None:
        content = text.encode()
        try:
            self.send_response(status)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        except OSError:
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Silence."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that was killed hangs up in the middle: that is what it is here for."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def ses_stand_in(**options: Any) -> Iterator[SesStandIn]:
    """A running stand-in on a free port."""
    stand_in = SesStandIn(**options)
    handler = type("Handler", (_Handler,), {"stand_in": stand_in})
    server = _Server(("127.0.0.1", 0), handler)
    stand_in._server = server
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield stand_in
    finally:
        stand_in._closed.set()
        stand_in.settle()
        server.shutdown()
        server.server_close()
        thread.join(5)


def to_queue(clients: Clients, url: str) -> Callable[[dict[str, Any]], None]:
    """A `publish` that sends to an SQS queue, as SNS with raw delivery does."""

    def publish(event: dict[str, Any]) -> None:
        clients.sqs.send_message(QueueUrl=url, MessageBody=json.dumps(event))

    return publish
