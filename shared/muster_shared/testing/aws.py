"""The AWS stand-in for tests: one ministack per test process, started when first asked for."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from muster_shared.aws.clients import Clients

ACCESS_KEY = "muster-test"
SECRET_KEY = "muster-test-secret"  # the stand-in's, which the test itself starts
_ROOT = Path(__file__).resolve().parents[3]
_START_SECONDS = 30.0


@dataclass
class AwsStandIn:
    """Where the stand-in listens; `stop` takes it away with all that is in it, `start` brings it back."""

    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs in its environment to use it."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def clients(self) -> Clients:
        """New clients that talk to it."""
        return Clients(endpoint_url=self.endpoint, region="eu-west-1", credentials=(ACCESS_KEY, SECRET_KEY))

    def start(self) -> None:
        """Starts it and waits until it answers."""
        home = tempfile.mkdtemp(prefix="muster-aws-")
        self.process = subprocess.Popen(
            [str(_ROOT / ".venv-aws" / "bin" / "ministack")],
            env={
                "PATH": os.environ.get("PATH", ""),
                "HOME": home,
                "AUTH": "true",
                "GATEWAY_PORT": str(self.port),
                "BIND_HOST": "127.0.0.1",
                "SERVICES": "s3,sqs,ses,sns,sts,iam",
                "SFTP_ENABLED": "0",
                "STATE_DIR": f"{home}/state",
                "S3_DATA_DIR": f"{home}/s3",
                "AWS_ACCESS_KEY_ID": ACCESS_KEY,
                "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            },
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._home = home
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the AWS stand-in did not start; is .venv-aws there? (`make setup`)")
            time.sleep(0.02)

    def stop(self) -> None:
        """Ends it; everything in it is gone."""
        if self.process is None:
            return
        self.process.kill()
        self.process.wait(10)
        self.process = None
        shutil.rmtree(self._home, ignore_errors=True)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.endpoint}/_ministack/health", timeout=1):  # our own
                return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False


def free_port() -> int:
    """A port that nobody listens on just now."""
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def aws_stand_in() -> Iterator[AwsStandIn]:
    """S3, SQS, SES and SNS for this test process; tests keep apart by the names they use."""
    stand_in = AwsStandIn(port=free_port())
    stand_in.start()
    yield stand_in
    stand_in.stop()


@pytest.fixture
def queue_prefix() -> str:
    """A queue prefix of the test's own."""
    return f"t{uuid4().hex[:10]}"
