"""People who use auth in tests: they register, read their mail, sign in, make organisations."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from muster_auth.actions.use_cases import mint
from muster_auth.core import Core
from muster_shared.auth.internal import service_token
from muster_shared.db import Database

PASSWORD = "lantern-kept-by-the-quay"
SECRET = "test-internal-secret-of-32-characters"


@dataclass
class Person:
    """Somebody signed in."""

    client: FlaskClient
    name: str
    email: str
    id: UUID
    tokens: dict[str, Any]
    password: str = PASSWORD

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens['access_token']}"}

    def get(self, path: str, **rest: Any) -> TestResponse:
        return self.client.get(path, headers=self.headers, **rest)

    def post(self, path: str, body: Any = None, **headers: str) -> TestResponse:
        return self.client.post(path, json={} if body is None else body, headers={**self.headers, **headers})

    def patch(self, path: str, body: Any) -> TestResponse:
        return self.client.patch(path, json=body, headers=self.headers)

    def delete(self, path: str, body: Any = None) -> TestResponse:
        if body is None:
            return self.client.delete(path, headers=self.headers)
        return self.client.delete(path, json=body, headers=self.headers)

    def make_organization(self, name: str = "Quay Charters") -> dict[str, Any]:
        made = self.post("/api/organizations", {"name": name})
        assert made.status_code == 201, made.json
        return dict(made.json or {})


@dataclass
class People:
    """Brings people into being through the API, with the mails they would get."""

    app: Flask
    core: Core
    database: Database
    _count: int = field(default=0)

    def messages(self, kind: str) -> list[dict[str, Any]]:
        """The payloads of the messages of a type that were emitted, oldest first."""
        with self.database.read() as connection:
            rows = connection.execute(
                text("SELECT payload FROM outbox WHERE type = :kind ORDER BY created_at, id"), {"kind": kind}
            )
            return [row.payload for row in rows]

    def mails(self, *, to: str | None = None, template: str | None = None) -> list[dict[str, Any]]:
        """The mails asked for, oldest first."""
        return [
            mail
            for mail in self.messages("mail.requested.v1")
            if (to is None or mail["recipient"] == to) and (template is None or mail["template"] == template)
        ]

    def token_of(self, mail: dict[str, Any]) -> str:
        """The token in a mail's link, minted as notifications does."""
        with self.database.transaction() as session:
            minted = mint(session, UUID(mail["action_id"]))
        assert minted is not None
        return minted.token

    def register(self, email: str, *, name: str = "Ada", password: str = PASSWORD) -> None:
        body = {"name": name, "email": email, "password": password}
        answer = self.app.test_client().post("/api/auth/register", json=body)
        assert answer.status_code == 202, answer.json

    def verify(self, email: str) -> None:
        token = self.token_of(self.mails(to=email, template="verify_email")[-1])
        answer = self.app.test_client().post("/api/auth/verify-email", json={"token": token})
        assert answer.status_code == 204, answer.json

    def sign_in(self, email: str, *, password: str = PASSWORD, otp: str | None = None) -> TestResponse:
        body = {"email": email, "password": password} | ({} if otp is None else {"otp": otp})
        return self.app.test_client().post("/api/auth/login", json=body)

    def new(self, name: str = "Ada", *, email: str | None = None, password: str = PASSWORD) -> Person:
        """Somebody with a confirmed account, signed in."""
        self._count += 1
        address = email or f"{name.lower()}{self._count}@example.test"
        self.register(address, name=name, password=password)
        self.verify(address)
        return self.again(address, name=name, password=password)

    def again(self, email: str, *, name: str = "Ada", password: str = PASSWORD) -> Person:
        """A further session of somebody."""
        answer = self.sign_in(email, password=password)
        assert answer.status_code == 200, answer.json
        client = self.app.test_client()
        tokens = dict(answer.json or {})
        me = client.get("/api/auth/me", headers={"Authorization": f"Bearer {tokens['access_token']}"})
        assert me.status_code == 200, me.json
        found = dict(me.json or {})
        return Person(client=client, name=name, email=email, id=UUID(found["id"]), tokens=tokens, password=password)

    def join(self, owner: Person, org_id: str, *, role: str, name: str = "Max") -> Person:
        """A new person who accepts an invitation of `owner`."""
        person = self.new(name)
        answer = owner.post(f"/api/organizations/{org_id}/invitations", {"email": person.email, "role": role})
        assert answer.status_code == 201, answer.json
        token = self.token_of(self.mails(to=person.email, template="invitation")[-1])
        accepted = person.post(f"/api/organizations/{org_id}/invitations/accept", {"token": token})
        assert accepted.status_code == 200, accepted.json
        return person

    def as_service(self) -> dict[str, str]:
        """The headers of another service of ours."""
        return {"Authorization": f"Bearer {service_token(secret=SECRET, service='events')}"}
