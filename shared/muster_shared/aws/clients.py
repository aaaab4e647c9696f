"""Clients for AWS, made on first use, with short timeouts and few retries."""

import threading
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from botocore.credentials import ReadOnlyCredentials
    from mypy_boto3_cloudfront import CloudFrontClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_ses import SESClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

CONNECT_TIMEOUT_SECONDS = 2
READ_TIMEOUT_SECONDS = 10
MAX_ATTEMPTS = 3
DEFAULT_REGION = "eu-west-1"


class Clients:
    """The AWS clients of one process; each is built when first asked for and may be used by any thread.

    Endpoint, region and credentials come from where the SDK looks for them (`AWS_ENDPOINT_URL`,
    `AWS_REGION`, a role or the environment); `endpoint_url` overrides. Use an instance after a fork only in
    the process that made it.
    """

    def __init__(
        self,
        *,
        endpoint_url: str | None = None,
        region: str | None = None,
        credentials: tuple[str, str] | None = None,
        pool_connections: int = 16,
    ) -> None:
        self._endpoint_url = endpoint_url
        self._region = region
        self._credentials = credentials
        self.pool_connections = pool_connections
        # Making a client from a shared session is not thread-safe; using one is.
        self._lock = threading.RLock()
        self._post_urls: dict[tuple[str, str | None], str] = {}

    @cached_property
    def _session(self) -> Any:
        # Botocore itself: the same clients without what boto3 adds, and 4 MB less in every process.
        import botocore.session

        session = botocore.session.get_session()
        if self._credentials is not None:
            session.set_credentials(*self._credentials)
        return session

    def _build(
        self,
        service: str,
        *,
        endpoint: str | None = None,
    ) -> Any:
        from botocore.config import Config

        # "virtual" also makes presigned URLs name the region: the global address answers with a redirect.
        config = Config(
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            read_timeout=READ_TIMEOUT_SECONDS,
            retries={"mode": "standard", "total_max_attempts": MAX_ATTEMPTS},
            max_pool_connections=self.pool_connections,
            signature_version="s3v4" if service == "s3" else None,
            s3={"addressing_style": "path" if self._custom_endpoint(endpoint) else "virtual"},
            # A checksum where the call demands one; the stand-ins do not all know the newer default.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        with self._lock:
            return self._session.create_client(
                service,
                region_name=self._region or _region(),
                endpoint_url=endpoint or self._endpoint_url,
                config=config,
            )

    def _custom_endpoint(self, endpoint: str | None) -> bool:
        import os

        return bool(endpoint or self._endpoint_url or os.environ.get("AWS_ENDPOINT_URL"))

    def _once(self, name: str, **options: Any) -> Any:
        with self._lock:
            made = self.__dict__.get(f"_made_{name}")
            if made is None:
                made = self.__dict__[f"_made_{name}"] = self._build(name.split(":")[0], **options)
            return made

    @property
    def s3(self) -> "S3Client":
        """S3, reached from inside."""
        return cast("S3Client", self._once("s3"))

    def s3_at(self, endpoint: str | None) -> "S3Client":
        """S3 as a browser reaches it, for presigning; `None` is S3's own address."""
        if endpoint is None:
            return self.s3
        return cast("S3Client", self._once(f"s3:{endpoint}", endpoint=endpoint))

    def credentials(self) -> "tuple[ReadOnlyCredentials, str]":
        """The credentials as they are now (a role's are renewed by the SDK), and the region.

        Raises `NoCredentialsError`.
        """
        with self._lock:
            found = self._session.get_credentials()
        if found is None:
            from botocore.exceptions import NoCredentialsError

            raise NoCredentialsError
        return found.get_frozen_credentials(), self._region or _region()

    @property
    def trusted(self) -> str | bool:
        """Whose certificates count: a file's, or the usual ones."""
        return self._session.get_config_variable("ca_bundle") or True

    def post_url(self, bucket: str, *, endpoint: str | None) -> str:
        """Where a browser sends a form for `bucket`; found out once."""
        known = self._post_urls.get((bucket, endpoint))
        if known is None:
            signed = self.s3_at(endpoint).generate_presigned_post(Bucket=bucket, Key="any")
            known = self._post_urls[bucket, endpoint] = str(signed["url"])
        return known

    @property
    def sqs(self) -> "SQSClient":
        """SQS. A long poll has to end well before the read timeout."""
        return cast("SQSClient", self._once("sqs"))

    @property
    def ses(self) -> "SESClient":
        """SES, API v1, for what is set up there; mails go through `aws.ses.MailCaller`."""
        return cast("SESClient", self._once("ses"))

    @property
    def sns(self) -> "SNSClient":
        """SNS."""
        return cast("SNSClient", self._once("sns"))

    @property
    def cloudfront(self) -> "CloudFrontClient":
        """CloudFront's API (invalidations)."""
        return cast("CloudFrontClient", self._once("cloudfront"))


def _region() -> str:
    import os

    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or DEFAULT_REGION
