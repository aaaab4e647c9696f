"""One call of SES's v1 API, SendRawEmail, from the SDK's own parts: its signer, its connections, its errors.

The SDK's client makes the same call at several times the processor time, most of it for what any call of any service
may need; and mails are what Muster sends most of.
"""

import base64
import re
import socket
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ClientError
from botocore.httpsession import URLLib3Session
from botocore.parsers import ResponseParserError

from muster_shared.aws.clients import CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS, Clients

# https://docs.aws.amazon.com/ses/latest/APIReference/API_SendRawEmail.html
_MESSAGE_ID = re.compile(rb"<MessageId>([^<]+)</MessageId>")
_CODE = re.compile(rb"<Code>([^<]+)</Code>")
_FORM = "application/x-www-form-urlencoded; charset=utf-8"


class MailCaller:
    """Calls SES, once for each mail: a second call after a lost answer would be a second mail. Safe between threads."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        meta = clients.ses.meta
        self._url = f"{meta.endpoint_url.rstrip('/')}/"
        self._signing_name = meta.service_model.signing_name
        # The SDK's stubs know less of these than the SDK does.
        options: dict[str, Any] = {
            "verify": clients.trusted,
            "timeout": (CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS),
            "max_pool_connections": clients.pool_connections,
            # As the SDK's client has it. Without, the body waits until the other side has acknowledged the headers,
            # for which that may take 40 ms.
            "socket_options": [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        }
        self._connections = URLLib3Session(**options)

    def send_raw_email(self, *, source: str, destination: str, data: bytes, configuration_set: str) -> str:
        """SES's id of the mail. Raises what the SDK's client would: `ClientError`, or another `BotoCoreError`."""
        credentials, region = self._clients.credentials()
        form = _form(source=source, destination=destination, data=data, configuration_set=configuration_set)
        request = AWSRequest("POST", self._url, {"Content-Type": _FORM, "User-Agent": "muster"}, form)
        SigV4Auth(credentials, self._signing_name, region).add_auth(request)
        answer = self._connections.send(request.prepare())
        body = answer.content
        if answer.status_code == HTTPStatus.OK:
            if found := _MESSAGE_ID.search(body):
                return found[1].decode()
            raise ResponseParserError("SES gave no message id")
        code = found[1].decode(errors="replace") if (found := _CODE.search(body)) else str(answer.status_code)
        # What its callers read of it; the rest of it only the SDK's client fills in.
        said: Any = {"Error": {"Code": code, "Message": ""}, "ResponseMetadata": {"HTTPStatusCode": answer.status_code}}
        raise ClientError(said, "SendRawEmail")


def _form(*, source: str, destination: str, data: bytes, configuration_set: str) -> bytes:
    fields = {
        "Action": "SendRawEmail",
        "Version": "2010-12-01",
        "Source": source,
        "Destinations.member.1": destination,
        "ConfigurationSetName": configuration_set,
    }
    # `urlencode` goes byte by byte, over a millisecond for a mail. Of base64's characters three are to be escaped.
    mail = base64.b64encode(data).replace(b"+", b"%2B").replace(b"/", b"%2F").replace(b"=", b"%3D")
    return urlencode(fields).encode() + b"&RawMessage.Data=" + mail
