"""What the experiments with photos run on: PostgreSQL, S3 and its queue, the media API, and its worker as a process."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import psutil
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask
from sqlalchemy import insert, text

from local import aws as bootstrap
from muster_media.app import build_app
from muster_media.config import MediaSettings
from muster_media.gatherings.use_cases import keep_event
from muster_shared.auth.tables import organizations
from muster_shared.aws.clients import Clients
from muster_shared.db import Database
from muster_shared.messages.events import EventFacts
from muster_shared.testing.aws import AwsStandIn, free_port
from muster_shared.testing.postgres import Databases, running_cluster
from muster_shared.testing.settings import make_settings
from muster_shared.testing.tokens import TestIssuer
from muster_shared.wiring import wire
from services.media.tests.support import make_facts

_ROOT = Path(__file__).resolve().parents[2]
_NAMES = bootstrap.Names(
    public_origin="http://localhost:8080",
    bucket_site="experiment-site",
    bucket_uploads="experiment-uploads",
    bucket_media="experiment-media",
    queue_prefix="experiment",
    mail_from="muster@example.org",
    configuration_set="experiment",
)


@dataclass
class Worker:
    """A worker process, and the most memory it and its decoding process ever held together."""

    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    peak_bytes: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)
    _watcher: threading.Thread | None = None

    def start(self) -> None:
        """Starts it."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "muster_shared.worker", "muster_media"],
            cwd=_ROOT,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._stop.clear()
        self._watcher = threading.Thread(target=self._watch, args=(self.process.pid,), daemon=True)
        self._watcher.start()

    def kill(self) -> None:
        """Ends it as a crash does."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ends it as a deployment does."""
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        process, self.process = self.process, None
        if process is None or self._watcher is None:
            return
        process.send_signal(number)
        process.wait(60)
        self._stop.set()
        self._watcher.join()

    def _watch(self, pid: int) -> None:
        while not self._stop.wait(0.02):
            with contextlib.suppress(psutil.Error):
                root = psutil.Process(pid)
                together = sum(each.memory_info().rss for each in (root, *root.children(recursive=True)))
                self.peak_bytes = max(self.peak_bytes, together)


@dataclass
class MediaStage:
    """The parts, and ways to set them going."""

    database: Database
    clients: Clients
    config: MediaSettings
    app: Flask
    event: EventFacts
    worker: Worker
    issuer: TestIssuer

    @property
    def guest(self) -> str:
        """The path of the guest page's calls."""
        return f"/api/media/guest/{self.event.guest_code}"

    @property
    def queue_url(self) -> str:
        """Where S3 tells of arrivals."""
        return self.clients.sqs.get_queue_url(QueueName=f"{_NAMES.queue_prefix}-media-uploads")["QueueUrl"]

    def ask(self, data: bytes, *, content_type: str = "image/jpeg") -> dict[str, Any]:
        """A guest's request for an upload; the answer's JSON with its `status_code`."""
        body = {"filename": "IMG_0001.jpg", "content_type": content_type, "size": len(data)}
        answer = self.app.test_client().post(f"{self.guest}/uploads", json=body)
        return {**(answer.get_json() or {}), "status_code": answer.status_code}

    def send(self, upload: dict[str, Any], data: bytes) -> int:
        """Uploads as a browser does; the store's status."""
        answer = requests.post(upload["url"], data=upload["fields"], files={"file": ("x", data)}, timeout=20)
        return answer.status_code

    def take_notices(self) -> list[dict[str, Any]]:
        """S3's notifications of arrivals, taken out of the queue."""
        found: list[dict[str, Any]] = []
        while True:
            answer = self.clients.sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10)
            messages = answer.get("Messages", [])
            if not messages:
                return [body for body in found if "Records" in body]
            for message in messages:
                found.append(orjson.loads(message["Body"]))
                self.clients.sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])

    def tell(self, notice: dict[str, Any]) -> None:
        """Puts a notification into the queue."""
        self.clients.sqs.send_message(QueueUrl=self.queue_url, MessageBody=orjson.dumps(notice).decode())

    def rows(self, statement: str) -> list[Any]:
        """What a query gives."""
        with self.database.read() as connection:
            return list(connection.execute(text(statement)))

    def run(self, statement: str) -> None:
        """Runs a statement."""
        with self.database.read() as connection:
            connection.execute(text(statement))

    def keys(self, bucket: str) -> list[str]:
        """Every key of a bucket, of any version."""
        pages = self.clients.s3.get_paginator("list_object_versions").paginate(Bucket=bucket)
        return [version["Key"] for page in pages for version in page.get("Versions", [])]

    def served(self) -> Iterator[tuple[str, bytes]]:
        """Every object of the media bucket that a signed URL may lead to."""
        pages = self.clients.s3.get_paginator("list_objects_v2").paginate(Bucket=self.config.bucket_media)
        for page in pages:
            for found in page.get("Contents", []):
                if not found["Key"].startswith("o/"):
                    answer = self.clients.s3.get_object(Bucket=self.config.bucket_media, Key=found["Key"])
                    yield found["Key"], answer["Body"].read()


@contextlib.contextmanager
def media_stage(*, guest_quota: int = 100_000) -> Iterator[MediaStage]:
    """Sets up the parts with one event, and takes them down. The worker is not started."""
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    with (
        running_cluster() as cluster,
        contextlib.closing(Databases(cluster, worker="experiment")) as databases,
        _stand_in() as stand_in,
    ):
        clients, database = stand_in.clients(), databases.get("media")
        arns = bootstrap.prepare_queues(clients.sqs, _NAMES)
        bootstrap.prepare_buckets(clients.s3, _NAMES, region="eu-west-1")
        bootstrap.connect_uploads(clients.s3, clients.sqs, _NAMES, arns)
        given = {
            "cdn_key_id": "KEXPERIMENT",
            "cdn_private_key": pem,
            "bucket_site": _NAMES.bucket_site,
            "bucket_uploads": _NAMES.bucket_uploads,
            "bucket_media": _NAMES.bucket_media,
            "queue_prefix": _NAMES.queue_prefix,
            "guest_uploads_per_minute": 100_000,
            "guest_reads_per_minute": 100_000,
            "reconcile_seconds": 0.5,
        }
        config = make_settings(MediaSettings, database_url=database.url, **given)
        event = make_facts(photos={"guest_quota": guest_quota})
        with database.transaction() as session:
            keep_event(session, event)
            # Known here, for while nobody can say whether it wants to see guests' photos first, they wait.
            session.execute(insert(organizations).values(id=event.org_id, name="Quay", slug="quay", version=1))
        issuer = TestIssuer()
        app = build_app(config, wire(config, service="media", keys=issuer.keys), clients=clients)
        worker = Worker(_environment(config, given, stand_in))
        try:
            yield MediaStage(database, clients, config, app, event, worker, issuer)
        finally:
            worker.kill()


@contextlib.contextmanager
def _stand_in() -> Iterator[AwsStandIn]:
    stand_in = AwsStandIn(port=free_port())
    stand_in.start()
    try:
        yield stand_in
    finally:
        stand_in.stop()


def _environment(config: MediaSettings, given: dict[str, Any], stand_in: AwsStandIn) -> dict[str, str]:
    return {
        "PATH": os.environ.get("PATH", ""),
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        **stand_in.environment,
        **{f"MUSTER_{name.upper()}": str(value) for name, value in given.items()},
        "MUSTER_ENV": "test",
        "MUSTER_DATABASE_URL": config.database_url,
        "MUSTER_INTERNAL_SECRET": config.internal_secret.get_secret_value(),
        "MUSTER_CACHE_SECRET": config.cache_secret.get_secret_value(),
        "MUSTER_LOG_LEVEL": "ERROR",
    }
