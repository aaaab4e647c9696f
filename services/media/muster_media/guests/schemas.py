"""Wire shapes of the guest page's calls."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from muster_media.photos.schemas import UploadedBy
from muster_shared.web import Body, Page, PageQuery, Text, UtcTime, View

MAX_RECEIPTS = 100
Receipt = Annotated[str, Field(pattern="^[A-Za-z0-9_-]{20,64}$")]


class UploadLimits(View):
    """What may be uploaded."""

    max_bytes: int
    max_pixels: int
    content_types: list[str]


class AlbumState(View):
    """How far the album is."""

    status: str


class GuestPage(View):
    """What a guest may do now."""

    title: str
    kind: str
    uploads_open: bool
    opens_at: UtcTime | None
    closes_at: UtcTime
    gallery_visible: bool
    reveal_at: UtcTime | None
    moderated: bool
    limits: UploadLimits
    album: AlbumState


class GuestPhotoView(View):
    """A photo as guests see it; `reason` and a status other than ready only of one's own."""

    id: UUID
    status: str
    reason: str | None
    caption: str | None
    purpose: str
    width: int | None
    height: int | None
    uploaded_by: UploadedBy | None
    taken_at: UtcTime | None
    created_at: UtcTime
    thumbnail_url: str | None
    url: str | None
    urls_expire_at: UtcTime | None


GuestPhotoPage = Page[GuestPhotoView]


class GuestPhotoQuery(PageQuery):
    """`receipt`, once or more: one's own photos, whatever became of them, instead of the gallery."""

    receipt: Annotated[list[Receipt], Field(max_length=MAX_RECEIPTS)] = []


class ReportPhoto(Body):
    """Asks for a photo to be looked at."""

    reason: Literal["in_photo", "other"]
    message: Annotated[Text, Field(max_length=1000)] | None = None
