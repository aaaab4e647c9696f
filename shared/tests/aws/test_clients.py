"""The clients: built once, patient within bounds."""

import threading
from typing import Any

from muster_shared.aws.clients import Clients
from muster_shared.testing.aws import AwsStandIn


def test_each_client_is_built_once_when_many_threads_ask(aws_stand_in: AwsStandIn) -> None:
    clients = aws_stand_in.clients()
    seen: list[Any] = []
    threads = [threading.Thread(target=lambda: seen.append(clients.sqs)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(seen) == 8
    assert len({id(client) for client in seen}) == 1


def test_timeouts_and_retries_are_bounded(aws_stand_in: AwsStandIn) -> None:
    clients = aws_stand_in.clients()
    queue: Any = clients.sqs.meta.config
    assert (queue.connect_timeout, queue.read_timeout) == (2, 10)
    assert queue.retries == {"mode": "standard", "total_max_attempts": 3}


def test_buckets_are_in_the_path_only_where_an_endpoint_is_given(aws_stand_in: AwsStandIn, monkeypatch: Any) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    ours = aws_stand_in.clients().s3.generate_presigned_url(
        "get_object", Params={"Bucket": "muster-uploads", "Key": "k"}
    )
    assert ours.startswith(f"{aws_stand_in.endpoint}/muster-uploads/k?")
    aws = Clients(region="eu-west-1", credentials=("a", "b")).s3
    assert aws.generate_presigned_url("get_object", Params={"Bucket": "muster-uploads", "Key": "k"}).startswith(
        "https://muster-uploads.s3.eu-west-1.amazonaws.com/k?"
    )
