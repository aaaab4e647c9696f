"""The worker's part of webhooks: due deliveries, a few at a time, each attempt outside any transaction."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import orjson
from cryptography.fernet import InvalidToken
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from muster_events.webhooks.secrets import SecretBox
from muster_events.webhooks.sending import Outcome, send, signed_headers
from muster_shared import clock
from muster_shared.db import Database
from muster_shared.ids import new_id
from muster_shared.logs import log

# Minutes at first, then hours: about three days in all, as Standard Webhooks advises.
_BACKOFF_SECONDS = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
_THREADS = 8
_PER_WEBHOOK = 3
_CLAIM_SECONDS = 60
_IDLE_SECONDS = 5.0
_KEPT = timedelta(days=30)

# A few of each webhook at a time: a receiver that hangs keeps the others waiting for nothing. The condition is
# looked at again under the row's lock, so two workers never have the same one.
_CLAIM = text(
    """
    UPDATE webhook_deliveries d SET claimed_until = :until, attempts = d.attempts + 1
    FROM webhooks w
    WHERE w.id = d.webhook_id AND d.status = 'pending' AND d.next_attempt_at <= :now
      AND (d.claimed_until IS NULL OR d.claimed_until < :now)
      AND d.id IN (
        SELECT id FROM (
          SELECT id, row_number() OVER (PARTITION BY webhook_id ORDER BY next_attempt_at, id) AS turn
          FROM (
            SELECT id, webhook_id, next_attempt_at FROM webhook_deliveries
            WHERE status = 'pending' AND next_attempt_at <= :now
              AND (claimed_until IS NULL OR claimed_until < :now)
            ORDER BY next_attempt_at LIMIT 1000
          ) due
        ) turns WHERE turn <= :per_webhook LIMIT :rows
      )
    RETURNING d.id, d.webhook_id, d.payload, d.attempts, w.url, w.secret, w.disabled_at
    """
)
_ATTEMPT = text(
    "INSERT INTO webhook_attempts (id, delivery_id, at, milliseconds, status, error)"
    " VALUES (:attempt_id, :id, :now, :milliseconds, :code, :error)"
)
_SETTLE = text(
    "UPDATE webhook_deliveries SET status = :status, next_attempt_at = :next_attempt_at, claimed_until = NULL,"
    " last_status = :code, last_error = :error, delivered_at = coalesce(delivered_at, :delivered_at)"
    " WHERE id = :id"
)
_DISABLE = text(
    "UPDATE webhooks SET disabled_at = :now, disabled_reason = :reason WHERE id = :webhook_id AND disabled_at IS NULL"
)
_FORGET = text(
    "DELETE FROM webhook_deliveries WHERE id IN (SELECT id FROM webhook_deliveries"
    " WHERE status <> 'pending' AND created_at < :before LIMIT 5000)"
)

_log = log(__name__)


class Deliverer:
    """Delivers what is due. `allow_private` lets tests and local trials use addresses at home."""

    def __init__(self, *, database: Database, box: SecretBox, allow_private: bool = False) -> None:
        self._database = database
        self._box = box
        self._allow_private = allow_private

    def run(self, stop: threading.Event, wake: threading.Event) -> None:
        """Goes on until `stop` is set: at each wake, and every few seconds for retries that have come due."""
        with ThreadPoolExecutor(_THREADS, thread_name_prefix="webhook") as pool:
            while not stop.is_set():
                wake.clear()
                try:
                    delivered = self.deliver_due(pool)
                except SQLAlchemyError as error:
                    _log.warning("webhooks_wait_for_database", error=type(error).__name__)
                    delivered = 0
                if not delivered:
                    wake.wait(_IDLE_SECONDS)

    def deliver_due(self, pool: ThreadPoolExecutor | None = None) -> int:
        """Makes one attempt at each of a batch; returns how many."""
        now = clock.now()
        names = {
            "now": now,
            "until": now + timedelta(seconds=_CLAIM_SECONDS),
            "per_webhook": _PER_WEBHOOK,
            "rows": _THREADS,
        }
        with self._database.transaction() as session:
            claimed = session.execute(_CLAIM, names).all()
        list((pool.map if pool else map)(self._attempt, claimed))
        return len(claimed)

    def forget_old(self) -> None:
        """Deletes settled deliveries after a month, with their attempts."""
        with self._database.transaction() as session:
            session.execute(_FORGET, {"before": clock.now() - _KEPT})

    def _attempt(self, row: Any) -> None:
        is_off = row.disabled_at is not None
        self._settle(row, Outcome(None, "the webhook is switched off", 0) if is_off else self._send(row))

    def _send(self, row: Any) -> Outcome:
        try:
            secret = self._box.open(row.secret)
        except InvalidToken:
            _log.error("webhook_secret_unreadable", webhook_id=str(row.webhook_id))
            return Outcome(None, "the signing secret cannot be read", 0)
        body = orjson.dumps(row.payload)
        headers = signed_headers(secret, message_id=row.id, at=clock.now(), body=body)
        return send(row.url, body, headers, allow_private=self._allow_private)

    def _settle(self, row: Any, outcome: Outcome) -> None:
        now = clock.now()
        status, next_attempt_at = "pending", None
        if outcome.is_delivered:
            status = "delivered"
        elif outcome.is_gone or row.disabled_at is not None or row.attempts > len(_BACKOFF_SECONDS):
            status = "failed"
        else:
            wait = max(_BACKOFF_SECONDS[row.attempts - 1], min(outcome.retry_after_seconds or 0, 86_400))
            # Spread, so that those that failed together do not come back together.
            next_attempt_at = now + timedelta(seconds=wait * random.uniform(1.0, 1.2))  # noqa: S311  # no secret
        names = {
            "id": row.id,
            "webhook_id": row.webhook_id,
            "attempt_id": new_id(),
            "now": now,
            "milliseconds": outcome.milliseconds,
            "code": outcome.status,
            "error": outcome.error,
            "status": status,
            "next_attempt_at": next_attempt_at,
            "delivered_at": now if outcome.is_delivered else None,
        }
        with self._database.transaction() as session:
            session.execute(_ATTEMPT, names)
            session.execute(_SETTLE, names)
            if status == "failed" and row.disabled_at is None:
                reason = "the receiver says it is gone" if outcome.is_gone else "no success for three days"
                session.execute(_DISABLE, {**names, "reason": reason})
