"""SES, and what its answers mean for a mail: not sent and worth another try, never to be sent, or not known."""

from typing import Protocol

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
)

from muster_shared.aws.clients import Clients
from muster_shared.aws.ses import MailCaller

# https://docs.aws.amazon.com/ses/latest/APIReference/CommonErrors.html and API_SendRawEmail.html
_THROTTLED = frozenset(
    {"Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded", "LimitExceededException"}
)
_PERMANENT = frozenset({"MessageRejected", "InvalidParameterValue", "ValidationError", "InvalidParameterCombination"})
_TOO_MANY, _SERVER_ERROR = 429, 500


class ProviderError(Exception):
    """SES did not take the mail, or nobody knows. `code` is SES's word for it or the error's class."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Throttled(ProviderError):
    """Too fast, or over the day's quota: not sent, later."""


class Retryable(ProviderError):
    """Not sent, and it may well be next time: SES is away, overloaded or set up wrongly."""


class PermanentlyRefused(ProviderError):
    """Not sent, and it never will be."""


class OutcomeUnknown(ProviderError):
    """The call was made and no answer came: the mail may be on its way."""


class Provider(Protocol):
    """Takes a mail and gives its message id. Raises a `ProviderError`."""

    def send(self, *, sender: str, recipient: str, raw: bytes) -> str: ...  # said above


class Ses:
    """SES by its v1 API.

    `configuration_set` is whose events come back; a parameter, for the stand-ins read no header of it.
    """

    def __init__(self, clients: Clients, *, configuration_set: str) -> None:
        self._caller = MailCaller(clients)
        self._configuration_set = configuration_set

    def send(self, *, sender: str, recipient: str, raw: bytes) -> str:
        """See `Provider`."""
        try:
            return self._caller.send_raw_email(
                source=sender, destination=recipient, data=raw, configuration_set=self._configuration_set
            )
        except ClientError as error:
            raise _typed(error) from error
        except (EndpointConnectionError, ConnectTimeoutError, NoCredentialsError, CredentialRetrievalError) as error:
            raise Retryable(type(error).__name__) from error
        except BotoCoreError as error:
            # The request had left, or may have: a read timeout, a connection closed in mid-answer.
            raise OutcomeUnknown(type(error).__name__) from error


def _typed(error: ClientError) -> ProviderError:
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code in _THROTTLED or status == _TOO_MANY:
        return Throttled(code or "429")
    if code in _PERMANENT:
        return PermanentlyRefused(code)
    if status == 0:
        return OutcomeUnknown(code or "no status")
    # Server errors were not accepted. What is left is about the account (a paused account, a missing configuration
    # set, wrong credentials): the mail is sound, so it waits until somebody has put that right.
    return Retryable(code or str(status))
