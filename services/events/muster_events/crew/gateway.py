"""Asking media for a place to send a job's photo to. Media holds no secret of crew links: events vouches."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from uuid import UUID

import requests

from muster_events.config import EventsSettings
from muster_shared.auth.internal import service_token
from muster_shared.logs import log
from muster_shared.problems import Conflict, FieldError, Invalid, TooManyRequests, Unavailable

_TIMEOUT_SECONDS = (0.5, 4.0)
_ATTEMPTS = 2
_KNOWN_FIELDS = frozenset({"/filename", "/content_type", "/size", "/sha256", "/purpose"})

_log = log(__name__)


@dataclass(frozen=True)
class UploadWanted:
    """A photo somebody is about to send. The same assignment and `request_key` get the same photo again."""

    event_id: UUID
    org_id: UUID
    assignment_id: UUID
    crew_name: str
    purpose: str
    filename: str
    content_type: str
    size: int
    sha256: str | None
    request_key: str


class MediaRefused(Conflict):
    """Media does not take it: a quota is reached, or the event is not known there."""

    slug, title = "upload-refused", "The photo cannot be taken"


class MediaGateway:
    """Calls to media, made outside of any transaction."""

    def __init__(self, *, base_url: str, secret: str) -> None:
        self._base_url = base_url
        self._secret = secret
        self._session = requests.Session()

    @classmethod
    def of(cls, settings: EventsSettings) -> "MediaGateway":
        """From the service's settings; opens no connection."""
        return cls(base_url=settings.media_url, secret=settings.internal_secret.get_secret_value())

    def ask_upload(self, wanted: UploadWanted) -> dict[str, Any]:
        """`{photo, upload, expires_at}`.

        Raises `Invalid` for what media finds wrong with the file, `MediaRefused`, `TooManyRequests`, and
        `Unavailable` when media does not answer in time.
        """
        body = {
            "event_id": str(wanted.event_id),
            "org_id": str(wanted.org_id),
            "purpose": wanted.purpose,
            "filename": wanted.filename,
            "content_type": wanted.content_type,
            "size": wanted.size,
            "sha256": wanted.sha256,
            "uploaded_by": {
                "type": "crew",
                "name": wanted.crew_name,
                "assignment_id": str(wanted.assignment_id),
            },
            "request_key": wanted.request_key,
        }
        for _attempt in range(_ATTEMPTS):
            try:
                answer = self._session.post(
                    f"{self._base_url}/internal/uploads",
                    json=body,
                    headers={"Authorization": f"Bearer {service_token(secret=self._secret, service='events')}"},
                    timeout=_TIMEOUT_SECONDS,
                )
                found: dict[str, Any] = answer.json()
            except (requests.RequestException, ValueError) as error:
                _log.warning("media_call_failed", error=type(error).__name__)
                continue
            if answer.ok:
                return found
            if answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
                raise _refusal(answer, found)
            _log.warning("media_call_failed", status=answer.status_code)
        raise Unavailable(retry_after_seconds=5)


def _refusal(answer: requests.Response, problem: dict[str, Any]) -> Exception:
    if answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY:
        errors = [
            FieldError(pointer=str(item.get("pointer")), detail=str(item.get("detail")))
            for item in problem.get("errors", [])
            if item.get("pointer") in _KNOWN_FIELDS
        ]
        return Invalid(errors=errors)
    if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        wait = answer.headers.get("Retry-After", "")
        return TooManyRequests(retry_after_seconds=float(wait) if wait.isdigit() else 60)
    if answer.status_code in {HTTPStatus.CONFLICT, HTTPStatus.NOT_FOUND}:
        return MediaRefused()
    return Unavailable(retry_after_seconds=30)
