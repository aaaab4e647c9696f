"""What the crew's tests share: people on a roster, their links, and presses on the call sheet."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from flask.testing import FlaskClient
from sqlalchemy import text, update
from werkzeug.test import TestResponse

from muster_events.crew.models import Assignment
from muster_events.events.models import Event
from muster_shared.auth.links import mint
from muster_shared.db import Database
from services.events.tests.support import LINK_SECRET, MakeEvent, People, messages_of

BROWSER = {
    "User-Agent": "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36",
    "Accept": "text/html,application/xhtml+xml",
    "Accept-Language": "en",
    "Sec-Fetch-Site": "none",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
}
FORM_BROWSER = {**BROWSER, "Sec-Fetch-Site": "same-origin"}


@dataclass
class CrewWorld:
    """The roster and the crews of Alice's organisation, driven through the API."""

    client: FlaskClient
    database: Database
    people: People
    make_event: MakeEvent
    numbers: list[int] = field(default_factory=lambda: [0])

    def member(self, name: str = "", **values: Any) -> dict[str, Any]:
        """Somebody new on the roster."""
        self.numbers[0] += 1
        name = name or f"Crew {self.numbers[0]}"
        body = {
            "org_id": str(self.people.org_id),
            "name": name,
            "email": f"{name.lower().replace(' ', '.')}.{self.numbers[0]}@example.org",
            **values,
        }
        answer = self.client.post("/api/crew", json=body, headers=self.people.alice)
        assert answer.status_code == 201, answer.get_data(as_text=True)
        made: dict[str, Any] = answer.get_json()
        return made

    def event(self, **changes: Any) -> dict[str, Any]:
        """A published charter."""
        return self.make_event(**{"kind": "charter", "title": "Sunset charter", **changes})

    def assign(self, event: dict[str, Any], member: dict[str, Any], **values: Any) -> dict[str, Any]:
        """Puts a member into the event's crew."""
        answer = self.post_assignment(event, member, **values)
        assert answer.status_code == 201, answer.get_data(as_text=True)
        made: dict[str, Any] = answer.get_json()
        return made

    def post_assignment(self, event: dict[str, Any], member: dict[str, Any], **values: Any) -> TestResponse:
        """The bare answer of an assignment."""
        body = {"crew_member_id": member["id"], "role": "Captain", **values}
        return self.client.post(f"/api/events/{event['id']}/assignments", json=body, headers=self.people.alice)

    def assignment(self, given: dict[str, Any]) -> dict[str, Any]:
        """An assignment as the operator sees it now."""
        address = f"/api/events/{given['event_id']}/assignments/{given['id']}"
        answer = self.client.get(address, headers=self.people.alice)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        found: dict[str, Any] = answer.get_json()
        return found

    def patch(self, given: dict[str, Any], **changes: Any) -> TestResponse:
        """A planner's change of an assignment."""
        address = f"/api/events/{given['event_id']}/assignments/{given['id']}"
        return self.client.patch(address, json=changes, headers=self.people.alice)

    def remove(self, given: dict[str, Any]) -> TestResponse:
        """A planner takes somebody off."""
        address = f"/api/events/{given['event_id']}/assignments/{given['id']}"
        return self.client.delete(address, headers=self.people.alice)

    def edit_event(self, event: dict[str, Any], **changes: Any) -> dict[str, Any]:
        """A planner's change of the event."""
        headers = {**self.people.alice, "If-Match": "*"}
        answer = self.client.patch(f"/api/events/{event['id']}", json=changes, headers=headers)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        found: dict[str, Any] = answer.get_json()
        return found

    def row(self, given: dict[str, Any]) -> dict[str, Any]:
        """The row of an assignment, removed or not."""
        with self.database.read() as connection:
            statement = text("SELECT * FROM crew_assignments WHERE id = :id")
            return dict(connection.execute(statement, {"id": given["id"]}).mappings().one())

    def token(self, given: dict[str, Any], *, version: int | None = None, **values: Any) -> str:
        """The link a mail would hold."""
        return mint(
            secret=values.get("secret", LINK_SECRET),
            audience=values.get("audience", "crew-link"),
            subject=UUID(given["id"]),
            version=version or self.row(given)["link_version"],
            expires_at=values.get("expires_at", datetime.now(UTC) + timedelta(days=90)),
        )

    def open(self, token: str, **headers: str) -> TestResponse:
        """A browser's GET of the call sheet."""
        return self.client.get(f"/c/{token}", headers={**BROWSER, **headers})

    def press(self, token: str, action: str, data: dict[str, Any] | None = None, **headers: str) -> TestResponse:
        """A press on the page's form."""
        return self.client.post(f"/c/{token}/{action}", data=data or {}, headers={**FORM_BROWSER, **headers})

    def send(self, token: str, action: str, body: dict[str, Any] | None = None) -> TestResponse:
        """The same as JSON."""
        return self.client.post(f"/c/{token}/{action}", json=body or {})

    def messages(self, kind: str) -> list[dict[str, Any]]:
        """What was told, of one type."""
        return messages_of(self.database, kind)

    def history(self, given: dict[str, Any]) -> list[str]:
        """What happened to an assignment, oldest first."""
        with self.database.read() as connection:
            statement = text("SELECT what FROM crew_history WHERE assignment_id = :id ORDER BY id")
            return list(connection.execute(statement, {"id": given["id"]}).scalars())

    def shift_event(self, event: dict[str, Any], *, starts_in: timedelta, hours: int = 2) -> None:
        """Moves an event in the table alone, as if time had passed."""
        starts_at = datetime.now(UTC) + starts_in
        with self.database.transaction() as session:
            session.execute(
                update(Event)
                .where(Event.id == UUID(event["id"]))
                .values(starts_at=starts_at, ends_at=starts_at + timedelta(hours=hours))
            )

    def set_row(self, given: dict[str, Any], **values: Any) -> None:
        """Writes into an assignment's row, as if time had passed."""
        with self.database.transaction() as session:
            session.execute(update(Assignment).where(Assignment.id == UUID(given["id"])).values(**values))
