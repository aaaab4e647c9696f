"""Errors as RFC 9457 problem details, with a stable `type` and never an input value."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

TYPE_BASE = "https://muster.events/problems/"


@dataclass(frozen=True)
class FieldError:
    """One thing wrong with the input: an RFC 6901 JSON pointer (or `?name`, `header name`) and why."""

    pointer: str
    detail: str


class Problem(Exception):
    """An answer that is an error. Services subclass the ones below with a slug of their own."""

    status: ClassVar[int] = 500
    slug: ClassVar[str] = "internal"
    title: ClassVar[str] = "Something went wrong"

    def __init__(
        self,
        detail: str | None = None,
        *,
        code: str | None = None,
        errors: Sequence[FieldError] = (),
        headers: dict[str, str] | None = None,
        extra: dict[str, object] | None = None,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail
        self.code = code or self.slug
        self.errors = tuple(errors)
        self.headers = headers or {}
        self.extra = extra or {}

    def body(self, request_id: str | None = None) -> dict[str, object]:
        """The members of the problem document."""
        members: dict[str, object] = {
            "type": TYPE_BASE + self.code,
            "title": self.title,
            "status": self.status,
        }
        if self.detail:
            members["detail"] = self.detail
        if self.errors:
            members["errors"] = [{"pointer": e.pointer, "detail": e.detail} for e in self.errors]
        if request_id:
            members["request_id"] = request_id
        return {**self.extra, **members}


class Malformed(Problem):
    """400: the request cannot be read at all."""

    status, slug, title = 400, "malformed", "The request cannot be read"


class Unauthenticated(Problem):
    """401: no credential, or one that does not hold."""

    status, slug, title = 401, "unauthenticated", "A valid credential is needed"

    def __init__(self, detail: str | None = None, **rest: object) -> None:
        super().__init__(detail, **rest)  # type: ignore[arg-type]  # forwarded as given
        self.headers = {"WWW-Authenticate": "Bearer", **self.headers}


class Forbidden(Problem):
    """403: known, but not allowed in their own organisation."""

    status, slug, title = 403, "forbidden", "Not allowed"


class NotFound(Problem):
    """404: not there, or not theirs to know of."""

    status, slug, title = 404, "not-found", "Not found"


class MethodNotAllowed(Problem):
    """405, with `Allow`."""

    status, slug, title = 405, "method-not-allowed", "Method not allowed"


class Conflict(Problem):
    """409: the state does not allow it."""

    status, slug, title = 409, "conflict", "Not possible in the present state"


class Gone(Problem):
    """410: it was there and is no more."""

    status, slug, title = 410, "gone", "No longer available"


class PreconditionFailed(Problem):
    """412: `If-Match` names another version."""

    status, slug, title = 412, "precondition-failed", "It was changed in the meantime"


class TooLarge(Problem):
    """413: the body is larger than the route takes."""

    status, slug, title = 413, "too-large", "The request is too large"


class UnsupportedMediaType(Problem):
    """415: the body is of a type the route does not take."""

    status, slug, title = 415, "unsupported-media-type", "Unsupported content type"


class Invalid(Problem):
    """422: read, but wrong; `errors` names each field."""

    status, slug, title = 422, "invalid", "The input is not valid"

    @classmethod
    def field(cls, pointer: str, detail: str) -> "Invalid":
        """One wrong field, by its JSON pointer (`/starts_at`)."""
        return cls(errors=[FieldError(pointer=pointer, detail=detail)])


class PreconditionRequired(Problem):
    """428: the call must say which version it changes (`If-Match`)."""

    status, slug, title = 428, "precondition-required", "If-Match is needed"


class TooManyRequests(Problem):
    """429, with `Retry-After` in whole seconds."""

    status, slug, title = 429, "too-many-requests", "Too many requests"

    def __init__(self, *, retry_after_seconds: float, detail: str | None = None) -> None:
        super().__init__(detail, headers={"Retry-After": str(max(1, round(retry_after_seconds + 0.5)))})


class Unavailable(Problem):
    """503, with `Retry-After` in whole seconds."""

    status, slug, title = 503, "unavailable", "Not available just now"

    def __init__(self, *, retry_after_seconds: float = 5, detail: str | None = None) -> None:
        super().__init__(detail, headers={"Retry-After": str(max(1, round(retry_after_seconds + 0.5)))})
