"""What the tests share: sample messages, a provider that obeys, and a desk to work at."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from threading import Lock
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from muster_notifications.config import NotificationsSettings
from muster_notifications.deliveries.models import Delivery
from muster_notifications.feedback.handler import ses_events
from muster_notifications.sending.claims import Claims
from muster_notifications.worker import build_sender, build_worker
from muster_shared.auth.internal import InternalClient
from muster_shared.auth.tables import organizations
from muster_shared.db import Database
from muster_shared.messages.auth import MailRequested
from muster_shared.messages.base import Message
from muster_shared.messages.events import (
    AssignmentFacts,
    CrewAssigned,
    CrewFacts,
    EventFacts,
    VenueFacts,
)
from muster_shared.messaging import inbox
from muster_shared.messaging.errors import AlreadyHandled
from muster_shared.messaging.inbox import Context
from muster_shared.messaging.spec import SharedTransaction
from muster_shared.testing.accounts import add_member
from muster_shared.wiring import Wiring

LINK_SECRET = "test-link-secret-of-at-least-32-characters"
ORG = UUID("01900000-0000-7000-8000-00000000000a")
OTHER_ORG = UUID("01900000-0000-7000-8000-00000000000b")
FUTURE = datetime(2030, 6, 5, 7, 0, tzinfo=UTC)


@dataclass
class Sent:
    """One mail as the provider took it."""

    message_id: str
    sender: str
    recipient: str
    raw: bytes

    @property
    def mail(self) -> EmailMessage:
        return message_from_bytes(self.raw, policy=policy.default)

    @property
    def html(self) -> str:
        part = self.mail.get_body(preferencelist=("html",))
        assert part is not None
        return str(part.get_content())

    @property
    def text(self) -> str:
        part = self.mail.get_body(preferencelist=("plain",))
        assert part is not None
        return str(part.get_content())

    @property
    def attempt_id(self) -> str:
        return str(self.mail["X-Muster-Attempt"])


@dataclass
class FakeProvider:
    """Takes mails, or raises what `script` says for the next call."""

    script: list[Exception | None] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    before: Callable[[Sent], None] | None = None
    lock: Lock = field(default_factory=Lock)

    def send(self, *, sender: str, recipient: str, raw: bytes) -> str:
        with self.lock:
            problem = self.script.pop(0) if self.script else None
        mail = Sent(message_id=f"ses-{uuid4()}", sender=sender, recipient=recipient, raw=raw)
        if self.before is not None:
            self.before(mail)
        if problem is not None:
            raise problem
        with self.lock:
            self.sent.append(mail)
        return mail.message_id


class SilentAuth(InternalClient):
    """Auth, reached, and knowing of nothing."""

    def __init__(self) -> None:
        super().__init__(base_url="http://127.0.0.1:9", secret="-", service="notifications")

    def get(self, path: str) -> dict[str, Any] | None:
        return None

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any] | None:
        return None


class Desk:
    """The service at work, without queues: `handle` a message, `send` what is due, tell of SES's `event`s."""

    def __init__(self, *, settings: NotificationsSettings, wiring: Wiring, database: Database) -> None:
        self.settings = settings
        self.wiring = wiring
        self.database = database
        self.provider = FakeProvider()
        self.spec = build_worker(settings, wiring, provider=self.provider)
        self._senders = [build_sender(settings, wiring, self.provider)]
        self.claims = Claims(
            database, lease_seconds=settings.send_lease_seconds, unknown_seconds=settings.ses_unknown_seconds
        )

    def close(self) -> None:
        for sender in self._senders:
            sender.close()

    def handle(self, *messages: Message, request_id: str = "request-0001", receive_count: int = 1) -> None:
        """As the consumer does, each once."""
        for message in messages:
            context = Context(
                queue="test-notifications",
                message_id=str(uuid4()),
                request_id=request_id,
                receive_count=receive_count,
            )
            with self.database.transaction() as session:
                inbox.record(session, context)
                handler: Any = self.spec.handlers[type(message)]
                if isinstance(handler, SharedTransaction):
                    handler.run(session, [(message, context)])
                else:
                    handler(session, message, context)

    def send(self) -> list[Sent]:
        """Sends what is due; the mails that were accepted meanwhile."""
        before = len(self.provider.sent)
        self._senders[0].send_due()
        return self.provider.sent[before:]

    def sweep(self) -> int:
        """Looks for mails whose worker died or never heard from SES."""
        return self.claims.release_lost()

    def handle_together(self, handler: Any, *messages: Any) -> None:
        """As the consumer does with what several threads hold: in one transaction."""
        contexts = [Context(queue="test-notifications", message_id=str(uuid4())) for _ in messages]
        with self.database.transaction() as session:
            assert all(inbox.record_all(session, contexts))
            handler(session, list(zip(messages, contexts, strict=True)))

    def event(self, body: dict[str, Any], *, message_id: str | None = None) -> None:
        """As the raw queue does: a redelivery of the same queue message is let pass."""
        context = Context(queue="test-notifications-ses", message_id=message_id or str(uuid4()))
        try:
            with self.database.transaction() as session:
                inbox.record(session, context)
                ses_events(session, [(body, context)])
        except AlreadyHandled:
            return

    def deliveries(self) -> Sequence[Delivery]:
        with self.database.transaction() as session:
            return session.query(Delivery).order_by(Delivery.id).all()

    def only(self) -> Delivery:
        found = self.deliveries()
        assert len(found) == 1, [(d.template, d.status) for d in found]
        return found[0]

    def statuses(self) -> list[str]:
        return [delivery.status for delivery in self.deliveries()]

    def rows(self, statement: str, **names: Any) -> list[Any]:
        with self.database.read() as connection:
            return list(connection.execute(text(statement), names).all())

    def run(self, statement: str, **names: Any) -> None:
        with self.database.read() as connection:
            connection.execute(text(statement), names)

    def told(self) -> list[dict[str, Any]]:
        """The payloads of `delivery.changed.v1`, in order."""
        return [
            row.payload
            for row in self.rows("SELECT payload FROM outbox WHERE type = 'delivery.changed.v1' ORDER BY id")
        ]

    def organization(self, org_id: UUID = ORG, *, name: str = "Harbour Charters", **settings: Any) -> None:
        with self.database.transaction() as session:
            session.execute(
                organizations.insert().values(
                    id=org_id, name=name, slug=f"org-{org_id}", language="en", settings=settings, version=1
                )
            )

    def member(self, org_id: UUID = ORG, *, role: str | None = "manager") -> UUID:
        return add_member(self.database, org_id, role=role)


def event_facts(**values: Any) -> EventFacts:
    starts_at = values.pop("starts_at", FUTURE)
    given: dict[str, Any] = {
        "event_id": uuid4(),
        "org_id": ORG,
        "version": 1,
        "kind": "charter",
        "status": "published",
        "visibility": "public",
        "title": "Sunset charter",
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(hours=4),
        "timezone": "Europe/Lisbon",
        "venue": VenueFacts(name="Pier 4", address="Lisbon"),
        "ics_sequence": 1,
        **values,
    }
    return EventFacts(**given)


def assigned(
    *,
    event: EventFacts | None = None,
    assignment_id: UUID | None = None,
    link_version: int = 1,
    email: str = "ana@crew.test",
    name: str = "Ana Lopes",
    language: str = "en",
    role: str = "captain",
    **values: Any,
) -> CrewAssigned:
    return CrewAssigned(
        event=event or event_facts(),
        assignment=AssignmentFacts(
            assignment_id=assignment_id or uuid4(),
            link_version=link_version,
            role=role,
            crew_notes=values.pop("crew_notes", "Boarding at 07:30."),
            others=values.pop("others", ["Tom Reid · cook"]),
        ),
        crew=CrewFacts(crew_member_id=uuid4(), name=name, email=email, language=language),
        request_key=values.pop("request_key", "first"),
        **values,
    )


def mail_requested(template: str = "password_changed", **values: Any) -> MailRequested:
    given: dict[str, Any] = {
        "mail_id": uuid4(),
        "template": template,
        "recipient": "rui@example.test",
        "recipient_name": "Rui",
        **values,
    }
    return MailRequested(**given)


def ses(
    kind: str,
    sent: Sent | None = None,
    *,
    message_id: str | None = None,
    format_: str = "eventType",
    tagged: bool = True,
    at: str = "2030-01-01T10:00:00.000Z",
    **section: Any,
) -> dict[str, Any]:
    """An event of SES about a mail, in either of its shapes."""
    mail: dict[str, Any] = {
        "timestamp": at,
        "messageId": message_id or (sent.message_id if sent else "unknown"),
        "destination": [sent.recipient if sent else "nobody@example.test"],
    }
    if tagged and sent is not None:
        mail["tags"] = {"attempt": [sent.attempt_id], "ses:from-domain": ["muster.test"]}
    name = {"delivery": "Delivery", "bounce": "Bounce", "complaint": "Complaint", "send": "Send"}.get(kind, kind)
    return {format_: name, "mail": mail, kind: {"timestamp": at, **section}}


PERMANENT = {"bounceType": "Permanent", "bounceSubType": "General", "feedbackId": "f-1"}
TRANSIENT = {"bounceType": "Transient", "bounceSubType": "MailboxFull", "feedbackId": "f-2"}
