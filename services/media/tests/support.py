"""People, events and uploads for media's tests."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import requests
from flask.testing import FlaskClient
from sqlalchemy import insert, text
from werkzeug.test import TestResponse

from muster_media.gatherings.use_cases import keep_event
from muster_media.photos.models import Photo
from muster_media.processing.notices import arrived_keys
from muster_media.storage.objects import Bucket, Objects
from muster_media.worker import MediaWorker
from muster_shared import clock
from muster_shared.auth.internal import service_token
from muster_shared.aws.clients import Clients
from muster_shared.db import Database
from muster_shared.ids import new_id
from muster_shared.messages.events import EventFacts, PhotoPolicy, VenueFacts
from muster_shared.testing.accounts import add_key, add_member
from muster_shared.testing.tokens import TestIssuer


def make_facts(**values: Any) -> EventFacts:
    """An event whose guest page is open."""
    now = clock.now()
    photos = {
        "uploads_open_at": now - timedelta(days=1),
        "uploads_close_at": now + timedelta(days=1),
        **values.pop("photos", {}),
    }
    given: dict[str, Any] = {
        "event_id": new_id(),
        "org_id": new_id(),
        "version": 1,
        "kind": "charter",
        "status": "published",
        "visibility": "private",
        "title": "Sunset charter",
        "starts_at": now,
        "ends_at": now + timedelta(hours=3),
        "timezone": "Europe/Athens",
        "guest_code": new_id().hex[-10:].upper(),
        "guest_enabled": True,
        "venue": VenueFacts(name="Marina Zeas"),
        "photos": PhotoPolicy(**photos),
        **values,
    }
    return EventFacts(**given)


@dataclass
class Stage:
    """One organisation with its owner (Alice), manager (Bob) and event, and a stranger (Charlie)."""

    database: Database
    client: FlaskClient
    issuer: TestIssuer
    event: EventFacts
    alice: UUID = field(default_factory=new_id)
    bob: UUID = field(default_factory=new_id)
    charlie: UUID = field(default_factory=new_id)

    @property
    def org_id(self) -> UUID:
        return self.event.org_id

    @property
    def owner(self) -> dict[str, str]:
        return self.issuer.headers(self.alice)

    @property
    def stranger(self) -> dict[str, str]:
        return self.issuer.headers(self.charlie)

    @property
    def guest(self) -> str:
        return f"/api/media/guest/{self.event.guest_code}"

    def set_up(self) -> None:
        self.keep(self.event)
        people = [
            (self.org_id, self.alice, "owner"),
            (self.org_id, self.bob, "manager"),
            (new_id(), self.charlie, "owner"),
        ]
        for org_id, user_id, role in people:
            add_member(self.database, org_id, role=role, user_id=user_id)

    def keep(self, event: EventFacts) -> None:
        with self.database.transaction() as session:
            keep_event(session, event)

    def change_event(self, **values: Any) -> None:
        policy = self.event.photos.model_copy(update=values.pop("photos", {})) if self.event.photos else None
        update = {"version": self.event.version + 1, "photos": policy, **values}
        self.event = self.event.model_copy(update=update)
        self.keep(self.event)

    def key(self, *scopes: str, org_id: UUID | None = None) -> dict[str, str]:
        """The headers of a service key with these scopes."""
        return add_key(self.database, org_id or self.org_id, *scopes)

    def ask(self, data: bytes, *, headers: dict[str, str] | None = None, **values: Any) -> TestResponse:
        body = {
            "event_id": str(self.event.event_id),
            "filename": "IMG_0001.jpg",
            "content_type": "image/jpeg",
            "size": len(data),
            **values,
        }
        return self.client.post("/api/media/uploads", json=body, headers=headers or self.owner)

    def ask_as_guest(self, data: bytes, **values: Any) -> TestResponse:
        body = {"filename": "IMG_0001.jpg", "content_type": "image/jpeg", "size": len(data), **values}
        return self.client.post(f"{self.guest}/uploads", json=body)

    def photos(self, headers: dict[str, str] | None = None) -> list[dict[str, Any]]:
        answer = self.client.get(
            f"/api/media/photos?event_id={self.event.event_id}&limit=100", headers=headers or self.owner
        )
        assert answer.status_code == 200, answer.json
        return list(answer.json["items"])

    def photo(self, photo_id: str) -> dict[str, Any]:
        answer = self.client.get(f"/api/media/photos/{photo_id}", headers=self.owner)
        assert answer.status_code == 200, answer.json
        return dict(answer.json)

    def gallery(self, query: str = "") -> list[dict[str, Any]]:
        answer = self.client.get(f"{self.guest}/photos{query}")
        assert answer.status_code == 200, answer.json
        return list(answer.json["items"])

    def row(self, photo_id: str) -> Any:
        with self.database.read() as connection:
            return connection.execute(text("SELECT * FROM photos WHERE id = :id"), {"id": photo_id}).one()

    def messages(self, kind: str = "photo.changed.v1") -> list[dict[str, Any]]:
        with self.database.read() as connection:
            rows = connection.execute(text("SELECT payload FROM outbox WHERE type = :type ORDER BY id"), {"type": kind})
            return [dict(row.payload) for row in rows]

    def execute(self, statement: str, **values: Any) -> None:
        with self.database.transaction() as session:
            session.execute(text(statement), values)

    def count(self, statement: str, **values: Any) -> int:
        with self.database.read() as connection:
            return int(connection.execute(text(statement), values).scalar_one())


@dataclass
class Floor:
    """S3 and the worker's parts; `drain` does what the worker does with S3's messages, in one thread."""

    clients: Clients
    objects: Objects
    worker: MediaWorker
    bucket_uploads: str
    bucket_media: str
    bucket_site: str
    queue_url: str

    def send(self, upload: dict[str, Any], data: bytes) -> requests.Response:
        """Uploads as a browser would."""
        if upload["method"] == "PUT":
            headers = {"Content-Type": upload["headers"]["Content-Type"]}
            return requests.put(upload["url"], data=data, headers=headers, timeout=10)
        return requests.post(upload["url"], data=upload["fields"], files={"file": ("x", data)}, timeout=10)

    def arrivals(self, *, wait_seconds: int = 0) -> list[dict[str, Any]]:
        """The S3 notifications in the queue, taken out of it."""
        import orjson

        bodies: list[dict[str, Any]] = []
        while True:
            answer = self.clients.sqs.receive_message(
                QueueUrl=self.queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=wait_seconds
            )
            messages = answer.get("Messages", [])
            if not messages:
                return bodies
            for message in messages:
                self.clients.sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
                bodies.append(orjson.loads(message["Body"]))

    def drain(self) -> None:
        """Handles what S3 told."""
        for body in self.arrivals():
            for key in arrived_keys(body, bucket=self.bucket_uploads):
                self.worker.pipeline.process(key)

    def keys(self, bucket: Bucket) -> list[str]:
        listed = self.clients.s3.list_objects_v2(Bucket=self.objects.name(bucket))
        return [found["Key"] for found in listed.get("Contents", [])]

    def versions(self) -> int:
        listed = self.clients.s3.list_object_versions(Bucket=self.bucket_uploads)
        return len(listed.get("Versions", [])) + len(listed.get("DeleteMarkers", []))

    def keys_under(self, prefix: str) -> list[str]:
        return [key for key in self.keys(Bucket.MEDIA) if key.startswith(prefix)]

    def run_job(self, name: str) -> None:
        """Runs one of the worker's periodic jobs."""
        (job,) = [job for job in self.worker.spec().jobs if job.name == name]
        job.run()

    def read(self, key: str, bucket: Bucket = Bucket.MEDIA) -> bytes:
        return self.clients.s3.get_object(Bucket=self.objects.name(bucket), Key=key)["Body"].read()


def sent(stage: Stage, floor: Floor, data: bytes, **values: Any) -> str:
    """A photo that lies in quarantine."""
    answer = stage.ask(data, **values)
    assert answer.status_code == 201, answer.json
    assert floor.send(answer.json["upload"], data).status_code == 201
    return str(answer.json["photo"]["id"])


def make_ready(stage: Stage, **values: Any) -> str:
    """A photo written straight into the table, for tests that look at photos and not at how they came."""
    photo_id = new_id()
    given = {
        "id": photo_id,
        "org_id": stage.org_id,
        "event_id": stage.event.event_id,
        "purpose": "photo",
        "status": "ready",
        "hidden_reason": None,
        "name": "IMG_0001.jpg",
        "content_type": "image/jpeg",
        "announced_bytes": 1000,
        "quarantine_key": f"quarantine/{photo_id.hex}",
        "uploader_type": "guest",
        "uploader_name": None,
        "counted_in": [],
        "expires_at": clock.now(),
        "check_at": clock.now(),
        "width": 640,
        "height": 480,
        "size_bytes": 1000,
        "sha256": photo_id.hex * 2,
        "original_key": f"o/{photo_id}/original.jpg",
        "web_key": f"p/{photo_id}/web.jpg",
        "thumbnail_key": f"p/{photo_id}/thumbnail.jpg",
        **values,
    }
    with stage.database.transaction() as session:
        session.execute(insert(Photo).values(**given))
    return str(photo_id)


def key_of(stage: Stage, photo_id: str) -> str:
    """The key of its upload."""
    return str(stage.row(photo_id).quarantine_key)


def ask_as_crew(client: FlaskClient, stage: Stage, *, assignment: str, request_key: str, **values: Any) -> TestResponse:
    """As events asks for a crew member."""
    body = {
        "event_id": str(stage.event.event_id),
        "org_id": str(stage.org_id),
        "purpose": "job_before",
        "filename": "a.jpg",
        "content_type": "image/jpeg",
        "size": 1000,
        "sha256": None,
        "uploaded_by": {"type": "crew", "name": "Kostas", "assignment_id": assignment},
        "request_key": request_key,
        **values,
    }
    token = service_token(secret="test-internal-secret-of-32-characters", service="events")
    return client.post("/internal/uploads", json=body, headers={"Authorization": f"Bearer {token}"})


def at(text_: str) -> datetime:
    """A time of the wire."""
    return datetime.fromisoformat(text_).astimezone(UTC)
