"""Making, listing and ending webhooks, and looking into what was delivered."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from muster_events.audit import audit
from muster_events.errors import TooManyWebhooks, WebhookNotFound
from muster_events.webhooks.addresses import AddressRefused, resolve
from muster_events.webhooks.schemas import AttemptView, DeliveryView, WebhookView
from muster_events.webhooks.secrets import SecretBox, new_signing_secret
from muster_shared import clock
from muster_shared.auth.principal import Principal
from muster_shared.ids import new_id
from muster_shared.problems import Invalid

_MOST_PER_ORGANIZATION = 20
_COLUMNS = "id, org_id, url, types, description, disabled_at, disabled_reason, created_at"

_COUNT = text("SELECT count(*) FROM webhooks WHERE org_id = :org_id")
_LOCK_ORG = text("SELECT pg_advisory_xact_lock(hashtextextended('webhooks' || :org_id, 0))")
_INSERT = text(
    "INSERT INTO webhooks (id, org_id, url, description, types, secret, created_by, created_at)"
    " VALUES (:id, :org_id, :url, :description, :types, :secret, :created_by, :created_at)"
)
_LIST = text(
    f"SELECT {_COLUMNS} FROM webhooks WHERE org_id = ANY(:org_ids) AND id > :after ORDER BY id LIMIT :rows"  # noqa: S608  # fixed texts, values bound
)
_GET = text(f"SELECT {_COLUMNS} FROM webhooks WHERE id = :id")  # noqa: S608  # fixed texts, values bound
_DELETE = text("DELETE FROM webhooks WHERE id = :id")
_DELIVERIES = text(
    "SELECT id, type, status, payload, created_at, delivered_at, next_attempt_at FROM webhook_deliveries"
    " WHERE webhook_id = :webhook_id AND (CAST(:before AS timestamptz) IS NULL OR (created_at, id) <"
    "  (CAST(:before AS timestamptz), CAST(:before_id AS uuid))) ORDER BY created_at DESC, id DESC LIMIT :rows"
)
_ATTEMPTS = text(
    "SELECT delivery_id, at, milliseconds, status, error FROM webhook_attempts WHERE delivery_id = ANY(:ids)"
    " ORDER BY at"
)
# The same id: to a receiver that has it already it is a repetition, which its library knows to drop.
_REPLAY = text(
    "UPDATE webhook_deliveries SET status = 'pending', attempts = 0, next_attempt_at = :now, claimed_until = NULL"
    " WHERE id = :id AND webhook_id = :webhook_id"
    " RETURNING id, type, status, payload, created_at, delivered_at, next_attempt_at"
)
_ENABLE = text("UPDATE webhooks SET disabled_at = NULL, disabled_reason = NULL WHERE id = :id")
_WAKE = text("SELECT pg_notify(current_schema() || '_webhooks', '')")


def create_webhook(
    session: Session,
    *,
    actor: Principal,
    box: SecretBox,
    org_id: UUID,
    url: str,
    types: Sequence[str],
    description: str,
    allow_private: bool,
) -> tuple[WebhookView, str]:
    """Makes a webhook and its signing secret, which is shown once and rests encrypted.

    Raises `Invalid` for an address that is not https or not public now (it is judged again at each attempt), and
    `TooManyWebhooks`.
    """
    try:
        resolve(url, allow_private=allow_private)
    except AddressRefused as refused:
        raise Invalid.field("/url", str(refused)) from refused
    session.execute(_LOCK_ORG, {"org_id": str(org_id)})
    if session.execute(_COUNT, {"org_id": org_id}).scalar_one() >= _MOST_PER_ORGANIZATION:
        raise TooManyWebhooks
    secret = new_signing_secret()
    values: dict[str, Any] = {
        "id": new_id(),
        "org_id": org_id,
        "url": url,
        "types": sorted(set(types)),
        "description": description,
        "created_at": clock.now(),
    }
    session.execute(_INSERT, {**values, "secret": box.seal(secret), "created_by": actor.label})
    changes = {"types": list(values["types"])}
    audit.record(session, actor, action="webhook.created", org_id=org_id, target_id=values["id"], changes=changes)
    return WebhookView(**values, disabled_at=None, disabled_reason=None), secret


def webhooks_of(session: Session, org_ids: Sequence[UUID], *, after: UUID, rows: int) -> list[WebhookView]:
    """Webhooks of some organisations."""
    found = session.execute(_LIST, {"org_ids": list(org_ids), "after": after, "rows": rows})
    return [WebhookView(**row) for row in found.mappings()]


def webhook(session: Session, webhook_id: UUID) -> WebhookView:
    """One webhook, whoever's. Raises `WebhookNotFound`."""
    row = session.execute(_GET, {"id": webhook_id}).mappings().first()
    if row is None:
        raise WebhookNotFound
    return WebhookView(**row)


def delete_webhook(session: Session, given: WebhookView, *, actor: Principal) -> None:
    """Ends a webhook; what was not delivered yet is dropped."""
    session.execute(_DELETE, {"id": given.id})
    audit.record(session, actor, action="webhook.deleted", org_id=given.org_id, target_id=given.id)


def deliveries_of(
    session: Session, webhook_id: UUID, *, before: str | None, before_id: str | None, rows: int
) -> list[DeliveryView]:
    """What was told to a webhook, newest first, each with its attempts: two queries."""
    names = {"webhook_id": webhook_id, "before": before, "before_id": before_id, "rows": rows}
    found = session.execute(_DELIVERIES, names).mappings().all()
    attempts: dict[UUID, list[AttemptView]] = defaultdict(list)
    for row in session.execute(_ATTEMPTS, {"ids": [row["id"] for row in found]}).mappings():
        attempts[row["delivery_id"]].append(
            AttemptView(at=row["at"], milliseconds=row["milliseconds"], status=row["status"], error=row["error"])
        )
    return [DeliveryView(**row, attempts=attempts[row["id"]]) for row in found]


def replay(session: Session, given: WebhookView, *, actor: Principal, delivery_id: UUID) -> DeliveryView:
    """Has something delivered once more, and puts a webhook that was switched off back on."""
    now = clock.now()
    names = {"id": delivery_id, "webhook_id": given.id, "now": now}
    row = session.execute(_REPLAY, names).mappings().first()
    if row is None:
        raise WebhookNotFound
    session.execute(_ENABLE, {"id": given.id})
    session.execute(_WAKE)
    changes = {"delivery_id": str(delivery_id)}
    audit.record(session, actor, action="webhook.replayed", org_id=given.org_id, target_id=given.id, changes=changes)
    return DeliveryView(**row, attempts=[])
