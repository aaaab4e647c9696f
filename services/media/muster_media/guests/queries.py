"""Looking up what guests name: their receipts, and photos they can see."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

_BY_RECEIPT = text("SELECT id, status FROM photos WHERE event_id = :event_id AND receipt_hash = :hash")
_VISIBLE = text(
    "SELECT id, org_id, reviewed_at FROM photos WHERE id = :id AND event_id = :event_id AND purpose = ANY(:purposes)"
    " AND (status = 'ready' OR hidden_reason = 'reported')"
)


def photo_by_receipt(session: Session | Connection, *, event_id: UUID, receipt_hash: str) -> Row[Any] | None:
    """The photo of a receipt; a deleted one too."""
    return session.execute(_BY_RECEIPT, {"event_id": event_id, "hash": receipt_hash}).first()


def reportable_photo(
    session: Session | Connection, *, event_id: UUID, photo_id: UUID, purposes: list[str]
) -> Row[Any] | None:
    """A photo that a guest of this page sees, or saw until somebody else reported it."""
    values = {"id": photo_id, "event_id": event_id, "purposes": purposes}
    return session.execute(_VISIBLE, values).first()
