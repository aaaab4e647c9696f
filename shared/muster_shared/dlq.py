"""Dead letters for operators: `muster dlq list | show QUEUE | redrive QUEUE`.

Redriving sends a message to the queue it came from and then deletes it here. Interrupted in between, it is sent
again, and the consumer's inbox takes only one: a redriven message has one effect.
"""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from botocore.exceptions import BotoCoreError, ClientError

from muster_shared.aws.clients import Clients
from muster_shared.messaging.failures import is_queue_missing
from muster_shared.messaging.queues import QueueUrls, dead_letter_name, queue_name, queue_names
from muster_shared.messaging.receipts import BURIAL_ATTRIBUTES, ORIGINAL_ID

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

_VISIBILITY_SECONDS = 60
_RECEIVE_LIMIT = 10
# SQS may answer "nothing" while there is something: ask a few times before believing it.
_EMPTY_RECEIVES = 3


@dataclass(frozen=True)
class DeadLetter:
    """One message in a dead-letter queue; the body is left out of what is printed unless asked for."""

    sqs_id: str
    message_id: str
    type: str
    reason: str
    failed_at: str
    receives: str
    request_id: str
    body: str

    @classmethod
    def of(cls, message: "MessageTypeDef") -> "DeadLetter":
        """What is known of a received message, whoever moved it here."""

        attributes: dict[str, Any] = dict(message.get("MessageAttributes", {}))

        def attribute(name: str, default: str = "") -> str:
            return str(attributes.get(name, {}).get("StringValue", default))

        body = message.get("Body", "")
        return cls(
            sqs_id=message["MessageId"],
            message_id=_envelope_id(body) or attribute(ORIGINAL_ID, message["MessageId"]),
            type=attribute("type"),
            reason=attribute("reason", "moved by the queue: it was received too often"),
            failed_at=attribute("failed_at"),
            receives=attribute("receives"),
            request_id=attribute("request_id"),
            body=body,
        )


class DeadLetters:
    """The dead-letter queues of one installation."""

    def __init__(self, sqs: "SQSClient", *, prefix: str) -> None:
        self._sqs = sqs
        self._urls = QueueUrls(sqs)
        self._prefix = prefix

    def depths(self) -> dict[str, tuple[int, int]]:
        """By queue: how many messages wait in it, and how many lie dead (both as SQS estimates them)."""
        return {name: (self._depth(name), self._depth(dead_letter_name(name))) for name in queue_names(self._prefix)}

    def show(self, suffix: str, *, limit: int) -> list[DeadLetter]:
        """Up to `limit` dead letters of a queue, which stay where they are."""
        url = self._urls.of(dead_letter_name(queue_name(self._prefix, suffix)))
        seen: dict[str, MessageTypeDef] = {}
        for message in self._receive(url, limit=limit):
            seen.setdefault(message["MessageId"], message)
        for message in seen.values():
            self._sqs.change_message_visibility(
                QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
            )
        return [DeadLetter.of(message) for message in seen.values()]

    def redrive(self, suffix: str, *, limit: int, only: Sequence[str] = ()) -> int:
        """Sends up to `limit` dead letters back to their queue; how many. `only` picks by message id."""
        source = self._urls.of(dead_letter_name(queue_name(self._prefix, suffix)))
        target = self._urls.of(queue_name(self._prefix, suffix))
        moved, passed_over = 0, []
        for message in self._receive(source, limit=limit if not only else sys.maxsize):
            letter = DeadLetter.of(message)
            if only and not {letter.sqs_id, letter.message_id} & set(only):
                passed_over.append(message)
                continue
            self._sqs.send_message(QueueUrl=target, MessageBody=letter.body, MessageAttributes=_attributes(message))
            self._sqs.delete_message(QueueUrl=source, ReceiptHandle=message["ReceiptHandle"])
            moved += 1
            if moved == limit:
                break
        for message in passed_over:
            self._sqs.change_message_visibility(
                QueueUrl=source, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
            )
        return moved

    def _depth(self, name: str) -> int:
        attributes = self._sqs.get_queue_attributes(
            QueueUrl=self._urls.of(name), AttributeNames=["ApproximateNumberOfMessages"]
        )["Attributes"]
        return int(attributes["ApproximateNumberOfMessages"])

    def _receive(self, url: str, *, limit: int) -> "Iterator[MessageTypeDef]":
        given = empty = 0
        while given < limit and empty < _EMPTY_RECEIVES:
            messages = self._sqs.receive_message(
                QueueUrl=url,
                MaxNumberOfMessages=min(_RECEIVE_LIMIT, limit - given),
                VisibilityTimeout=_VISIBILITY_SECONDS,
                MessageAttributeNames=["All"],
            ).get("Messages", [])
            empty = 0 if messages else empty + 1
            given += len(messages)
            yield from messages


def _envelope_id(body: str) -> str | None:
    try:
        envelope = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    found = envelope.get("id") if isinstance(envelope, dict) else None
    return found if isinstance(found, str) else None


def _attributes(message: "MessageTypeDef") -> dict[str, Any]:
    """The attributes as they were, and the id under which the consumer may already know the message."""
    kept: dict[str, Any] = {
        name: {k: v for k, v in value.items() if k in ("DataType", "StringValue", "BinaryValue")}
        for name, value in message.get("MessageAttributes", {}).items()
        if name not in BURIAL_ATTRIBUTES
    }
    kept.setdefault(ORIGINAL_ID, {"DataType": "String", "StringValue": message["MessageId"]})
    return kept


def main(arguments: Sequence[str], *, letters: DeadLetters | None = None) -> int:
    """The command. `MUSTER_QUEUE_PREFIX` and the SDK's own variables say which installation."""
    parser = argparse.ArgumentParser(prog="muster dlq", description="Dead letters: look at them, send them back.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="every queue: how many wait, how many are dead")
    show = commands.add_parser("show", help="the dead letters of a queue, with their reasons")
    redrive = commands.add_parser("redrive", help="send dead letters back to their queue")
    for command in (show, redrive):
        command.add_argument("queue", help="events, notifications, media, media-uploads, …")
        command.add_argument("--limit", type=int, default=100)
    show.add_argument("--body", action="store_true", help="print bodies too: they hold names and addresses")
    redrive.add_argument("--id", action="append", default=[], help="only this message id (may be repeated)")
    options = parser.parse_args(arguments)
    try:
        letters = letters or DeadLetters(Clients().sqs, prefix=os.environ.get("MUSTER_QUEUE_PREFIX", "muster"))
        _obey(options, letters)
    except (BotoCoreError, ClientError) as error:
        missing = "there is no such queue: `muster dlq list` names them"
        why = missing if is_queue_missing(error) else f"SQS does not answer: {type(error).__name__}"
        sys.stderr.write(f"muster dlq: {why}\n")
        return 1
    return 0


def _obey(options: argparse.Namespace, letters: DeadLetters) -> None:
    if options.command == "list":
        for name, (waiting, dead) in letters.depths().items():
            _print(f"{name}\twaiting {waiting}\tdead {dead}")
    elif options.command == "show":
        for letter in letters.show(options.queue, limit=options.limit):
            _print(
                f"{letter.message_id}\t{letter.type or '-'}\t{letter.failed_at or '-'}\t{letter.reason}"
                f"\trequest {letter.request_id or '-'}"
            )
            if options.body:
                _print(letter.body)
    else:
        moved = letters.redrive(options.queue, limit=options.limit, only=options.id)
        _print(f"{moved} sent back")


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
