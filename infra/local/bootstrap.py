"""Brings a fresh PostgreSQL and a fresh AWS stand-in to what the services expect. Safe to run again."""

import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
from botocore.exceptions import ConnectionClosedError, EndpointConnectionError

from local import aws, keys
from local.catalogue import services
from local.database import address, prepare_database
from local.site import publish_site
from muster_shared.aws.clients import Clients

_WAIT_SECONDS = 60.0


@dataclass(frozen=True)
class Plan:
    """What to prepare and where; read from the environment."""

    admin_url: str
    secrets: Path
    site_source: Path | None
    region: str
    names: aws.Names

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "Plan":
        """Raises `KeyError` naming the setting that is missing."""
        source = environ.get("MUSTER_SITE_SOURCE")
        return cls(
            admin_url=_value(environ, "MUSTER_DATABASE_ADMIN_URL"),
            secrets=Path(environ["MUSTER_SECRETS"]),
            site_source=Path(source) if source else None,
            region=environ.get("AWS_REGION", "eu-west-1"),
            names=aws.Names(
                public_origin=environ["MUSTER_PUBLIC_ORIGIN"],
                bucket_site=environ.get("MUSTER_BUCKET_SITE", "muster-site"),
                bucket_uploads=environ.get("MUSTER_BUCKET_UPLOADS", "muster-uploads"),
                bucket_media=environ.get("MUSTER_BUCKET_MEDIA", "muster-media"),
                queue_prefix=environ.get("MUSTER_QUEUE_PREFIX", "muster"),
                mail_from=environ["MUSTER_MAIL_FROM"],
                configuration_set=environ.get("MUSTER_SES_CONFIGURATION_SET", "muster"),
            ),
        )


def _value(environ: Mapping[str, str], name: str) -> str:
    file = environ.get(f"{name}_FILE")
    return Path(file).read_text(encoding="utf-8").strip() if file else environ[name]


def prepare_secrets_and_database(plan: Plan) -> None:
    """Secrets of every service, then the roles that carry their passwords."""
    store = keys.SecretStore(plan.secrets)
    keys.hand_out(store, services(), lambda role, password: address(plan.admin_url, role, password))
    prepare_database(
        plan.admin_url,
        services(),
        lambda role: store.get(keys.SHARED, f"password_{role}", keys.random_secret),
    )


def prepare_aws(plan: Plan) -> None:
    """Queues, buckets, notifications, mail identity; then the dashboard's files."""
    clients = Clients(region=plan.region)
    arns = aws.prepare_queues(clients.sqs, plan.names)
    aws.prepare_buckets(clients.s3, plan.names, region=plan.region)
    aws.connect_uploads(clients.s3, clients.sqs, plan.names, arns)
    aws.prepare_mail(clients.ses, clients.sns, clients.sqs, plan.names, arns)
    if plan.site_source is not None:
        publish_site(clients.s3, plan.names.bucket_site, plan.site_source)


def _until(what: str, deadline: float, work: Any, *errors: type[Exception]) -> None:
    """Repeats `work` while the other side is not up yet. Raises its last error after the deadline."""
    while True:
        try:
            work()
        except errors as error:
            if time.monotonic() > deadline:
                raise SystemExit(f"bootstrap: {what}: {error}") from error
            time.sleep(0.2)
        else:
            return


def main() -> None:
    """`python -m local.bootstrap [database] [aws]`; both without an argument."""
    parts = sys.argv[1:] or ["database", "aws"]
    try:
        plan = Plan.from_environment(os.environ)
    except KeyError as error:
        raise SystemExit(f"bootstrap: {error.args[0]} is not set") from None
    deadline = time.monotonic() + _WAIT_SECONDS
    if "database" in parts:
        _until("database", deadline, lambda: prepare_secrets_and_database(plan), psycopg2.OperationalError)
    if "aws" in parts:
        _until("aws", deadline, lambda: prepare_aws(plan), EndpointConnectionError, ConnectionClosedError)


if __name__ == "__main__":
    main()
