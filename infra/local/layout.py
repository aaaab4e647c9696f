"""Where a local stack keeps its things, and what its processes find in their environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.catalogue import ROOT, Service

REGION = "eu-west-1"
ACCESS_KEY_ID = "muster-local"
CDN_KEY_ID = "KMUSTERLOCAL"
MAIL_FROM = "Muster <muster@muster.example>"
SITE_BUILD = ROOT / "services" / "dashboard" / "dist"

_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SSL_CERT_FILE", "MUSTER_LOG_LEVEL")
_PASSED_ON_PREFIXES = ("OTEL_",)
# A request may need a second connection while it holds one: with one more than threads, somebody always goes on.
_THREADS = "4"
_API_POOL_SIZE = "5"
# A worker's threads hold a connection for moments, one at a time.
_WORKER_POOL_SIZE = "3"
_GRACEFUL_SECONDS = "5"


@dataclass(frozen=True)
class Home:
    """The directory that holds all data of one embedded stack."""

    root: Path

    @classmethod
    def chosen(cls, environ: Mapping[str, str]) -> "Home":
        """The one its user named, or `.muster` beside the code."""
        return cls(Path(environ.get("MUSTER_HOME") or ROOT / ".muster").expanduser().resolve())

    @property
    def data(self) -> Path:
        """PostgreSQL's data."""
        return self.root / "postgres"

    @property
    def aws(self) -> Path:
        """State and objects of the AWS stand-in."""
        return self.root / "aws"

    @property
    def mails(self) -> Path:
        """Mails that were sent, one file each."""
        return self.root / "mails"

    @property
    def secrets(self) -> Path:
        """Secrets, one directory per process that may read them."""
        return self.root / "secrets"

    @property
    def logs(self) -> Path:
        """One log per process."""
        return self.root / "logs"

    @property
    def nginx(self) -> Path:
        """nginx's prefix: configuration, cache, temporary files."""
        return self.root / "nginx"

    @property
    def lock(self) -> Path:
        """Locked while a stack runs; holds the runner's pid."""
        return self.root / "lock"

    @property
    def demo_mark(self) -> Path:
        """There once the demo data was loaded."""
        return self.root / "demo-loaded"


@dataclass(frozen=True)
class Addresses:
    """Ports of one running stack. Only the first two are chosen by its user."""

    public: int
    media: int
    postgres: int
    aws: int
    edge: int
    smtp: int
    apis: Mapping[str, int]

    @property
    def public_origin(self) -> str:
        """What a browser shows."""
        return f"http://localhost:{self.public}"

    @property
    def media_origin(self) -> str:
        """Where photos come from."""
        return f"http://localhost:{self.media}"

    @property
    def aws_url(self) -> str:
        """The AWS stand-in, from inside."""
        return f"http://127.0.0.1:{self.aws}"


def inherited(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """What of the runner's own environment its children may see."""
    source = os.environ if environ is None else environ
    kept = {name: value for name, value in source.items() if name in _PASSED_ON or name.startswith(_PASSED_ON_PREFIXES)}
    return kept | {"NO_PROXY": "localhost,127.0.0.1", "PYTHONUNBUFFERED": "1"}


def common_environment(addresses: Addresses, aws_secret_key: str) -> dict[str, str]:
    """What every process of the stack is told."""
    return inherited() | {
        "MUSTER_ENV": "local",
        "MUSTER_PUBLIC_ORIGIN": addresses.public_origin,
        "MUSTER_MEDIA_ORIGIN": addresses.media_origin,
        "MUSTER_S3_PUBLIC_ENDPOINT": addresses.media_origin,
        "MUSTER_MAIL_FROM": MAIL_FROM,
        "MUSTER_CDN_KEY_ID": CDN_KEY_ID,
        "AWS_ENDPOINT_URL": addresses.aws_url,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": aws_secret_key,
        "AWS_EC2_METADATA_DISABLED": "true",
        "MUSTER_GRACEFUL_SECONDS": _GRACEFUL_SECONDS,
        "MUSTER_PRELOAD": "0",
        "MUSTER_THREADS": _THREADS,
    }


def service_environment(service: Service, addresses: Addresses, home: Home, aws_secret_key: str) -> dict[str, str]:
    """What the processes of one service are told; secrets are files that they alone read."""
    files = {f"MUSTER_{name.upper()}_FILE": str(home.secrets / service.name / name) for name in service.secrets}
    neighbours = {f"MUSTER_{name.upper()}_URL": f"http://127.0.0.1:{port}" for name, port in addresses.apis.items()}
    return (
        common_environment(addresses, aws_secret_key)
        | files
        | neighbours
        | {
            "MUSTER_SERVICE": service.name,
            "MUSTER_DATABASE_POOL_SIZE": _API_POOL_SIZE,
            "MUSTER_LOCAL_MAILBOX_URL": f"http://127.0.0.1:{addresses.edge}/_local/mails",
        }
    )


def worker_environment(service_environment: Mapping[str, str]) -> dict[str, str]:
    """The same for a service's worker."""
    return {**service_environment, "MUSTER_DATABASE_POOL_SIZE": _WORKER_POOL_SIZE}
