"""The library on the engines of compose and production's kin, PostgreSQL 17 and LocalStack, through testcontainers."""

import contextlib
from collections.abc import Iterator

import psycopg2
import pytest
import requests
from sqlalchemy import text
from testcontainers.community.postgres import PostgresContainer
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

from local.catalogue import services
from muster_shared.aws.clients import Clients
from muster_shared.aws.presign import presigned_post
from muster_shared.db import Database
from muster_shared.db.provision import owner_of, provision, role_of
from muster_shared.ids import new_id
from muster_shared.messages.auth import MembershipChanged
from muster_shared.messaging import outbox
from muster_shared.messaging.envelope import decode, message_of
from muster_shared.messaging.queues import QueueUrls, declare, queue_name
from muster_shared.messaging.relay import Relay
from muster_shared.migrate import migrate
from tests.e2e.user import until

pytestmark = [pytest.mark.compose, pytest.mark.xdist_group("engines"), pytest.mark.timeout(600)]

PASSWORD = "test-password"


class Postgres17:
    """A cluster of PostgreSQL 17 with every service's roles and schemas."""

    def __init__(self, container: PostgresContainer) -> None:
        self.host, self.port = container.get_container_host_ip(), container.get_exposed_port(5432)
        dsn = f"host={self.host} port={self.port} user=muster password={PASSWORD} dbname=muster"

        def answers() -> bool | None:
            try:
                psycopg2.connect(dsn, connect_timeout=2).close()
            except psycopg2.OperationalError:
                return None
            return True

        until(answers, what="PostgreSQL", seconds=60)
        with contextlib.closing(psycopg2.connect(dsn)) as connection:
            connection.autocommit = True
            for service in services():
                provision(
                    connection,
                    service=service.name,
                    password=PASSWORD,
                    owner_password=PASSWORD,
                    vaults=service.vaults,
                )

    def url(self, user: str) -> str:
        return f"postgresql+psycopg2://{user}:{PASSWORD}@{self.host}:{self.port}/muster"


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres17]:
    container = PostgresContainer("postgres:17-trixie", username="muster", password=PASSWORD, dbname="muster")
    # Ready is asked of the server itself, above: the words in the log are those of the official image alone.
    container.waiting_for(LogMessageWaitStrategy("database system is ready to accept connections"))
    with container as started:
        yield Postgres17(started)


@pytest.fixture(scope="module")
def aws() -> Iterator[Clients]:
    container = (
        DockerContainer("localstack/localstack:4.14.0")
        .with_env("SERVICES", "s3,sqs,ses,sns,sts")
        .with_env("S3_SKIP_SIGNATURE_VALIDATION", "0")
        .with_exposed_ports(4566)
    )
    with container as started:
        endpoint = f"http://{started.get_container_host_ip()}:{started.get_exposed_port(4566)}"

        def answers() -> bool | None:
            try:
                return requests.get(f"{endpoint}/_localstack/health", timeout=2).ok or None
            except requests.RequestException:
                return None

        until(answers, what="LocalStack", seconds=120)
        yield Clients(endpoint_url=endpoint, region="eu-west-1", credentials=("test", "test"))


@pytest.mark.parametrize("service", [service.name for service in services()])
def test_migrations_apply_and_apply_again_on_17(postgres: Postgres17, service: str) -> None:
    owner = postgres.url(owner_of(service))
    migrate(owner, package=f"muster_{service}")
    assert migrate(owner, package=f"muster_{service}") == []
    database = Database(postgres.url(role_of(service)), pool_size=1)
    with database.read() as connection:
        version = connection.execute(text("SHOW server_version_num")).scalar_one()
        assert connection.execute(text("SELECT count(*) FROM outbox")).scalar_one() == 0
    database.close()
    assert version.startswith("17")


def test_message_reaches_every_queue_that_is_named_for_it(postgres: Postgres17, aws: Clients) -> None:
    migrate(postgres.url(owner_of("auth")), package="muster_auth")
    database = Database(postgres.url(role_of("auth")), pool_size=4)
    consumers = ("events", "notifications", "media")
    declare(aws.sqs, [queue_name("real", consumer) for consumer in consumers])
    message = MembershipChanged(org_id=new_id(), user_id=new_id(), role="owner", version=1)
    with database.transaction() as session:
        outbox.emit(session, message)
    relay = Relay(database=database, sqs=aws.sqs, service="auth", queue_prefix="real")
    assert relay.drain_once() == (1, False)
    assert relay.drain_once() == (0, False)
    urls = QueueUrls(aws.sqs)
    for consumer in consumers:
        answer = aws.sqs.receive_message(QueueUrl=urls.of(queue_name("real", consumer)), WaitTimeSeconds=5)
        bodies = [item["Body"] for item in answer.get("Messages", [])]
        assert [message_of(decode(body)) for body in bodies] == [message]
    database.close()


def test_presigned_post_is_held_to_its_policy(aws: Clients) -> None:
    """LocalStack holds a POST to the policy's conditions but does not check the policy's signature; ministack, in
    embedded mode, does both."""
    aws.s3.create_bucket(Bucket="real", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    upload = presigned_post(aws, bucket="real", key="quarantine/a", content_type="image/png", max_bytes=100)

    def send(changed: dict[str, str], body: bytes) -> int:
        files = {"file": ("a.png", body, "image/png")}
        return requests.post(upload.url, data={**upload.fields, **changed}, files=files, timeout=20).status_code

    assert send({"key": "quarantine/b"}, b"x") == 403
    assert send({}, b"x" * 101) in {400, 403}
    assert send({}, b"x") == 201
