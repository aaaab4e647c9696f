"""Wire shapes of photos for members."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from muster_shared.web import Body, Page, PageQuery, Text, UtcTime, View


class UploadedBy(View):
    """Who sent a photo."""

    type: str
    name: str | None


class PhotoView(View):
    """A photo as members of its organisation see it. URLs are there once it is ready, hidden ones' too."""

    id: UUID
    event_id: UUID
    status: str
    reason: str | None
    hidden_reason: str | None
    name: str
    caption: str | None
    purpose: str
    width: int | None
    height: int | None
    size: int | None
    sha256: str | None
    uploaded_by: UploadedBy
    taken_at: UtcTime | None
    created_at: UtcTime
    thumbnail_url: str | None
    url: str | None
    urls_expire_at: UtcTime | None


PhotoPage = Page[PhotoView]


class PhotoQuery(PageQuery):
    """Which photos."""

    event_id: UUID


class ChangePhoto(Body):
    """What is left out stays as it is; a caption of null is taken away."""

    hidden: bool | None = None
    caption: Annotated[Text, Field(max_length=500)] | None = None
