"""Telling an outage from a mistake, and describing either without repeating what it was about."""

import traceback

# SQS says these when it is busy or broken rather than asked for something wrong.
_BUSY_CODES = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "RequestThrottled",
        "ServiceUnavailable",
        "InternalError",
        "InternalFailure",
    }
)
_SERVER_ERROR = 500


def is_aws_away(error: Exception) -> bool:
    """Whether `error` of the SDK says that AWS cannot be reached or is overloaded."""
    from botocore import exceptions

    if isinstance(error, (exceptions.ConnectionError, exceptions.HTTPClientError)):
        return True
    if not isinstance(error, exceptions.ClientError):
        return False
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status >= _SERVER_ERROR or error.response.get("Error", {}).get("Code") in _BUSY_CODES


def is_queue_missing(error: Exception) -> bool:
    """Whether there is no such queue (yet)."""
    from botocore import exceptions

    if not isinstance(error, exceptions.ClientError):
        return False
    code = str(error.response.get("Error", {}).get("Code"))
    return code.endswith(("NonExistentQueue", "QueueDoesNotExist"))


def describe(error: BaseException) -> dict[str, str]:
    """For logs: the kind of `error` and where it was raised. Its text may hold addresses or bodies."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{frames[-1].filename.rsplit('/', 1)[-1]}:{frames[-1].lineno}" if frames else ""
    ours = next((f for f in reversed(frames) if "muster_" in f.filename), None)
    described = {"error": type(error).__name__, "raised_at": where}
    if ours is not None:
        described["called_from"] = f"{ours.filename.rsplit('/', 1)[-1]}:{ours.lineno}"
    return described
