"""Writing and reading an event's money. Who may is decided before this is called."""

from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from muster_events.events import history
from muster_events.events.commands import FinanceFigures
from muster_events.finance import vault
from muster_events.finance.schemas import FeeView, FinanceView
from muster_shared import clock
from muster_shared.auth.principal import Principal

_PUT = text(
    "INSERT INTO events_finance.finances"
    " (event_id, org_id, currency, revenue, fees, captain_fee, internal_memo, updated_by, updated_at)"
    " VALUES (:event_id, :org_id, :currency, :revenue, CAST(:fees AS jsonb), :captain_fee, :internal_memo,"
    " :updated_by, :updated_at)"
    " ON CONFLICT (event_id) DO UPDATE SET currency = excluded.currency, revenue = excluded.revenue,"
    " fees = excluded.fees, captain_fee = excluded.captain_fee, internal_memo = excluded.internal_memo,"
    " updated_by = excluded.updated_by, updated_at = excluded.updated_at, version = finances.version + 1"
    " WHERE finances.org_id = excluded.org_id"
)
_GET = text(
    "SELECT currency, revenue, fees, captain_fee, internal_memo, updated_at FROM events_finance.finances"
    " WHERE event_id = :event_id AND org_id = :org_id"
)
_DELETE = text("DELETE FROM events_finance.finances WHERE event_id = :event_id AND org_id = :org_id")


def put_finance(
    session: Session, *, org_id: UUID, event_id: UUID, actor: Principal, figures: FinanceFigures
) -> FinanceView:
    """Sets all of an event's figures at once."""
    now = clock.now()
    fees = [asdict(fee) for fee in figures.fees]
    values = {
        "event_id": event_id,
        "org_id": org_id,
        "currency": figures.currency,
        "revenue": figures.revenue,
        "fees": orjson.dumps(fees).decode(),
        "captain_fee": figures.captain_fee,
        "internal_memo": figures.internal_memo,
        "updated_by": actor.label,
        "updated_at": now,
    }
    with vault.opened(session):
        session.execute(_PUT, values)
    history.record(session, org_id=org_id, event_id=event_id, actor=actor, action="finance_set")
    return _view({**values, "fees": fees})


def get_finance(session: Session, *, org_id: UUID, event_id: UUID) -> FinanceView | None:
    """The figures, or None while nobody has set any."""
    with vault.opened(session):
        row = session.execute(_GET, {"event_id": event_id, "org_id": org_id}).mappings().first()
    return _view(dict(row)) if row else None


def delete_finance(session: Session, *, org_id: UUID, event_id: UUID) -> None:
    """Forgets the figures of an event that is deleted."""
    with vault.opened(session):
        session.execute(_DELETE, {"event_id": event_id, "org_id": org_id})


def _view(row: dict[str, Any]) -> FinanceView:
    fees = [FeeView(name=fee["name"], amount=fee["amount"]) for fee in row["fees"]]
    updated_at: datetime = row["updated_at"]
    return FinanceView(
        currency=row["currency"],
        revenue=row["revenue"],
        fees=fees,
        captain_fee=row["captain_fee"],
        net=row["revenue"] - sum(fee.amount for fee in fees) - row["captain_fee"],
        internal_memo=row["internal_memo"],
        updated_at=updated_at,
    )
