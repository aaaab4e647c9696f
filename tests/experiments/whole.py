"""All four services in one process: their apps, their workers' parts, real databases, queues and buckets.

What would go over HTTP between services is called in place; what would leave (mails, webhook calls) is kept instead.
"""

import contextlib
import io
import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask

from local import aws as bootstrap
from muster_auth import worker as auth_worker
from muster_auth.app import build_app as build_auth
from muster_auth.config import AuthSettings
from muster_auth.core import Core
from muster_auth.keyring import KeyRing, KeyStatus
from muster_auth.keys import new_entry
from muster_events import worker as events_worker
from muster_events.app import build_app as build_events
from muster_events.config import EventsSettings
from muster_events.webhooks import delivering
from muster_events.webhooks.secrets import SecretBox
from muster_events.webhooks.sending import Outcome
from muster_media.app import build_app as build_media
from muster_media.config import MediaSettings
from muster_media.worker import MediaWorker
from muster_notifications.app import build_app as build_notifications
from muster_notifications.config import NotificationsSettings
from muster_shared import logs
from muster_shared.auth.internal import InternalClient, InternalUnavailable, service_token
from muster_shared.aws.clients import Clients
from muster_shared.db import Database
from muster_shared.messaging.dispatch import Delivery, TypedDispatcher
from muster_shared.messaging.errors import AlreadyHandled
from muster_shared.messaging.queues import QueueUrls, queue_name
from muster_shared.messaging.relay import Relay
from muster_shared.messaging.spec import WorkerSpec
from muster_shared.testing.aws import AwsStandIn, free_port
from muster_shared.testing.postgres import Cluster, Databases
from muster_shared.testing.settings import make_settings
from muster_shared.wiring import wire
from services.auth.tests.people import SECRET, People
from services.notifications.tests.support import Desk, Sent

LINK_SECRET = "experiment-link-secret-of-32-characters"
_NAMES = bootstrap.Names(
    public_origin="http://localhost:8080",
    bucket_site="whole-site",
    bucket_uploads="whole-uploads",
    bucket_media="whole-media",
    queue_prefix="whole",
    mail_from="Muster <no-reply@example.org>",
    configuration_set="whole",
)
_BUCKETS = {name: getattr(_NAMES, name) for name in ("bucket_site", "bucket_uploads", "bucket_media")}
_ROUNDS = 50


class _InPlace(InternalClient):
    """Another service of this process."""

    def __init__(self, app: Flask, *, service: str) -> None:
        super().__init__(base_url="http://127.0.0.1:9", secret=SECRET, service=service)
        self._app = app

    def _call(self, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any] | None:
        token = service_token(secret=SECRET, service=self._service)
        headers = {"Authorization": f"Bearer {token}"}
        answer = self._app.test_client().open(path, method=method, json=body, headers=headers)
        if answer.status_code == 404:
            return None
        if answer.status_code >= 400:
            raise InternalUnavailable(path)
        return dict(answer.get_json())


@dataclass
class Whole:
    """The services, and everything that left one of them."""

    apps: Mapping[str, Flask]
    databases: Mapping[str, Database]
    workers: Mapping[str, WorkerSpec]
    people: People
    clients: Clients
    desk: Desk
    box: SecretBox
    log: io.StringIO
    messages: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)

    @property
    def mails(self) -> list[Sent]:
        """What was handed to SES."""
        return self.desk.provider.sent

    def settle(self) -> None:
        """Passes messages on, sends mails, publishes pages and calls webhooks until there is nothing to do."""
        relays = [
            Relay(database=spec.database, sqs=self.clients.sqs, service=name, queue_prefix=_NAMES.queue_prefix)
            for name, spec in self.workers.items()
        ]
        deliverer = delivering.Deliverer(database=self.databases["events"], box=self.box)
        for _ in range(_ROUNDS):
            done = sum(relay.drain_once()[0] for relay in relays)
            done += sum(self._consume(name, spec) for name, spec in self.workers.items())
            for job in self.workers["events"].jobs:
                job.run()
            if not done + len(self.desk.send()) + deliverer.deliver_due():
                return
        raise AssertionError("messages go round in circles")

    def objects(self) -> Iterator[tuple[str, bytes]]:
        """Every object of every bucket."""
        for bucket in _BUCKETS.values():
            for page in self.clients.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
                for found in page.get("Contents", []):
                    answer = self.clients.s3.get_object(Bucket=bucket, Key=found["Key"])
                    yield f"{bucket}/{found['Key']}", answer["Body"].read()

    def _consume(self, name: str, spec: WorkerSpec) -> int:
        queue = queue_name(_NAMES.queue_prefix, name)
        url, dispatcher, handled = QueueUrls(self.clients.sqs).of(queue), TypedDispatcher(queue, spec.handlers), 0
        while True:
            answer = self.clients.sqs.receive_message(
                QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
            )
            for given in answer.get("Messages", []):
                attributes = given.get("MessageAttributes", {})
                delivery = Delivery(given["MessageId"], given["ReceiptHandle"], given["Body"], attributes, 1)
                with contextlib.suppress(AlreadyHandled):
                    dispatcher.read(delivery).run(spec.database)
                self.clients.sqs.delete_message(QueueUrl=url, ReceiptHandle=given["ReceiptHandle"])
                handled += 1
            if not answer.get("Messages"):
                return handled


@contextlib.contextmanager
def whole(cluster: Cluster) -> Iterator[Whole]:
    """Sets all of it up, with every log line caught, and takes it down."""
    log = io.StringIO()
    with (
        contextlib.closing(Databases(cluster, worker=f"whole-{secrets.token_hex(3)}")) as databases,
        _aws() as clients,
        TemporaryDirectory() as folder,
        contextlib.redirect_stdout(log),
        contextlib.redirect_stderr(log),
    ):
        logs.configure(service="whole", role="api", level="DEBUG")
        made = _made(databases, clients, folder=Path(folder), log=log)

        def note_message(params: Mapping[str, Any], **_: Any) -> None:
            made.messages.append(str(params))

        def note_call(url: str, body: bytes, headers: Mapping[str, str], **_: Any) -> Outcome:
            made.calls.append(f"{url} {headers} {body.decode()}")
            return Outcome(200, None, 1)

        clients.sqs.meta.events.register("provide-client-params.sqs.SendMessageBatch", note_message)
        with mock.patch.object(delivering, "send", note_call), contextlib.closing(made.desk):
            yield made


@contextlib.contextmanager
def _aws() -> Iterator[Clients]:
    stand_in = AwsStandIn(port=free_port())
    stand_in.start()
    try:
        clients = stand_in.clients()
        bootstrap.prepare_queues(clients.sqs, _NAMES)
        bootstrap.prepare_buckets(clients.s3, _NAMES, region="eu-west-1")
        yield clients
    finally:
        stand_in.stop()


def _made(databases: Databases, clients: Clients, *, folder: Path, log: io.StringIO) -> Whole:
    keys_file = folder / "keys.json"
    keys_file.write_text(json.dumps([new_entry(KeyStatus.SIGNING)]))
    ring, pem = KeyRing(keys_file), _pem()
    stores = {name: databases.get(name) for name in ("auth", "events", "notifications", "media")}
    common = {**_BUCKETS, "queue_prefix": _NAMES.queue_prefix}
    auth_settings = make_settings(
        AuthSettings,
        database_url=stores["auth"].url,
        password_pepper="experiment-pepper-of-over-32-characters",
        jwt_keys_file=keys_file,
        bcrypt_cost=4,
        **common,
    )
    auth_wiring = wire(auth_settings, service="auth", keys=ring)
    auth = build_auth(auth_settings, auth_wiring, ring)
    events_settings = make_settings(
        EventsSettings, database_url=stores["events"].url, link_secret=LINK_SECRET, **common
    )
    events_wiring = wire(events_settings, service="events", keys=ring, auth=_InPlace(auth, service="events"))
    events = build_events(events_settings, events_wiring, clients=clients)
    mail_settings = make_settings(
        NotificationsSettings,
        database_url=stores["notifications"].url,
        link_secret=LINK_SECRET,
        mail_from=_NAMES.mail_from,
        **common,
    )
    mail_wiring = wire(mail_settings, service="notifications", keys=ring, auth=_InPlace(auth, service="notifications"))
    desk = Desk(settings=mail_settings, wiring=mail_wiring, database=stores["notifications"])
    media_settings = make_settings(
        MediaSettings, database_url=stores["media"].url, cdn_key_id="KWHOLE", cdn_private_key=pem, **common
    )
    media_wiring = wire(media_settings, service="media", keys=ring, auth=_InPlace(auth, service="media"))
    asked_events = _InPlace(events, service="media")
    core: Core = auth.extensions["muster"].parts[Core]
    return Whole(
        apps={
            "auth": auth,
            "events": events,
            "notifications": build_notifications(mail_settings, mail_wiring),
            "media": build_media(media_settings, media_wiring, clients=clients, events=asked_events),
        },
        databases=stores,
        workers={
            "auth": auth_worker.build_worker(auth_settings, auth_wiring, clients=clients),
            "events": events_worker.build_worker(events_settings, events_wiring, clients=clients),
            "notifications": desk.spec,
            "media": MediaWorker(media_settings, media_wiring, clients).spec(),
        },
        people=People(app=auth, core=core, database=core.database),
        clients=clients,
        desk=desk,
        box=SecretBox(events_settings),
        log=log,
    )


def _pem() -> str:
    return (
        ec.generate_private_key(ec.SECP256R1())
        .private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        .decode()
    )
