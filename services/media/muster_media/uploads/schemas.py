"""Wire shapes of asking for an upload."""

import re
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field

from muster_media.limits import CONTENT_TYPES, MAX_UPLOAD_BYTES
from muster_media.photos.models import Purpose
from muster_shared.web import Body, Line, UtcTime, View

_SHA256 = re.compile(r"[0-9a-f]{64}\Z")


def _known_type(value: str) -> str:
    if value not in CONTENT_TYPES:
        raise ValueError("must be one of " + ", ".join(CONTENT_TYPES))
    return value


def _digest(value: str) -> str:
    if not _SHA256.match(value):
        raise ValueError("must be a SHA-256 as 64 hexadecimal digits in lower case")
    return value


ContentType = Annotated[str, AfterValidator(_known_type), Field(json_schema_extra={"enum": list(CONTENT_TYPES)})]
Digest = Annotated[str, AfterValidator(_digest), Field(json_schema_extra={"pattern": "^[0-9a-f]{64}$"})]
FileSize = Annotated[int, Field(ge=1, le=MAX_UPLOAD_BYTES)]
FileName = Annotated[Line, Field(min_length=1, max_length=255)]
Method = Literal["POST", "PUT"]


class FileFacts(Body):
    """What every request for an upload says of the file. The name is kept as metadata only."""

    filename: FileName
    content_type: ContentType
    size: FileSize
    sha256: Digest | None = None
    method: Method = "POST"


class RequestUpload(FileFacts):
    """A member's or an integration's request."""

    event_id: UUID
    purpose: Purpose = Purpose.PHOTO


class CrewUploader(Body):
    """The crew member whose link events has checked."""

    type: Literal["crew"]
    name: Annotated[Line, Field(max_length=200)]
    assignment_id: UUID


class RequestCrewUpload(FileFacts):
    """A crew member's request, passed on by events. The same `request_key` gives the same photo again."""

    event_id: UUID
    org_id: UUID
    purpose: Literal["photo", "job_before", "job_after"] = "photo"
    uploaded_by: CrewUploader
    request_key: Annotated[str, Field(min_length=1, max_length=300)]


class RequestGuestUpload(FileFacts):
    """A guest's request."""

    name: Annotated[Line, Field(max_length=100)] | None = None


class UploadTarget(View):
    """How to send the file: `fields` and then the file as a form (POST), or the bytes with `headers` (PUT)."""

    method: Method
    url: str
    fields: dict[str, str]
    headers: dict[str, str]


class PendingPhoto(View):
    """A photo that is still to be sent; a repeated request may find it further on."""

    id: UUID
    status: str = "pending"


class UploadAnswer(View):
    """Send the file before `expires_at`."""

    photo: PendingPhoto
    upload: UploadTarget
    expires_at: UtcTime


class GuestUploadAnswer(UploadAnswer):
    """As `UploadAnswer`, with the receipt by which the guest takes the photo down; it is shown this once."""

    receipt: str
