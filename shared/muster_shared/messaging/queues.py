"""The queues: their names, how each is to be set up, and finding their addresses."""

import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING

import orjson

from muster_shared.messaging.routing import routing

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.literals import QueueAttributeNameType

# Queues that AWS itself writes to: S3's notifications, and SES's events through SNS.
RAW_QUEUES = ("media-uploads", "notifications-ses")

VISIBILITY_SECONDS = 30
RETENTION_SECONDS = 14 * 24 * 3600
# The consumer moves a bad message after five receives and says why. The queue's own rule is only for what the
# consumer never lives to move, and has to leave room for receives that an outage cost a good message.
QUEUE_MAX_RECEIVES = 100


def queue_name(prefix: str, suffix: str) -> str:
    """The queue of a service (`muster-events`) or a raw one (`muster-media-uploads`)."""
    return f"{prefix}-{suffix}"


def dead_letter_name(queue: str) -> str:
    """The dead-letter queue that belongs to `queue`."""
    return f"{queue}-dlq"


def queue_names(prefix: str) -> tuple[str, ...]:
    """Every working queue there has to be, dead-letter queues aside."""
    services = sorted({service for consumers in routing().values() for service in consumers})
    return tuple(queue_name(prefix, suffix) for suffix in (*services, *RAW_QUEUES))


def declare(sqs: "SQSClient", names: Iterable[str]) -> dict[str, str]:
    """Makes each queue and its dead-letter queue, or sets those there are to rights; name to ARN."""
    arns: dict[str, str] = {}
    for name in names:
        dead_letter = dead_letter_name(name)
        arns[dead_letter] = _declare_one(sqs, dead_letter, {})
        policy = {"deadLetterTargetArn": arns[dead_letter], "maxReceiveCount": QUEUE_MAX_RECEIVES}
        arns[name] = _declare_one(sqs, name, {"RedrivePolicy": orjson.dumps(policy).decode()})
    return arns


def _declare_one(sqs: "SQSClient", name: str, extra: "dict[QueueAttributeNameType, str]") -> str:
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    sqs.set_queue_attributes(
        QueueUrl=url,
        Attributes={
            "VisibilityTimeout": str(VISIBILITY_SECONDS),
            "MessageRetentionPeriod": str(RETENTION_SECONDS),
            **extra,
        },
    )
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


class QueueUrls:
    """Queue addresses by name, each asked for once."""

    def __init__(self, sqs: "SQSClient") -> None:
        self._sqs = sqs
        self._lock = threading.Lock()
        self._urls: dict[str, str] = {}

    def of(self, name: str) -> str:
        """The address of queue `name`. Raises botocore's errors when SQS is away or has no such queue."""
        with self._lock:
            known = self._urls.get(name)
        if known is None:
            known = self._sqs.get_queue_url(QueueName=name)["QueueUrl"]
            with self._lock:
                self._urls[name] = known
        return known
