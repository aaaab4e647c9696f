"""Buckets, queues, topic and mail identity of a local stack, with the policies they have on AWS."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from muster_shared.messaging.queues import declare, queue_name, queue_names

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_ses import SESClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

_QUARANTINE = "quarantine/"


@dataclass(frozen=True)
class Names:
    """What the parts are called; see the settings of the same names."""

    public_origin: str
    bucket_site: str
    bucket_uploads: str
    bucket_media: str
    queue_prefix: str
    mail_from: str
    configuration_set: str

    @property
    def topic(self) -> str:
        """The SNS topic that SES reports to."""
        return f"{self.queue_prefix}-ses-events"


def prepare_queues(sqs: "SQSClient", names: Names) -> dict[str, str]:
    """Every working queue with its dead-letter queue and redrive policy. Returns queue name to ARN."""
    return declare(sqs, queue_names(names.queue_prefix))


def _allow_sending(sqs: "SQSClient", queue: str, arn: str, *, service: str, source_arn: str) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": source_arn}},
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})


def prepare_buckets(s3: "S3Client", names: Names, *, region: str) -> None:
    """Three private buckets; guests' browsers may send to the uploads bucket, and only into quarantine."""
    present = {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
    for bucket in (names.bucket_site, names.bucket_uploads, names.bucket_media):
        if bucket not in present:
            s3.create_bucket(
                Bucket=bucket,
                CreateBucketConfiguration={"LocationConstraint": region},  # type: ignore[typeddict-item]
            )
        s3.put_public_access_block(
            Bucket=bucket,
            PublicAccessBlockConfiguration={
                "BlockPublicAcls": True,
                "IgnorePublicAcls": True,
                "BlockPublicPolicy": True,
                "RestrictPublicBuckets": True,
            },
        )
    # The first version of an upload is the one that is verified; a later one cannot replace it unseen.
    s3.put_bucket_versioning(Bucket=names.bucket_uploads, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_cors(
        Bucket=names.bucket_uploads,
        CORSConfiguration={
            "CORSRules": [
                {
                    "AllowedOrigins": [names.public_origin],
                    "AllowedMethods": ["POST", "PUT"],
                    "AllowedHeaders": ["*"],
                    "ExposeHeaders": ["ETag"],
                    "MaxAgeSeconds": 3600,
                }
            ]
        },
    )
    s3.put_bucket_policy(Bucket=names.bucket_uploads, Policy=json.dumps(_uploads_policy(names)))
    s3.put_bucket_lifecycle_configuration(
        Bucket=names.bucket_uploads,
        LifecycleConfiguration={
            "Rules": [
                {
                    "ID": "quarantine",
                    "Status": "Enabled",
                    "Filter": {"Prefix": _QUARANTINE},
                    "Expiration": {"Days": 2},
                    "NoncurrentVersionExpiration": {"NoncurrentDays": 2},
                    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
                }
            ]
        },
    )


def _uploads_policy(names: Names) -> dict[str, Any]:
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "NotResource": f"arn:aws:s3:::{names.bucket_uploads}/{_QUARANTINE}*",
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def connect_uploads(s3: "S3Client", sqs: "SQSClient", names: Names, arns: dict[str, str]) -> None:
    """S3 tells the media worker's queue of every object that arrives in quarantine."""
    queue = queue_name(names.queue_prefix, "media-uploads")
    _allow_sending(
        sqs,
        queue,
        arns[queue],
        service="s3.amazonaws.com",
        source_arn=f"arn:aws:s3:::{names.bucket_uploads}",
    )
    wanted = {
        "Id": _QUARANTINE.rstrip("/"),
        "QueueArn": arns[queue],
        "Events": ["s3:ObjectCreated:*"],
        "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": _QUARANTINE}]}},
    }
    present = s3.get_bucket_notification_configuration(Bucket=names.bucket_uploads)
    # Every change of it makes S3 send a test event, so it is changed only when it differs.
    if [entry["QueueArn"] for entry in present.get("QueueConfigurations", [])] != [arns[queue]]:
        s3.put_bucket_notification_configuration(
            Bucket=names.bucket_uploads,
            NotificationConfiguration={"QueueConfigurations": [wanted]},  # type: ignore[list-item]
        )


def prepare_mail(ses: "SESClient", sns: "SNSClient", sqs: "SQSClient", names: Names, arns: dict[str, str]) -> None:
    """A verified sender whose deliveries, bounces and complaints reach the notifications worker's queue."""
    topic = sns.create_topic(Name=names.topic)["TopicArn"]
    address = names.mail_from.rpartition("<")[2].rstrip(">")
    domain = address.rpartition("@")[2]
    ses.verify_email_identity(EmailAddress=address)
    ses.verify_domain_identity(Domain=domain)
    _prepare_configuration_set(ses, names, topic)
    for kind in ("Delivery", "Bounce", "Complaint"):
        for identity in (address, domain):
            ses.set_identity_notification_topic(
                Identity=identity,
                NotificationType=kind,
                SnsTopic=topic,
            )
    # Subscribed last: SES greets a new event destination with a message that is no event.
    queue = queue_name(names.queue_prefix, "notifications-ses")
    _allow_sending(sqs, queue, arns[queue], service="sns.amazonaws.com", source_arn=topic)
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arns[queue], Attributes={"RawMessageDelivery": "true"})


def _prepare_configuration_set(ses: "SESClient", names: Names, topic: str) -> None:
    name = names.configuration_set
    present = {entry["Name"] for entry in ses.list_configuration_sets().get("ConfigurationSets", [])}
    if name in present:
        return
    ses.create_configuration_set(ConfigurationSet={"Name": name})
    try:
        ses.create_configuration_set_event_destination(
            ConfigurationSetName=name,
            EventDestination={
                "Name": "events",
                "Enabled": True,
                "MatchingEventTypes": ["send", "delivery", "bounce", "complaint", "reject"],
                "SNSDestination": {"TopicARN": topic},
            },
        )
    except ClientError as error:
        # The stand-in without event destinations reports through the identity's topics instead.
        if error.response["Error"]["Code"] not in {"InvalidAction", "UnknownAction", "NotImplemented"}:
            raise
