"""The media app on a real database, with S3 and its queue from the AWS stand-in."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask
from flask.testing import FlaskClient

from local import aws as bootstrap
from muster_media.app import build_app
from muster_media.config import MediaSettings
from muster_media.worker import MediaWorker
from muster_shared.auth.internal import InternalClient
from muster_shared.db import Database
from muster_shared.testing.aws import AwsStandIn
from muster_shared.testing.postgres import Databases
from muster_shared.testing.settings import make_settings
from muster_shared.testing.tokens import TestIssuer
from muster_shared.wiring import Wiring, wire
from services.media.tests.support import Floor, Stage, make_facts


@pytest.fixture
def database(databases: Databases) -> Database:
    return databases.get("media")


@pytest.fixture(scope="session")
def cdn_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def names(queue_prefix: str) -> bootstrap.Names:
    """Buckets and queues of the test's own."""
    return bootstrap.Names(
        public_origin="http://localhost:8080",
        bucket_site=f"{queue_prefix}-site",
        bucket_uploads=f"{queue_prefix}-uploads",
        bucket_media=f"{queue_prefix}-media",
        queue_prefix=queue_prefix,
        mail_from="muster@example.org",
        configuration_set=queue_prefix,
    )


@pytest.fixture
def make_media_settings(
    database: Database, cdn_key: ec.EllipticCurvePrivateKey, names: bootstrap.Names
) -> Callable[..., MediaSettings]:
    pem = cdn_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()

    def make(**values: Any) -> MediaSettings:
        return make_settings(
            MediaSettings,
            database_url=database.url,
            cdn_key_id="KTEST",
            cdn_private_key=pem,
            bucket_site=names.bucket_site,
            bucket_uploads=names.bucket_uploads,
            bucket_media=names.bucket_media,
            queue_prefix=names.queue_prefix,
            # Tests change events and look at once.
            **{"event_memory_seconds": 0.0, **values},
        )

    return make


@pytest.fixture
def config(make_media_settings: Callable[..., MediaSettings]) -> MediaSettings:
    return make_media_settings()


class NobodyKnows(InternalClient):
    """Another service that has nothing of what is asked; `answers` are what it does have."""

    def __init__(self) -> None:
        super().__init__(base_url="http://127.0.0.1:9", secret="x" * 32, service="media")
        self.answers: dict[str, dict[str, Any]] = {}
        self.asked: list[str] = []

    def get(self, path: str) -> dict[str, Any] | None:
        self.asked.append(path)
        return self.answers.get(path)


@pytest.fixture
def auth() -> NobodyKnows:
    return NobodyKnows()


@pytest.fixture
def events() -> NobodyKnows:
    return NobodyKnows()


@pytest.fixture
def wiring(config: MediaSettings, issuer: TestIssuer, auth: NobodyKnows) -> Wiring:
    return wire(config, service="media", keys=issuer.keys, auth=auth)


@pytest.fixture
def app(config: MediaSettings, wiring: Wiring, aws_stand_in: AwsStandIn, events: NobodyKnows) -> Flask:
    return build_app(config, wiring, clients=aws_stand_in.clients(), events=events)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def stage(database: Database, client: FlaskClient, issuer: TestIssuer) -> Stage:
    made = Stage(database=database, client=client, issuer=issuer, event=make_facts())
    made.set_up()
    return made


@pytest.fixture
def floor(aws_stand_in: AwsStandIn, names: bootstrap.Names, config: MediaSettings, wiring: Wiring) -> Iterator[Floor]:
    clients = aws_stand_in.clients()
    arns = bootstrap.prepare_queues(clients.sqs, names)
    bootstrap.prepare_buckets(clients.s3, names, region="eu-west-1")
    bootstrap.connect_uploads(clients.s3, clients.sqs, names, arns)
    worker = MediaWorker(config, wiring, clients)
    queue = f"{names.queue_prefix}-media-uploads"
    yield Floor(
        clients=clients,
        objects=worker.objects,
        worker=worker,
        bucket_uploads=names.bucket_uploads,
        bucket_media=names.bucket_media,
        bucket_site=names.bucket_site,
        queue_url=clients.sqs.get_queue_url(QueueName=queue)["QueueUrl"],
    )
    worker.decoder.close()
