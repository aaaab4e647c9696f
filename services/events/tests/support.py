"""What the tests of the events service share beside fixtures."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from muster_shared.auth.internal import InternalClient
from muster_shared.db import Database

LINK_SECRET = "test-link-secret-of-more-than-32-characters"
MakeKey = Callable[..., dict[str, str]]
MakeEvent = Callable[..., dict[str, Any]]


@dataclass(frozen=True)
class People:
    """Alice owns it, Bob manages it, Charlie is a stranger with an organisation of his own."""

    org_id: UUID
    other_org_id: UUID
    alice_id: UUID
    bob_id: UUID
    charlie_id: UUID
    alice: dict[str, str]
    bob: dict[str, str]
    charlie: dict[str, str]


class AuthKnowsNobody(InternalClient):
    """Auth as it answers of people and organisations that there are none of."""

    def __init__(self) -> None:
        super().__init__(base_url="http://127.0.0.1:9", secret="x" * 32, service="events")

    def get(self, path: str) -> None:
        return None


def in_days(days: float, *, hour: int | None = None) -> datetime:
    """A moment so many days ahead, on the full minute."""
    moment = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(days=days)
    return moment if hour is None else moment.replace(hour=hour, minute=0)


def event_body(**changes: Any) -> dict[str, Any]:
    """A body for POST /api/events; None takes a field out."""
    body = {
        "kind": "meetup",
        "title": "Sunset sailing",
        "starts_at": in_days(30).isoformat(),
        "duration_minutes": 120,
        "timezone": "Europe/Athens",
        "venue": {"type": "in_person", "name": "Marina Zeas", "address": "Akti Moutsopoulou 1, Piraeus"},
        "publish": True,
        **changes,
    }
    return {name: value for name, value in body.items() if value is not None}


def messages_of(database: Database, kind: str) -> list[dict[str, Any]]:
    """The payloads of the outbox's messages of one type, in order."""
    with database.read() as connection:
        rows = connection.execute(text("SELECT payload FROM outbox WHERE type = :kind ORDER BY id"), {"kind": kind})
        return [row.payload for row in rows]
